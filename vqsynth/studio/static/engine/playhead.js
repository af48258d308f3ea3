// What plays, on the audio thread or elsewhere: paths from a frame on, once or round and round; or a code that is held.

import { amplify, hasControls, noControl, readControl } from "./path.js";
import { Voice } from "./voice.js";

/** @typedef {import("./book.js").Book} Book */
/** @typedef {import("./path.js").CodePath} CodePath */
/** @typedef {{ from: number, to: number }} Loop the first frame of a region, and the one after the last */

/** Samples over which sound comes and goes, so that nothing clicks. */
export const RISE = 256;
const FALL = 2048;
/** The frame that sounds where no path plays. */
export const NONE = -1;

export class PlayHead {
  /** @param {Book} book */
  constructor(book) {
    const { hop, lead } = book.grid;
    this._book = book;
    this._hop = new Float32Array(hop);
    this._part = new Float32Array(hop);
    this._used = hop; // samples of the hop that are out already
    this._control = noControl();
    /** @type {Voice[]} */
    this._voices = [];
    /** @type {CodePath[]} */
    this._paths = [];
    /** @type {Loop | null} */
    this._loop = null;
    /** @type {{ code: number, gain: number } | null} */
    this._held = null;
    this._next = 0; // the frame that goes into the voices next
    this._pushed = new Int32Array(lead + 1); // those that went in, the last one at the end: the first one is heard
    this._level = 0;
    this._wanted = 0;
    this._last = 0; // the last sample, of what was cut off
    this._cut = 0; // samples over which it goes to zero
    this.frame = NONE;
  }

  /** Put other paths, layers that sound together, under the play head. @param {CodePath[]} paths */
  swap(paths) {
    this._paths = paths;
    if (!this._voices.length || this._held) return;
    this._voices = paths.map((path, i) => this._voices[i] ?? new Voice(this._book, path));
  }

  /**
   * Play the paths from a frame on.
   * @param {number} from
   * @param {Loop | null} [loop]
   */
  play(from, loop = null) {
    if (!this._paths.length) return;
    const { lead } = this._book.grid;
    this._held = null;
    this._loop = loop;
    this._begin(this._paths.map((path) => new Voice(this._book, path)));
    this._next = from - lead;
    for (let i = 0; i < 2 * lead; i++) this._push(); // what sounds of these lies before the start
  }

  /** Hold a code. @param {number} code @param {number} gain as a factor */
  hold(code, gain) {
    if (!this._held || !this._voices.length) this._begin([new Voice(this._book)]);
    this._held = { code, gain };
    this._wanted = 1;
    this.frame = NONE;
  }

  stop() {
    this._wanted = 0;
  }

  /** Write the next samples. @param {Float32Array} out @returns {boolean} whether anything sounds */
  fill(out) {
    for (let i = 0; i < out.length; i++) {
      out[i] = (this._cut > 0 ? (this._last * this._cut--) / RISE : 0) + this._sample();
    }
    if (this._voices.length && this._cut === 0) this._last = out[out.length - 1];
    return this._voices.length > 0 || this._cut > 0;
  }

  /** @param {Voice[]} voices */
  _begin(voices) {
    if (this._voices.length) this._cut = RISE;
    this._voices = voices;
    this._used = this._hop.length;
    this._level = 0;
    this._wanted = 1;
  }

  _sample() {
    if (!this._voices.length) return 0;
    if (this._used === this._hop.length) this._pull();
    const step = this._wanted ? 1 / RISE : -1 / FALL;
    const level = this._level;
    this._level = Math.min(Math.max(level + step, 0), 1);
    if (this._level === 0) this._end();
    return this._hop[this._used++] * level;
  }

  _end() {
    this._voices = [];
    this._held = null;
    this._last = 0;
    this.frame = NONE;
  }

  /** Make the next hop of samples, and find the frame that it belongs to. */
  _pull() {
    this._push();
    this._used = 0;
    if (this._held) return;
    this.frame = this._pushed[0];
    if (this.frame >= this._paths[0].codes.length) this.stop();
  }

  /** Let every voice play a frame. */
  _push() {
    this._hop.fill(0);
    this._voices.forEach((voice, i) => {
      if (this._held) voice.push(this._held.code, this._held.gain, null, this._part, 0);
      else this._pushFrame(voice, this._paths[i]);
      for (let n = 0; n < this._part.length; n++) this._hop[n] += this._part[n];
    });
    this._pushed.copyWithin(0, 1);
    this._pushed[this._pushed.length - 1] = this._next++;
    if (this._loop && this._next >= this._loop.to) this._next = this._loop.from;
  }

  /** @param {Voice} voice @param {CodePath} path */
  _pushFrame(voice, path) {
    const t = Math.min(Math.max(this._next, 0), path.codes.length - 1);
    const controlled = hasControls(path);
    if (controlled) readControl(path, t, this._control);
    voice.push(path.codes[t], amplify(path.gain_db[t]), controlled ? this._control : null, this._part, 0);
  }
}
