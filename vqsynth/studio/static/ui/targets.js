// What the lanes ask: values per frame for the worker and the server, and how far what was got is from it.

import { sampleCurve } from "../engine/curve.js";

/** @typedef {import("./history.js").Session} Session */
/** @typedef {import("./history.js").LaneDocument} LaneDocument */
/** @typedef {import("./scale.js").Scale} Scale */

const DEFAULT_LOUDNESS = -20;

/** Sample a lane: on an octave scale points are joined by equal ratios, which are straight lines there. @param {LaneDocument} lane @param {Scale} scale @param {Float64Array} times */
export function sampleLane({ points }, scale, times) {
  return sampleCurve(points.map(([time, value]) => ({ time, value, ratio: scale.octaves })), times);
}

/** @param {Session} session @param {Record<string, Scale>} scales @param {Float64Array} times @returns {Record<string, Float64Array>} */
export function sampleTargets({ lanes }, scales, times) {
  const drawn = lanes.filter((lane) => lane.points.length);
  const targets = Object.fromEntries(drawn.map((lane) => [lane.name, sampleLane(lane, scales[lane.name], times)]));
  return { ...targets, loudness: targets.loudness ?? new Float64Array(times.length).fill(DEFAULT_LOUDNESS) };
}

/** @param {Session} session @returns {Record<string, number>} the weights of the lanes that have points */
export function readWeights({ lanes }) {
  const weighed = lanes.filter((lane) => lane.points.length && lane.name !== "loudness");
  return Object.fromEntries(weighed.map((lane) => [lane.name, lane.weight]));
}

/** @param {Record<string, number>} weights @param {number} length @returns {Record<string, number[]>} as the server takes them, a number per frame */
export const spreadWeights = (weights, length) =>
  Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, new Array(length).fill(weight)]));

/** @param {ArrayLike<number>} got @param {ArrayLike<number>} asked @returns {number} the root of the mean squared error, NaN without a value */
export function measureError(got, asked) {
  const squares = Array.from(got, (value, t) => (value - asked[t]) ** 2).filter((square) => !Number.isNaN(square));
  return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
}
