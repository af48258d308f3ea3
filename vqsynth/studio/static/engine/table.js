// The descriptor table: what each code sounds like, and the scale on which values are compared.

/**
 * A table as it is sent. A list by descriptor holds a number for each code, null where none is known.
 * @typedef {object} SentTable
 * @property {string[]} names
 * @property {string[]} units
 * @property {("octave" | "linear")[]} scales
 * @property {number[]} spreads
 * @property {(number | null)[][]} ends
 * @property {number[]} counts
 * @property {(number | null)[][]} values
 * @property {(number | null)[][] | null} deviations
 * @property {(number | null)[] | null} fundamentals
 */

/**
 * A descriptor.
 * @typedef {object} Column
 * @property {string} unit
 * @property {boolean} octaves whether values are compared as log2
 * @property {number} spread
 * @property {number[]} ends the lowest and the highest value within reach, NaN where no code has one
 * @property {Float32Array} values in the descriptor's unit, NaN where unusable
 * @property {Float64Array} scaled the same on the scale on which distances are compared
 * @property {Float32Array} doubts penalties of codes that are unreliable, as squared distances
 */

const { fround } = Math;
const WEAKNESS_DOUBT = fround(0.003);
const UNSTEADY_DOUBT = 2;

export class Table {
  /** @param {SentTable} sent */
  constructor(sent) {
    this.names = sent.names;
    this.counts = sent.counts;
    this.size = sent.counts.length;
    /** @type {Record<string, Column>} */
    this.columns = {};
    sent.names.forEach((name, i) => {
      const octaves = sent.scales[i] === "octave";
      const values = readRow(sent.values[i]);
      const spread = sent.spreads[i];
      const scaled = Float64Array.from(values, (value) => toScale(value, octaves) / spread);
      const ends = sent.ends[i].map((end) => end ?? NaN);
      const doubts = new Float32Array(this.size);
      this.columns[name] = { unit: sent.units[i], octaves, spread, ends, values, scaled, doubts };
    });
    this._doubt(sent);
  }

  /** @param {SentTable} sent */
  _doubt({ deviations, fundamentals }) {
    this.names.forEach((name, i) => {
      const { doubts, spread } = this.columns[name];
      if (name === "pitch") this._doubtPitch(doubts, fundamentals);
      else if (deviations) {
        readRow(deviations[i]).forEach((deviation, k) => {
          const share = fround(fround(UNSTEADY_DOUBT * deviation) / fround(spread));
          doubts[k] = share * share;
        });
      }
    });
  }

  /** @param {Float32Array} doubts @param {(number | null)[] | null} fundamentals */
  _doubtPitch(doubts, fundamentals) {
    const sure = this.columns.pitch_confidence?.values;
    for (let k = 0; k < this.size; k++) {
      const unsure = sure ? fround(1 - sure[k]) : 0;
      const weak = fround(WEAKNESS_DOUBT * fround(fundamentals?.[k] ?? 0));
      doubts[k] = fround(unsure * unsure) + fround(weak * weak);
    }
  }

  /** @param {string} name @param {number} value in the descriptor's unit @returns {number} on the scale of distances */
  rescale(name, value) {
    const { octaves, spread } = this.columns[name];
    return toScale(value, octaves) / spread;
  }

  /** @param {string} name @param {number} p 0 to 100 @returns {number} as numpy.percentile of the usable values */
  percentile(name, p) {
    const known = this.columns[name].values.filter((value) => !Number.isNaN(value)).sort();
    const at = ((known.length - 1) * p) / 100;
    const below = Math.floor(at);
    const above = Math.min(below + 1, known.length - 1);
    return known[below] + (at - below) * (known[above] - known[below]);
  }
}

/** @param {(number | null)[]} row @returns {Float32Array} */
const readRow = (row) => Float32Array.from(row, (value) => value ?? NaN);

/** @param {number} value @param {boolean} octaves */
const toScale = (value, octaves) => (octaves ? (value > 0 ? Math.log2(value) : NaN) : value);
