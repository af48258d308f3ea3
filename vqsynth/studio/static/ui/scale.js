// The scale of a lane: values, their place between bottom and top, and round numbers between them.

/** @typedef {import("../engine/table.js").Table} Table */

const ROUND = [1, 2, 5];
const ROUND_OCTAVES = [1, 1.5, 2, 3, 4, 5, 7];
/** Loudness is met by gain, whatever the codes have. */
const LOUDNESS = [-60, -6];
const MARGIN = 0.08;

export class Scale {
  /** @param {Table} table @param {string} name */
  constructor(table, name) {
    const { octaves, unit } = table.columns[name];
    this.unit = unit;
    this.octaves = octaves;
    const [low, high] = name === "loudness" ? LOUDNESS : [1, 99].map((p) => table.percentile(name, p));
    const margin = MARGIN * (this._warp(high) - this._warp(low));
    this._bottom = this._warp(low) - margin;
    this._top = this._warp(high) + margin;
    this.middle = table.percentile(name, 50);
    if (name === "loudness") this.middle = -20;
  }

  /** @param {number} value */
  _warp(value) {
    return this.octaves ? Math.log2(value) : value;
  }

  get low() {
    return this.value(0);
  }

  get high() {
    return this.value(1);
  }

  /** @param {number} share 0 at the bottom, 1 at the top; held between them @returns {number} */
  value(share) {
    const warped = this._bottom + Math.min(Math.max(share, 0), 1) * (this._top - this._bottom);
    return this.octaves ? 2 ** warped : warped;
  }

  /** @param {number} value @returns {number} its place, 0 at the bottom, 1 at the top */
  share(value) {
    return (this._warp(value) - this._bottom) / (this._top - this._bottom);
  }

  /** List round values, about so many. @param {number} count @returns {number[]} */
  ticks(count) {
    const [low, high] = [this.low, this.high];
    if (this.octaves && high / low > 3) return listRound(ROUND_OCTAVES).filter((value) => value >= low && value <= high);
    const step = listRound(ROUND).find((size) => (high - low) / size <= count) ?? high - low;
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  }
}

/** @param {number[]} digits @returns {number[]} from a ten thousandth to a million */
const listRound = (digits) => [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => digits.map((digit) => digit * 10 ** power));

/** @param {number} value @param {string} [unit] @returns {string} three digits, or whole from 1000 on */
export function formatValue(value, unit = "") {
  if (Number.isNaN(value)) return "none";
  const digits = Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return unit ? `${digits} ${unit}` : digits;
}
