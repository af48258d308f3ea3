// A voice: a code, a gain and controls go in with every frame, and a hop of sound comes out, half a window later.
//
// Partials continue their phases from frame to frame, and everything between them is noise: vqsynth's excitation
// "coherent"; or all is noise, its "noise".

import { RealTransform } from "./fft.js";
import { Generator } from "./random.js";
import { Shaper } from "./controls.js";

/** @typedef {import("./book.js").Book} Book */
/** @typedef {import("./book.js").Spectrum} Spectrum */
/** @typedef {import("./path.js").Control} Control */

const { fround } = Math;
const TURN = fround(2 * Math.PI);

export class Voice {
  /**
   * @param {Book} book
   * @param {{ seed?: number, excitation?: string }} [options]
   */
  constructor(book, { seed = 0, excitation = "coherent" } = {}) {
    const { nFft, nBins, hop, window, windowPower } = book.grid;
    this._book = book;
    this._coherent = excitation === "coherent";
    this._rng = new Generator(seed);
    this._phase = new Float32Array(nBins);
    this._nextPhase = new Float32Array(nBins);
    if (this._coherent) for (let k = 0; k < nBins; k++) this._phase[k] = 2 * Math.PI * this._rng.double();
    const root = fround(Math.sqrt(windowPower));
    const share = fround(hop / windowPower);
    this._noiseWindow = window.map((w) => w / root);
    this._addWindow = window.map((w) => w * share);
    this._noise = new Float32Array(nFft); // the last samples of an endless noise
    for (let i = hop; i < nFft; i++) this._noise[i] = this._rng.normal();
    this._sum = new Float32Array(nFft);
    this._transform = new RealTransform(nFft);
    this._samples = new Float64Array(nFft);
    this._bins = { re: new Float64Array(nBins), im: new Float64Array(nBins) };
    this._shaper = new Shaper(book.grid);
  }

  /**
   * Play a frame.
   * @param {number} code
   * @param {number} gain as a factor
   * @param {Control | null} control
   * @param {Float32Array} out written, hop samples that no later frame can change
   * @param {number} at where in `out`
   */
  push(code, gain, control, out, at) {
    const { nFft, hop } = this._book.grid;
    const { _samples: samples, _sum: sum, _addWindow: window } = this;
    const spectrum = this._book.spectrum(code);
    this._drawNoise();
    this._excite(control ? this._shaper.shape(spectrum, control) : spectrum);
    this._transform.inverse(this._bins, samples);
    for (let i = 0; i < nFft; i++) sum[i] += fround(fround(samples[i]) * gain) * window[i];
    for (let i = 0; i < hop; i++) out[at + i] = sum[i];
    sum.copyWithin(0, hop);
    sum.fill(0, nFft - hop);
  }

  /** Transform the next frame of noise, of unit mean power. */
  _drawNoise() {
    const { nFft, hop } = this._book.grid;
    const { _noise: noise, _samples: samples, _noiseWindow: window, _rng: rng } = this;
    noise.copyWithin(0, hop);
    for (let i = nFft - hop; i < nFft; i++) noise[i] = rng.normal();
    for (let i = 0; i < nFft; i++) samples[i] = fround(noise[i] * window[i]);
    this._transform.forward(samples, this._bins);
  }

  /** Give a spectrum its phases. @param {Spectrum} spectrum */
  _excite({ amplitudes, peak, advance, tonal }) {
    const { re, im } = this._bins;
    const { _phase: phase, _nextPhase: next, _coherent: coherent } = this;
    for (let k = 0; k < amplitudes.length; k++) {
      const amplitude = amplitudes[k];
      let turned = 0;
      if (coherent) {
        turned = fround(phase[peak[k]] + advance[k]);
        next[k] = turned = fround(turned - fround(TURN * Math.floor(fround(turned / TURN))));
      }
      if (coherent && tonal[k]) {
        re[k] = amplitude * Math.cos(turned);
        im[k] = amplitude * Math.sin(turned);
      } else {
        re[k] *= amplitude;
        im[k] *= amplitude;
      }
    }
    this._phase = next;
    this._nextPhase = phase;
  }
}
