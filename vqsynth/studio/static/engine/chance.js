// Distributions of NumPy's Generator that motion draws from, in step with it.

import { Generator } from "./random.js";

/** Tables of the ziggurat under exp(-x) for 53 bits. */
const ZIGGURAT = buildZiggurat();
const TAIL = 7.69711747013104972;

function buildZiggurat() {
  const levels = 256;
  const area = 0.0039496598225815571993;
  const scale = 2 ** 53;
  const inside = new Float64Array(levels);
  const width = new Float64Array(levels);
  const height = new Float64Array(levels);
  let x = 7.69711747013104972;
  const base = area / Math.exp(-x);
  inside[0] = Math.floor((x / base) * scale);
  width[0] = base / scale;
  height[0] = 1;
  for (let i = levels - 1; i > 0; i--) {
    width[i] = x / scale;
    height[i] = Math.exp(-x);
    const next = i > 1 ? -Math.log(area / x + Math.exp(-x)) : 0;
    inside[i] = Math.floor((next / x) * scale);
    x = next;
  }
  return { inside, width, height };
}

/** Draw as Generator.standard_exponential(). @param {Generator} rng */
export function drawExponential(rng) {
  const { inside, width, height } = ZIGGURAT;
  for (;;) {
    const bits = rng.bits();
    const level = rng.spare;
    const x = bits * width[level];
    if (bits < inside[level]) return x;
    if (level === 0) return TAIL - Math.log1p(-rng.double());
    if ((height[level - 1] - height[level]) * rng.double() + height[level] < Math.exp(-x)) return x;
  }
}

/** Draw as Generator.geometric(p). @param {Generator} rng @param {number} p above 0, up to 1 */
export function drawGeometric(rng, p) {
  if (p < 1 / 3) return Math.ceil(-drawExponential(rng) / Math.log1p(-p));
  const share = rng.double();
  let tries = 1;
  let sum = p;
  for (let product = p; share > sum; tries++) {
    product *= 1 - p;
    sum += product;
  }
  return tries;
}

/** Draw as Generator.gumbel(). @param {Generator} rng */
export function drawGumbel(rng) {
  for (;;) {
    const share = 1 - rng.double();
    if (share < 1) return -Math.log(-Math.log(share));
  }
}

/** Draw as Generator.integers(below). @param {Generator} rng @param {number} below 1 to 2 ** 32 - 1 */
export function drawInteger(rng, below) {
  if (below === 1) return 0;
  const least = (2 ** 32 - below) % below;
  for (;;) {
    const word = rng.word();
    // the product of two words, its halves apart: 64 bits would not fit a double
    const low = (word & 0xffff) * below;
    const high = (word >>> 16) * below + Math.floor(low / 65536);
    const rest = (high % 65536) * 65536 + (low % 65536);
    if (rest >= least) return Math.floor(high / 65536);
  }
}

/**
 * Draw as Generator.choice(len(shares), count, p=shares).
 * @param {Generator} rng
 * @param {ArrayLike<number>} shares that add up to 1
 * @param {number} count
 * @returns {Int32Array}
 */
export function drawChoices(rng, shares, count) {
  const sums = new Float64Array(shares.length);
  for (let i = 0, sum = 0; i < shares.length; i++) sums[i] = sum += shares[i];
  const whole = sums[sums.length - 1];
  for (let i = 0; i < sums.length; i++) sums[i] /= whole;
  return Int32Array.from({ length: count }, () => countUpTo(sums, rng.double()));
}

/** Return how many of rising numbers are at most `value`: searchsorted from the right. @param {Float64Array} rising @param {number} value */
export function countUpTo(rising, value) {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
