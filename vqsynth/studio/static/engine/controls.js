// The spectrum of a frame as its controls ask for it: see vqsynth/codes/controls.py, of which this is one frame.

import { BANDS, LOBE, emptySpectrum, roundHalfEven } from "./book.js";

/** @typedef {import("./book.js").Spectrum} Spectrum */
/** @typedef {import("./book.js").Grid} Grid */
/** @typedef {import("./path.js").Control} Control */

const { fround } = Math;
const NEPER = fround(Math.log(10) / 20);

/** Shapes one frame after the other, in memory that is made once. */
export class Shaper {
  /** @param {Grid} grid */
  constructor(grid) {
    this._grid = grid;
    this._raised = emptySpectrum(grid.nBins);
    this._moved = emptySpectrum(grid.nBins);
    this._values = new Float64Array(grid.nBins);
    this._bands = new Float32Array(BANDS);
  }

  /**
   * Raise, transpose and bend the spectrum of a code, and bring its power back.
   * @param {Spectrum} spectrum
   * @param {Control} control
   * @returns {Spectrum} valid until the next call
   */
  shape(spectrum, control) {
    if (!control.tiltDb && !control.cents && !control.fundamentalDb && !control.bent) return spectrum;
    const values = this._values;
    values.set(spectrum.amplitudes);
    const power = sumPower(values);
    let shaped = spectrum;
    if (control.fundamentalDb > 0) shaped = this._raise(shaped, control);
    if (control.cents) shaped = this._transpose(shaped, fround(2 ** (control.cents / 1200)));
    if (control.tiltDb || control.bent) this._bend(control);
    const back = Math.sqrt(power / Math.max(sumPower(values), 1e-20));
    const { amplitudes } = this._moved;
    for (let k = 0; k < values.length; k++) amplitudes[k] = values[k] * back;
    return { ...shaped, amplitudes };
  }

  /** @param {Spectrum} from @param {Control} control @returns {Spectrum} with the bins about the fundamental as a partial */
  _raise(from, { fundamentalHz, fundamentalDb }) {
    const { _grid: grid, _raised: to, _values: values } = this;
    const place = fround((fundamentalHz * grid.nFft) / grid.sr);
    const peak = Math.min(roundHalfEven(place), grid.nBins - 1);
    copySpectrum(from, to);
    const top = Math.min(grid.nBins, Math.floor(place) + LOBE + 2);
    for (let k = Math.max(0, Math.floor(place) - LOBE - 1); k < top; k++) {
      const away = Math.abs(k - place);
      values[k] *= fround(10 ** ((fundamentalDb * Math.min(Math.max(LOBE + 0.5 - away, 0), 1)) / 20));
      if (away > LOBE) continue;
      to.tonal[k] = 1;
      to.frequency[k] = place;
      to.peak[k] = peak;
      to.advance[k] = grid.advance(place, peak, k);
    }
    return to;
  }

  /** @param {Spectrum} from @param {number} ratio @returns {Spectrum} every bin read from where it lay before */
  _transpose(from, ratio) {
    const { _grid: grid, _moved: to, _values: values } = this;
    const last = grid.nBins - 1;
    const before = to.amplitudes; // written over only after the values are brought back to their power
    for (let k = 0; k <= last; k++) before[k] = values[k];
    for (let k = 0; k <= last; k++) {
      const source = fround(k / ratio);
      const inside = source <= last;
      const below = Math.min(Math.floor(source), last - 1);
      const share = Math.min(source - below, 1);
      values[k] = inside ? before[below] + share * fround(before[below + 1] - before[below]) : 0;
      const nearest = Math.min(roundHalfEven(source), last);
      to.frequency[k] = from.frequency[nearest] * ratio;
      to.peak[k] = Math.min(roundHalfEven(to.frequency[k]), last);
      to.advance[k] = grid.advance(to.frequency[k], to.peak[k], k);
      to.tonal[k] = inside ? from.tonal[nearest] : 0;
    }
    return to;
  }

  /** @param {Control} control */
  _bend({ tiltDb, envelopeDb, bent }) {
    const { _grid: grid, _bands: bands, _values: values } = this;
    const tilt = fround(NEPER * fround(tiltDb));
    for (let band = 0; band < BANDS; band++) bands[band] = bent ? NEPER * envelopeDb[band] : 0;
    for (let k = 0; k < values.length; k++) {
      const below = grid.bandBelow[k];
      const step = fround(bands[below + 1] - bands[below]);
      values[k] *= Math.exp(fround(step * grid.bandShare[k]) + bands[below] + tilt * grid.octaves[k]);
    }
  }
}

/** @param {Spectrum} from @param {Spectrum} to */
function copySpectrum(from, to) {
  to.frequency.set(from.frequency);
  to.peak.set(from.peak);
  to.advance.set(from.advance);
  to.tonal.set(from.tonal);
}

/** Take the power of a frame up to a constant: DC and Nyquist count half. @param {Float64Array} values */
function sumPower(values) {
  let sum = -(values[0] ** 2 + values[values.length - 1] ** 2) / 2;
  for (let k = 0; k < values.length; k++) sum += values[k] * values[k];
  return sum;
}
