// The map: a dot for each code, near those that sound alike. Pressed it plays, and the path runs over it.

import { preparePen, readStyle } from "./dom.js";

/** @typedef {import("./points.js").Pair} Pair */

const EDGE = 18;
const NEAR = 24;
const MOST_ZOOM = 40;

export class CodeMap {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this._canvas = canvas;
    /** @type {Pair[]} */
    this._points = [];
    /** @type {string[]} */
    this._colors = [];
    /** @type {ArrayLike<number>} */
    this._path = [];
    this._sounding = -1;
    this._chosen = 0;
    this._held = false;
    this._drawing = 0;
    this._view = { zoom: 1, x: 0, y: 0 };
    /** Told which code is pressed. @type {(code: number) => void} */
    this.onpress = () => {};
    /** @type {() => void} */
    this.onrelease = () => {};
    /** Told which code lies under the pointer or the keys. @type {(code: number) => void} */
    this.onpoint = () => {};
    this._listen();
  }

  /** @param {Pair[]} points @param {string[]} colors */
  load(points, colors) {
    const spans = [0, 1].map((axis) => {
      const values = points.map((point) => point[axis]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return { low, size: high - low || 1 };
    });
    this._points = points.map((point) => spans.map(({ low, size }, axis) => (point[axis] - low) / size));
    this._view = { zoom: 1, x: 0, y: 0 };
    this._sounding = -1;
    this._path = [];
    this._chosen = 0;
    this._canvas.setAttribute("aria-busy", String(!points.length));
    this.color(colors);
  }

  /** @param {string[]} colors */
  color(colors) {
    this._colors = colors;
    this.draw();
  }

  /** Show the codes of a path, and the one that sounds, -1 for none. @param {ArrayLike<number>} path @param {number} sounding */
  show(path, sounding) {
    this._path = path;
    this._sounding = sounding;
    this.draw();
  }

  /** @param {number} code @returns {Pair} pixels */
  _place(code) {
    const { clientWidth: width, clientHeight: height } = this._canvas;
    const { zoom, x, y } = this._view;
    const [right, up] = this._points[code];
    return [EDGE + right * (width - 2 * EDGE) * zoom + x, height - EDGE - up * (height - 2 * EDGE) * zoom + y];
  }

  /** Draw at the next picture of the screen, however often it is asked for until then. */
  draw() {
    this._drawing ||= requestAnimationFrame(() => {
      this._drawing = 0;
      this._drawNow();
    });
  }

  _drawNow() {
    const pen = preparePen(this._canvas);
    if (!this._points.length) return;
    const places = this._points.map((_, code) => this._place(code));
    this._drawPath(pen, places);
    const radius = Math.min(2.6 + 0.4 * this._view.zoom, 7);
    places.forEach(([x, y], code) => {
      pen.fillStyle = this._colors[code];
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
    });
    const ring = this._sounding >= 0 ? this._sounding : this._chosen;
    if (this._sounding < 0 && document.activeElement !== this._canvas) return;
    pen.strokeStyle = readStyle(this._sounding >= 0 ? "--alert" : "--dim");
    pen.lineWidth = 2;
    pen.beginPath();
    const [x, y] = places[ring];
    pen.arc(x, y, radius + 4, 0, 2 * Math.PI);
    pen.stroke();
  }

  /** @param {CanvasRenderingContext2D} pen @param {Pair[]} places */
  _drawPath(pen, places) {
    pen.strokeStyle = readStyle("--dim");
    pen.globalAlpha = 0.4;
    pen.lineWidth = 0.8;
    pen.beginPath();
    for (let t = 0; t < this._path.length; t++) {
      const [x, y] = places[this._path[t]];
      if (this._path[t] !== this._path[t - 1]) pen.lineTo(x, y);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** @param {Pair} at @param {number} [within] @returns {number} the nearest code, -1 for none */
  find(at, within = Infinity) {
    let found = -1;
    this._points.forEach((_, code) => {
      const [x, y] = this._place(code);
      const away = Math.hypot(x - at[0], y - at[1]);
      if (away < within) [found, within] = [code, away];
    });
    return found;
  }

  /** @param {number} code */
  _press(code) {
    if (code < 0 || (this._held && code === this._chosen)) return;
    this._held = true;
    this._chosen = code;
    this._sounding = code;
    this.onpoint(code);
    this.onpress(code);
    this.draw();
  }

  _release() {
    if (!this._held) return;
    this._held = false;
    this._sounding = -1;
    this.onrelease();
    this.draw();
  }

  _listen() {
    const canvas = this._canvas;
    /** @param {MouseEvent} event @returns {Pair} */
    const at = (event) => [event.offsetX, event.offsetY];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this._press(this.find(at(event), NEAR));
    });
    canvas.addEventListener("pointermove", (event) => {
      const code = this.find(at(event), NEAR);
      if (event.buttons) this._press(code);
      else if (code >= 0) this.onpoint(code);
    });
    for (const name of ["pointerup", "pointercancel", "blur", "keyup"]) canvas.addEventListener(name, () => this._release());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this._zoom(Math.exp(-event.deltaY / 400), at(event));
    });
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.draw());
    canvas.addEventListener("keydown", (event) => this._key(event));
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (!this._points.length) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = Object.entries(ways).find(([key]) => key === event.key)?.[1];
    const zoom = { "+": 1.25, "-": 0.8 }[event.key];
    if (way) this._walk(way);
    else if (event.key === "Enter") this._press(this._chosen);
    else if (zoom) this._zoom(zoom, this._place(this._chosen));
    else if (event.key === "0") this._zoom(0, [0, 0]);
    else return;
    event.preventDefault();
  }

  /** Go to the nearest code in a direction. @param {Pair} way */
  _walk([right, down]) {
    const [x0, y0] = this._place(this._chosen);
    let [found, least] = [this._chosen, Infinity];
    this._points.forEach((_, code) => {
      const [x, y] = this._place(code);
      const along = (x - x0) * right + (y - y0) * down;
      const aside = Math.abs((x - x0) * down + (y - y0) * right);
      if (along > 0.5 && aside <= along && along + 2 * aside < least) [found, least] = [code, along + 2 * aside];
    });
    this._chosen = found;
    this.onpoint(found);
    this.draw();
  }

  /** @param {number} factor @param {Pair} about a place that stays */
  _zoom(factor, [x, y]) {
    const { _view: view } = this;
    const zoom = Math.min(Math.max(view.zoom * factor, 1), MOST_ZOOM);
    const [left, bottom] = [EDGE, this._canvas.clientHeight - EDGE];
    const share = zoom / view.zoom;
    this._view = zoom === 1 ? { zoom, x: 0, y: 0 } : {
      zoom, x: x - left - (x - left - view.x) * share, y: y - bottom - (y - bottom - view.y) * share,
    };
    this.draw();
  }
}
