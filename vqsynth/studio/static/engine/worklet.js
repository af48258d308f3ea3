// The audio thread: plays paths and held codes, and tells which frame sounds.
//
// In:  load (card, grains, partials), swap (paths), play (from, loop), hold (code, gain), stop
// Out: loaded, frame

import { Book } from "./book.js";
import { NONE, PlayHead } from "./playhead.js";

/** @typedef {import("./book.js").Card} Card */
/** @typedef {import("./path.js").CodePath} CodePath */

/**
 * @typedef {{ do: "load", card: Card, grains: ArrayBuffer, partials: ArrayBuffer }
 *   | { do: "swap", paths: CodePath[] }
 *   | { do: "play", from: number, loop?: import("./playhead.js").Loop | null }
 *   | { do: "hold", code: number, gain: number }
 *   | { do: "stop" }} Message
 */

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {PlayHead | null} */
    this._head = null;
    this._told = NONE;
    this.port.onmessage = ({ data }) => this._answer(data);
  }

  /** @param {Message} message */
  _answer(message) {
    if (message.do === "load") {
      this._head = new PlayHead(new Book(message.card, message.grains, message.partials));
      this.port.postMessage({ loaded: message.card.name });
    } else if (message.do === "swap") this._head?.swap(message.paths);
    else if (message.do === "play") this._head?.play(message.from, message.loop);
    else if (message.do === "hold") this._head?.hold(message.code, message.gain);
    else this._head?.stop();
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, [[out]]) {
    if (!this._head || !this._head.fill(out)) out.fill(0);
    const frame = this._head?.frame ?? NONE;
    if (frame !== this._told) this.port.postMessage({ frame });
    this._told = frame;
    return true;
  }
}

registerProcessor("vqsynth-player", Player);
