// Breakpoints to values per frame, as vqsynth.curves joins them: by straight lines, or by equal ratios, and held outside.

import { countUpTo } from "./chance.js";

/** @typedef {import("./book.js").Grid} Grid */

/**
 * A breakpoint.
 * @typedef {object} Point
 * @property {number} time in seconds
 * @property {number} value in the descriptor's unit, NaN for a gap
 * @property {boolean} [ratio] whether the curve reaches the point by equal ratios
 */

/** @param {Grid} grid @param {number} seconds @returns {Float64Array} the centres of the frames in seconds */
export function frameTimes(grid, seconds) {
  const step = grid.hop / grid.sr;
  return Float64Array.from({ length: grid.count(grid.samples(seconds)) }, (_, t) => t * step);
}

/**
 * Sample a curve. Next to a gap, a value is held for half the way to it.
 * @param {Point[]} points in order of time
 * @param {Float64Array} times in seconds
 * @returns {Float64Array}
 */
export function sampleCurve(points, times) {
  if (!points.length) return new Float64Array(times.length).fill(NaN);
  const at = Float64Array.from(points, (point) => point.time);
  return times.map((time) => valueAt(points, at, time));
}

/** @param {Point[]} points @param {Float64Array} at @param {number} time */
function valueAt(points, at, time) {
  if (points.length === 1) return points[0].value;
  const i = Math.min(Math.max(countUpTo(at, time), 1), points.length - 1);
  const [before, after] = [points[i - 1], points[i]];
  const share = (time - before.time) / (after.time - before.time);
  if (Number.isNaN(before.value) || Number.isNaN(after.value)) return share < 0.5 ? before.value : after.value;
  if (!after.ratio || !(before.value > 0 && after.value > 0)) return mix(before.value, after.value, share);
  return clip(Math.exp(mix(Math.log(before.value), Math.log(after.value), share)), before.value, after.value);
}

/** @param {number} a @param {number} b @param {number} share */
function mix(a, b, share) {
  const x = Math.min(Math.max(share, 0), 1);
  return clip(a * (1 - x) + b * x, a, b);
}

/** @param {number} value @param {number} a @param {number} b */
const clip = (value, a, b) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));

/**
 * Write breakpoints as the command line reads them.
 * @param {Point[]} points
 * @returns {string} such as "0:600 2.5:3000 ~6:900"
 */
export function formatCurve(points) {
  return points.map(({ time, value, ratio }) => `${ratio ? "~" : ""}${time}:${value}`).join(" ");
}
