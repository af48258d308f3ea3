// What a step from code to code costs: the distance of the spectra, and how seldom the training sounds make the step.

const { fround } = Math;
/** The cost of leaving a code before its run is over, against a smoothness of 1. */
const HELD = 20;

/**
 * @typedef {object} Steps
 * @property {number} smoothness
 * @property {number} style 0 to 1, how much seldom steps cost instead of far ones
 * @property {number} strength 0 to 1, how much motion lets usual steps count
 */

/**
 * Compute the cost of all steps.
 * @param {Float32Array} distances (K, K)
 * @param {Uint32Array} transitions from, to, count, and so on; may be empty
 * @param {number} size K
 * @param {Steps} steps
 * @returns {Float32Array} (K, K), a row for each code that is left
 */
export function priceSteps(distances, transitions, size, { smoothness, style, strength }) {
  const factor = fround(smoothness * (1 - style));
  const prices = distances.map((distance) => factor * distance);
  const usual = transitions.length ? strength : 0;
  if (style === 0 && usual === 0) return prices;
  if (!transitions.length) {
    throw new Error("style needs the transitions of the training sounds, which this codebook does not hold; use style 0");
  }
  const price = -fround((smoothness * Math.max(style, usual)) / Math.log(Math.max(size, 2)));
  const chances = measureChances(transitions, size);
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      const seldom = fround(fround(Math.log(chances[from * size + to])) * price);
      prices[from * size + to] += seldom;
    }
    if (usual) prices[from * size + from] -= fround(HELD * smoothness * usual);
  }
  return prices;
}

/** @param {Uint32Array} transitions @param {number} size @returns {Float32Array} (K, K), a row for each code that is left */
function measureChances(transitions, size) {
  const chances = new Float32Array(size * size);
  const heard = new Float64Array(size);
  const reached = new Float64Array(size);
  let all = 0;
  for (let i = 0; i < transitions.length; i += 3) {
    const [from, to, count] = transitions.subarray(i, i + 3);
    chances[from * size + to] = count;
    heard[from] += count;
    reached[to] += count;
    all += count;
  }
  const usual = Float32Array.from(reached, (count) => fround(count + 0.5) / fround(all + 0.5 * size));
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      const at = from * size + to;
      chances[at] = fround(chances[at] + usual[to]) / fround(heard[from] + 1);
    }
  }
  return chances;
}
