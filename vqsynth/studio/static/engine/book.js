// A codebook as it was sent (see vqsynth/studio/sending.py), and what a voice looks up of each code.

/**
 * @typedef {object} Card
 * @property {string} name
 * @property {string} sha256
 * @property {number} sr
 * @property {number} n_fft
 * @property {number} hop_length
 * @property {number} codes
 */

/**
 * What a voice knows of a spectrum: a number for each bin.
 * @typedef {object} Spectrum
 * @property {Float32Array} amplitudes in units of the transform of a windowed frame of a sound of RMS 1
 * @property {Float32Array} frequency of the partial that the bin belongs to, in bins
 * @property {Int16Array} peak the bin in which that partial peaks
 * @property {Float32Array} advance of the phase over a hop, in radians
 * @property {Uint8Array} tonal 1 where the bin sounds with this phase, 0 where it is noise
 */

const { fround } = Math;
const TURN = fround(2 * Math.PI);
const HALF_TURN = fround(Math.PI);
/** How many bins to either side of a peak the main lobe of a Hann window covers. */
export const LOBE = 2;
export const BANDS = 24;
const LOWEST_BAND_HZ = 60;
const WARP_HZ = 200;
const LOWEST_OCTAVE_HZ = 50;

/** @param {number} half a float16 as 16 bits */
export function readHalf(half) {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return half & 0x8000 ? -size : size;
}

/** Sample rate, window and hop, and what follows of them for each bin. */
export class Grid {
  /** @param {Card} card */
  constructor(card) {
    this.sr = card.sr;
    this.nFft = card.n_fft;
    this.hop = card.hop_length;
    this.nBins = this.nFft / 2 + 1;
    /** Frames of half a window: by so many the sound is behind the frames. */
    this.lead = this.nFft / (2 * this.hop);
    this.hopShare = fround(this.hop / this.nFft);
    this.window = Float32Array.from({ length: this.nFft }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / this.nFft));
    this.windowPower = this.window.reduce((sum, w) => sum + w * w, 0);
    const hz = Float32Array.from({ length: this.nBins }, (_, k) => k * (this.sr / this.nFft));
    /** Octaves of each bin over 1 kHz, level under 50 Hz. */
    this.octaves = hz.map((f) => Math.log2(Math.max(f, LOWEST_OCTAVE_HZ) / 1000));
    const places = Float64Array.from(hz, (f) => placeOnBands(f, this.sr));
    /** The band under each bin, and how far the bin is on the way to the next. */
    this.bandBelow = Uint8Array.from(places, (place) => Math.min(Math.floor(place), BANDS - 2));
    this.bandShare = Float32Array.from(places, (place, k) => place - this.bandBelow[k]);
  }

  /** @param {number} seconds @returns {number} samples, a half rounded to even as Python does */
  samples(seconds) {
    return roundHalfEven(seconds * this.sr);
  }

  /** @param {number} nSamples */
  count(nSamples) {
    return 1 + Math.floor(nSamples / this.hop);
  }

  /**
   * Tell by how much the phase of a bin advances over a hop, from the phase that its peak had.
   * @param {number} frequency @param {number} peak @param {number} bin
   */
  advance(frequency, peak, bin) {
    const turns = fround(frequency * this.hopShare);
    const whole = fround(TURN * fround(turns - Math.floor(turns)));
    return (bin - peak) & 1 ? fround(whole + HALF_TURN) : whole;
  }
}

/** @param {number} hz @param {number} sr @returns {number} 0 to 23, evenly over ln(1 + f / 200 Hz) from 60 Hz on */
function placeOnBands(hz, sr) {
  const low = Math.log1p(LOWEST_BAND_HZ / WARP_HZ);
  const high = Math.log1p(sr / 2 / WARP_HZ);
  const share = (Math.log1p(hz / WARP_HZ) - low) / (high - low);
  return (BANDS - 1) * Math.min(Math.max(share, 0), 1);
}

/** @param {number} value @returns {number} */
export function roundHalfEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The spectra of the codes, each made when it is first asked for. */
export class Book {
  /**
   * @param {Card} card
   * @param {ArrayBuffer} grains
   * @param {ArrayBuffer} partials
   */
  constructor(card, grains, partials) {
    this.card = card;
    this.grid = new Grid(card);
    this.size = card.codes;
    this._grains = new Uint16Array(grains);
    this._scale = fround(Math.sqrt(this.grid.nFft * this.grid.windowPower));
    this._peaks = readPeaks(partials, this.size);
    /** @type {Spectrum[]} */
    this._made = new Array(this.size);
  }

  /** @param {number} code @returns {Spectrum} not to be written to */
  spectrum(code) {
    return (this._made[code] ??= this._make(code));
  }

  /** @param {number} code @returns {Spectrum} */
  _make(code) {
    const { grid } = this;
    const { nBins } = grid;
    const made = emptySpectrum(nBins);
    const grain = this._grains.subarray(code * nBins, (code + 1) * nBins);
    for (let k = 0; k < nBins; k++) made.amplitudes[k] = readHalf(grain[k]) * this._scale;
    const { starts, frequency, peak, first, tonal } = this._peaks;
    for (let p = starts[code]; p < starts[code + 1]; p++) {
      const end = p + 1 < starts[code + 1] ? first[p + 1] : nBins;
      for (let k = first[p]; k < end; k++) {
        made.frequency[k] = frequency[p];
        made.peak[k] = peak[p];
        made.tonal[k] = tonal[p] && Math.abs(k - peak[p]) <= LOBE ? 1 : 0;
      }
    }
    for (let k = 0; k < nBins; k++) made.advance[k] = grid.advance(made.frequency[k], made.peak[k], k);
    return made;
  }
}

/** @param {number} nBins @returns {Spectrum} */
export function emptySpectrum(nBins) {
  return {
    amplitudes: new Float32Array(nBins),
    frequency: new Float32Array(nBins),
    peak: new Int16Array(nBins),
    advance: new Float32Array(nBins),
    tonal: new Uint8Array(nBins),
  };
}

/** @param {ArrayBuffer} sent @param {number} size */
function readPeaks(sent, size) {
  const counts = new Uint32Array(sent, 0, size);
  const starts = new Uint32Array(size + 1);
  for (let code = 0; code < size; code++) starts[code + 1] = starts[code] + counts[code];
  const n = starts[size];
  const at = 4 * size;
  return {
    starts,
    frequency: new Float32Array(sent, at, n),
    peak: new Int16Array(sent, at + 4 * n, n),
    first: new Int16Array(sent, at + 6 * n, n),
    tonal: new Uint8Array(sent, at + 8 * n, n),
  };
}
