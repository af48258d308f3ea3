// A lane: what is asked of a descriptor over time, what was got, and behind both what is within reach.

import { draw, make, readStyle } from "./dom.js";
import { Scale, formatValue } from "./scale.js";

/** @typedef {import("./points.js").Pair} Pair */
/** @typedef {import("./history.js").LaneDocument} LaneDocument */

/**
 * What is known of the present codes.
 * @typedef {object} Shown
 * @property {number} seconds
 * @property {Record<string, ArrayLike<number>>} got values per frame by descriptor
 * @property {Record<string, number>} errors by descriptor, in its unit
 * @property {boolean} corrected
 * @property {Record<string, Float32Array>} shades
 */

export const SHADE_COLUMNS = 200;
export const SHADE_ROWS = 48;
/** A shade under this is out of reach. */
const BEYOND = 0.12;
const EDGE = 5;

export class Lane {
  /**
   * @param {string} name
   * @param {Scale} scale
   */
  constructor(name, scale) {
    this.name = name;
    this.scale = scale;
    this.seconds = 1;
    this.width = 0;
    this.height = 0;
    /** @type {Pair[]} */
    this._held = [];
    /** @type {Float32Array | undefined} */
    this._shade = undefined;
    this.remove = make("button", { "aria-label": `Remove ${name}` }, "✕");
    this.weight = make("input", { type: "range", min: "0", max: "4", step: "0.1", "aria-label": `Weight of ${name}` });
    this._error = make("output", { "aria-live": "polite" });
    this._canvas = make("canvas", { "aria-hidden": "true" });
    this._tip = make("span", { class: "tip", hidden: "" });
    this._grid = draw("g");
    this._got = draw("path", { class: "got" });
    this._asked = draw("path", { class: "asked" });
    this._beyond = draw("path", { class: "beyond" });
    this._stroke = draw("path", { class: "asked" });
    this._erased = draw("rect", { class: "erased", visibility: "hidden" });
    this.handles = draw("g");
    const art = draw("svg", {}, this._grid, this._got, this._asked, this._beyond, this._stroke, this._erased, this.handles);
    const label = `${name} over time. Tab to a point; arrows move it, Page Up and Page Down walk, Insert adds, Delete removes.`;
    this.plot = make("div", { class: "plot", role: "group", "aria-label": label }, this._canvas, this._tip);
    this.plot.insertBefore(art, this._tip);
    const weight = make("label", {}, "weight", this.weight);
    weight.hidden = name === "loudness";
    const title = make("h3", {}, name, make("small", {}, scale.unit), this.remove);
    const about = make("div", { class: "about" }, title, this._error, weight);
    this.root = make("div", { class: "lane", "data-name": name }, about, this.plot);
  }

  /** Read how large the lane is. It is kept, because asking between two changes makes the browser lay out all again. */
  measure() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
  }

  /** @param {Pair} point @returns {Pair} where it is, in pixels */
  place([time, value]) {
    return [(time / this.seconds) * this.width, this._y(value)];
  }

  /** @param {number} value */
  _y(value) {
    return this.height - EDGE - this.scale.share(value) * (this.height - 2 * EDGE);
  }

  /** @param {Pair} pixels @returns {Pair} the point there, held in the lane */
  read([x, y]) {
    const time = Math.min(Math.max(x / this.width, 0), 1) * this.seconds;
    return [time, this.scale.value((this.height - EDGE - y) / (this.height - 2 * EDGE))];
  }

  /** Show a point beside the pointer, or nothing. @param {Pair | null} point */
  tell(point) {
    this._tip.hidden = !point;
    if (!point) return;
    const [x, y] = this.place(point);
    this._tip.textContent = `${point[0].toFixed(2)} s  ${formatValue(point[1], this.scale.unit)}`;
    this._tip.style.left = `${Math.min(x + 12, this.width - 110)}px`;
    this._tip.style.top = `${Math.max(y - 24, 2)}px`;
  }

  /** Show a stroke that is being drawn. @param {Pair[]} stroke */
  sketch(stroke) {
    this._stroke.setAttribute("d", trace(stroke.map((point) => this.place(point))));
  }

  /** Show what is being erased, or nothing. @param {[number, number] | null} times */
  mark(times) {
    this._erased.setAttribute("visibility", times ? "visible" : "hidden");
    if (!times) return;
    const [from, to] = times.map((time) => (time / this.seconds) * this.width);
    for (const [name, value] of Object.entries({ x: from, y: 0, width: to - from, height: this.height })) {
      this._erased.setAttribute(name, String(value));
    }
  }

  /** Show what is asked. @param {LaneDocument} lane @param {number} seconds */
  showAsked({ points, weight }, seconds) {
    this.seconds = seconds;
    this.weight.value = String(weight);
    this._held = hold(points, seconds);
    this._asked.setAttribute("d", trace(this._held.map((point) => this.place(point))));
    this._showHandles(points);
  }

  /** Show what came of it. @param {Shown} shown @param {boolean} anew whether the lane has another size or other colours */
  showGot(shown, anew) {
    this._showGot(shown.got[this.name]);
    this._showBeyond(this._held, shown.shades[this.name]);
    this._showTicks();
    const shade = shown.shades[this.name];
    if (anew || shade !== this._shade) this._showShade(shade);
    this._shade = shade;
    const error = shown.errors[this.name];
    const said = error === undefined ? "" : `${formatValue(error, this.scale.unit)} off`;
    this._error.textContent = said && !shown.corrected ? `${said}, not corrected yet` : said;
  }

  /** @param {ArrayLike<number> | undefined} got */
  _showGot(got) {
    const values = Array.from(got ?? []);
    const step = Math.max(1, Math.floor(values.length / (2 * this.width)));
    const places = values.flatMap((value, t) => {
      if (t % step) return [];
      const time = (t / Math.max(values.length - 1, 1)) * this.seconds;
      return [this.place([time, this.scale.value(this.scale.share(value))])];
    });
    this._got.setAttribute("d", trace(places));
  }

  /** @param {Pair[]} points @param {Float32Array | undefined} shade */
  _showBeyond(points, shade) {
    const columns = Array.from({ length: shade ? SHADE_COLUMNS : 0 }, (_, column) => {
      const x = (column / (SHADE_COLUMNS - 1)) * this.width;
      const y = heightAt(points.map((point) => this.place(point)), x);
      const [, value] = this.read([x, y]);
      return shade && isBeyond(shade, column, this.scale.share(value)) ? [x, y] : [NaN, NaN];
    });
    this._beyond.setAttribute("d", trace(columns));
  }

  /** @param {Pair[]} points */
  _showHandles(points) {
    const { handles } = this;
    const focused = [...handles.children].findIndex((handle) => handle === document.activeElement);
    while (handles.children.length > points.length) handles.lastElementChild?.remove();
    while (handles.children.length < points.length) {
      const circles = [draw("circle", { r: 14, class: "touch" }), draw("circle", { r: 4 })];
      handles.append(draw("g", { class: "point", role: "slider" }, ...circles));
    }
    points.forEach((point, i) => {
      const [x, y] = this.place(point);
      const attributes = {
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        tabindex: i === Math.max(focused, 0) ? 0 : -1,
        "aria-label": `${this.name}, point ${i + 1} of ${points.length}`,
        "aria-valuemin": this.scale.low,
        "aria-valuemax": this.scale.high,
        "aria-valuenow": point[1],
        "aria-valuetext": `${formatValue(point[1], this.scale.unit)} at ${point[0].toFixed(2)} seconds`,
      };
      for (const [name, value] of Object.entries(attributes)) handles.children[i].setAttribute(name, String(value));
    });
  }

  _showTicks() {
    let last = Infinity;
    const marks = this.scale.ticks(Math.max(2, Math.floor(this.height / 40))).flatMap((value) => {
      const y = this._y(value);
      if (last - y < 18) return [];
      last = y;
      const text = draw("text", { x: 4, y: y - 2 }, formatValue(Number(value.toPrecision(6))));
      return [draw("line", { x1: 0, x2: this.width, y1: y, y2: y }), text];
    });
    this._grid.replaceChildren(...marks);
  }

  /** @param {Float32Array | undefined} shade */
  _showShade(shade) {
    const pen = this._canvas.getContext("2d");
    this._canvas.width = SHADE_COLUMNS; // the browser stretches and smooths it
    this._canvas.height = SHADE_ROWS;
    if (!shade || !pen) return;
    const image = pen.createImageData(SHADE_COLUMNS, SHADE_ROWS);
    const color = readStyle("--reach").split(",").map(Number);
    shade.forEach((dark, i) => {
      const [column, row] = [Math.floor(i / SHADE_ROWS), SHADE_ROWS - 1 - (i % SHADE_ROWS)];
      image.data.set([...color, 105 * dark], 4 * (row * SHADE_COLUMNS + column));
    });
    pen.putImageData(image, 0, 0);
  }
}

/** Hold the first and the last point to the ends. @param {Pair[]} points @param {number} seconds @returns {Pair[]} */
function hold(points, seconds) {
  if (!points.length) return [];
  const last = points[points.length - 1];
  return [[0, points[0][1]], ...points, [Math.max(seconds, last[0]), last[1]]];
}

/** @param {Pair[]} places rising in x @param {number} x */
function heightAt(places, x) {
  const i = places.findIndex((place) => place[0] >= x);
  if (i <= 0) return (places[0] ?? [0, NaN])[1];
  const [[x0, y0], [x1, y1]] = [places[i - 1], places[i]];
  return x1 > x0 ? y0 + ((x - x0) / (x1 - x0)) * (y1 - y0) : y1;
}

/** @param {Float32Array} shade @param {number} column @param {number} share */
function isBeyond(shade, column, share) {
  const row = Math.floor(share * SHADE_ROWS);
  const near = [row - 1, row, row + 1].filter((r) => r >= 0 && r < SHADE_ROWS);
  return Math.max(0, ...near.map((r) => shade[column * SHADE_ROWS + r])) < BEYOND;
}

/** Join places by lines, with a gap where one is NaN. @param {Pair[]} places @returns {string} */
export function trace(places) {
  let pen = "M";
  return places.reduce((path, [x, y]) => {
    if (Number.isNaN(x + y)) {
      pen = "M";
      return path;
    }
    const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
    return path + step;
  }, "");
}
