// How long codes are held: the runs of the training sounds, and the frames in which a path must change its code.

import { drawChoices, drawGeometric, drawGumbel, drawInteger } from "./chance.js";
import { Generator } from "./random.js";

const { fround } = Math;
const NATURAL = 0.5;
const NO_TIMBRE = new Set(["loudness", "pitch", "pitch_confidence"]);
const UNKNOWN_STAY = 0.55;
const DRAWS = 65536;

/** Return the motion that suits a demand: that of the training sounds, or 0 for a rolloff or several descriptors of timbre. @param {string[]} names */
export function suitMotion(names) {
  const timbre = names.filter((name) => !NO_TIMBRE.has(name));
  return timbre.length > 1 || timbre.includes("rolloff") ? 0 : NATURAL;
}

/**
 * Tell how many frames each code is held on average, and each code's share of all runs.
 * @param {Uint32Array} transitions from, to, count, and so on; empty where none are known
 * @param {number} size
 */
export function usualRuns(transitions, size) {
  const frames = new Float64Array(size).fill(1 / (1 - UNKNOWN_STAY));
  const shares = new Float64Array(size).fill(1 / size);
  if (!transitions.length) return { frames, shares };
  const steps = new Float64Array(size);
  const left = new Float64Array(size);
  for (let i = 0; i < transitions.length; i += 3) {
    const [start, end, count] = transitions.subarray(i, i + 3);
    steps[start] += count;
    if (start !== end) left[start] += count;
  }
  const runs = steps.map((count, k) => (count > 0 ? Math.max(left[k], 1) : 0));
  const whole = runs.reduce((a, b) => a + b, 0);
  return {
    frames: steps.map((count, k) => Math.max(count, 1) / Math.max(runs[k], 1)),
    shares: runs.map((count) => count / whole),
  };
}

/**
 * Draw the frames in which a path must change its code.
 * @param {number} length
 * @param {{ frames: Float64Array, shares: Float64Array }} runs as `usualRuns` gives them
 * @param {number} motion 0 to 1
 * @param {number} seed
 * @returns {Uint8Array} 1 where it must
 */
export function drawChanges(length, { frames, shares }, motion, seed) {
  const changes = new Uint8Array(length);
  if (motion === 0 || length === 0) return changes;
  const rng = new Generator(seed);
  let end = 0;
  for (const code of drawChoices(rng, shares, length)) {
    const later = ((frames[code] - 1) * (1 - motion)) / motion;
    end += drawGeometric(rng, 1 / (1 + later));
    if (end >= length) break;
    changes[end] = 1;
  }
  return changes;
}

/** Lets chance speak where the code changes: every code's cost is moved by a draw of Gumbel's distribution. */
export class Sway {
  /**
   * @param {Uint8Array} changes
   * @param {number} size
   * @param {number} price of a step that is e times as seldom
   * @param {number} seed
   */
  constructor(changes, size, price, seed) {
    const rng = new Generator([seed, 1]);
    const factor = -fround(price);
    this._drawn = Float32Array.from({ length: DRAWS }, () => factor * fround(drawGumbel(rng)));
    this._starts = Int32Array.from(changes, (changed) => (changed ? drawInteger(rng, Math.max(DRAWS - size, 1)) : -1));
  }

  /** @param {number} t @param {Float32Array} costs changed in place */
  move(t, costs) {
    const start = this._starts[t];
    if (start < 0) return;
    const drawn = this._drawn.subarray(start, start + costs.length);
    for (let k = 0; k < costs.length; k++) costs[k] += drawn[k % drawn.length];
  }
}
