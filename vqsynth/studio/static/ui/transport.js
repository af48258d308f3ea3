// The play head: where it is, whether it plays, and the lines and numbers that show it.

import { draw, find, preparePen } from "./dom.js";

const STEPS_S = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
const TICK_PIXELS = 56;

export class Transport {
  /** @param {import("../engine/player.js").Player} player */
  constructor(player) {
    this._player = player;
    this._play = find("play", HTMLButtonElement);
    this._loop = find("loop", HTMLInputElement);
    this._clock = find("clock", HTMLOutputElement);
    this._line = find("playhead", HTMLElement);
    this._strip = find("strip", HTMLCanvasElement);
    this._ruler = find("ruler", SVGSVGElement);
    this.playing = false;
    this.frame = 0;
    this._frames = 1;
    this._frameSeconds = 1;
    /** Told when the play head has moved. @type {() => void} */
    this.onmove = () => {};
    this._play.onclick = () => this.toggle();
    player.onframe = (frame) => this._hear(frame);
    this._listen();
  }

  /** @param {number} frames @param {number} frameSeconds */
  measure(frames, frameSeconds) {
    this._frames = frames;
    this._frameSeconds = frameSeconds;
    this.frame = Math.min(this.frame, frames - 1);
    this.show();
  }

  async toggle() {
    this.playing = !this.playing;
    if (this.playing) await this.start();
    else this._player.stop();
    this.show();
  }

  async start() {
    const from = this.frame >= this._frames - 1 ? 0 : this.frame;
    await this._player.play(from, this._loop.checked ? { from: 0, to: this._frames } : null);
  }

  stop() {
    this.playing = false;
    this._player.stop();
    this.show();
  }

  /** @param {number} frame */
  seek(frame) {
    this.frame = Math.min(Math.max(frame, 0), this._frames - 1);
    if (this.playing) this.start();
    this.show();
  }

  /** @param {number} frame */
  _hear(frame) {
    if (!this.playing) return;
    if (frame < 0) this.playing = false;
    else this.frame = Math.min(frame, this._frames - 1);
    this.show();
  }

  show() {
    this._play.textContent = this.playing ? "Stop" : "Play";
    this._play.setAttribute("aria-pressed", String(this.playing));
    this._clock.textContent = (this.frame * this._frameSeconds).toFixed(2);
    this._strip.setAttribute("aria-valuenow", this._clock.textContent);
    this._strip.setAttribute("aria-valuemin", "0");
    this._strip.setAttribute("aria-valuemax", (this._frames * this._frameSeconds).toFixed(2));
    const share = this.frame / Math.max(this._frames - 1, 1);
    this._line.style.left = `${this._strip.offsetLeft + share * this._strip.clientWidth}px`;
    this._line.hidden = false;
    this.onmove();
  }

  /** Paint the code of each frame. @param {ArrayLike<number>} codes @param {string[]} colors */
  paint(codes, colors) {
    const pen = preparePen(this._strip);
    const { clientWidth: width, clientHeight: height } = this._strip;
    for (let x = 0; x < width && codes.length; x++) {
      pen.fillStyle = colors[codes[Math.min(Math.round((x / width) * (codes.length - 1)), codes.length - 1)]];
      pen.fillRect(x, 0, 1.5, height);
    }
  }

  /** Write the seconds under the strip. @param {number} seconds */
  rule(seconds) {
    const width = this._ruler.clientWidth;
    const step = STEPS_S.find((size) => (size / seconds) * width > TICK_PIXELS) ?? 60;
    const marks = Array.from({ length: Math.floor(seconds / step + 1e-9) + 1 }, (_, i) => {
      const x = ((i * step) / seconds) * width;
      const text = draw("text", { x: Math.min(x + 4, width - 24), y: 15 }, String(Number((i * step).toFixed(2))));
      return [draw("line", { x1: x, x2: x, y1: 0, y2: 6 }), text];
    });
    this._ruler.replaceChildren(...marks.flat());
  }

  _listen() {
    const strip = this._strip;
    /** @param {PointerEvent} event */
    const go = (event) => this.seek(Math.round((event.offsetX / strip.clientWidth) * (this._frames - 1)));
    strip.addEventListener("pointerdown", (event) => {
      strip.setPointerCapture(event.pointerId);
      go(event);
    });
    strip.addEventListener("pointermove", (event) => event.buttons && go(event));
    strip.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -Infinity, End: Infinity };
      const step = Object.entries(steps).find(([key]) => key === event.key)?.[1];
      if (step === undefined) return;
      event.preventDefault();
      this.seek(this.frame + step);
    });
  }
}
