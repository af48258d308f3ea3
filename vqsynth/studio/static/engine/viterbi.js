// The cheapest of all paths through all codes, found again quickly where only some frames ask for something else.
//
// No step costs more than the dearest one. A path that is behind the best by more than this can never catch up and is
// dropped. See find_best_path of vqsynth/codes/selection.py: the codes are the same, to the last one.

/** @typedef {import("./demand.js").Demand} Demand */
/** @typedef {import("./motion.js").Sway} Sway */

/**
 * The paths that are followed in a frame, by the code in which each ends.
 * @typedef {object} Front
 * @property {Int32Array} codes
 * @property {Float32Array} totals what each path costs more than the cheapest
 * @property {Int32Array} from which path of the frame before each goes on from
 * @property {number} cheapest the place of the cheapest path
 */

/**
 * What a search keeps, so that the next one can go on from it.
 * @typedef {object} Search
 * @property {Demand} demand
 * @property {Front[]} fronts
 * @property {number} searched how many frames were searched anew
 */

const { fround } = Math;
const MOST_NEAR = 256;
const MOST_PATHS = 48;
const FORBIDDEN = fround(1e6);

/** Finds paths at one price of steps. With changes, only the best codes and paths of a frame are followed. */
export class PathFinder {
  /**
   * @param {Float32Array} steps (K, K), the cost of each step, a row for each code that is left
   * @param {number} size K
   * @param {{ changes: Uint8Array, sway: Sway } | null} [motion]
   */
  constructor(steps, size, motion = null) {
    this._steps = steps;
    this._size = size;
    this._motion = motion;
    const [least, most] = findEnds(steps);
    this._dearest = fround(most - Math.min(0, least));
    this._missed = new Float32Array(size);
    this._near = new Int32Array(size);
    this._cost = new Float32Array(size);
    this._from = new Int32Array(size);
    this._spare = new Float32Array(size);
    this._best = new Float64Array(size); // of numbers in single precision, which need no conversion so
  }

  /**
   * Search, going on from an earlier search for as many frames.
   * @param {Demand} demand
   * @param {Search | null} [before]
   * @returns {Search}
   */
  search(demand, before = null) {
    const { length } = demand;
    const [first, last] = before ? findChanged(demand, before.demand) : [0, length - 1];
    const fronts = before ? before.fronts.slice(0, first) : [];
    for (let t = first; t < length; t++) {
      const front = this._step(demand, t, fronts[t - 1] ?? null);
      fronts.push(front);
      if (before && t >= last && isSame(front, before.fronts[t])) {
        for (let u = t + 1; u < length; u++) fronts.push(before.fronts[u]);
        return { demand, fronts, searched: t + 1 - first };
      }
    }
    return { demand, fronts, searched: length - first };
  }

  /** @param {Demand} demand @param {number} t @param {Front | null} before @returns {Front} */
  _step(demand, t, before) {
    const { _missed: missed, _near: near, _cost: cost, _motion: motion } = this;
    this._from.fill(0);
    demand.price(t, missed);
    motion?.sway.move(t, missed);
    const must = motion ? motion.changes[t] : 0;
    const leads = motion ? (motion.changes[t + 1] ?? 0) : 0;
    const nearLimit = this._limit(missed, missed.length, must + leads, 2 * this._dearest, motion ? MOST_NEAR : Infinity);
    let n = 0;
    for (let k = 0; k < missed.length; k++) if (missed[k] <= nearLimit) near[n++] = k;
    for (let j = 0; j < n; j++) cost[j] = missed[near[j]];
    if (before) this._reach(n, before, must === 1);
    let least = Infinity;
    for (let j = 0; j < n; j++) if (cost[j] < least) least = cost[j];
    const limit = this._limit(cost, n, leads, this._dearest, motion ? MOST_PATHS : Infinity);
    return this._keep(n, limit, least);
  }

  /**
   * Find from which path each code is reached at the least cost: the first of those that cost as little.
   * @param {number} n how many codes are near
   * @param {Front} before
   * @param {boolean} must whether the code must change
   */
  _reach(n, { codes, totals }, must) {
    const { _steps: steps, _near: near, _from: from } = this;
    const best = this._best.fill(Infinity);
    for (let i = 0; i < codes.length; i++) {
      const row = codes[i] * this._size;
      const total = totals[i];
      const own = must ? near.subarray(0, n).indexOf(codes[i]) : -1;
      const kept = own < 0 ? 0 : best[own];
      if (own >= 0) best[own] = -Infinity; // nothing is less: the code may not stay
      for (let j = 0; j < n; j++) {
        const step = steps[row + near[j]] + total;
        if (step >= best[j]) continue; // then it is not less when rounded, either
        const rounded = fround(step);
        if (rounded < best[j]) {
          best[j] = rounded;
          from[j] = i;
        }
      }
      if (own >= 0) best[own] = kept;
    }
    if (must) this._stay(n, codes, totals);
    for (let j = 0; j < n; j++) this._cost[j] += best[j];
  }

  /** Let a code stay, dearly, where it must change and no other leads to it. @param {number} n @param {Int32Array} codes @param {Float32Array} totals */
  _stay(n, codes, totals) {
    for (let j = 0; j < n; j++) {
      const i = codes.indexOf(this._near[j]);
      if (i < 0) continue;
      const step = fround(fround(this._steps[codes[i] * (this._size + 1)] + totals[i]) + FORBIDDEN);
      if (step > this._best[j] || (step === this._best[j] && i > this._from[j])) continue;
      this._best[j] = step;
      this._from[j] = i;
    }
  }

  /**
   * Tell up to which cost codes or paths are followed: the lowest, or with a rank one of the next, and so much more.
   * @param {Float32Array} costs @param {number} n @param {number} rank @param {number} within @param {number} most
   */
  _limit(costs, n, rank, within, most) {
    const lowest = findLowest(costs, n, rank);
    if (n > most) {
      const spare = this._spare.subarray(0, n);
      spare.set(costs.subarray(0, n));
      within = Math.min(within, selectNth(spare, most) - lowest[0]);
    }
    const known = lowest.filter(Number.isFinite);
    return fround((known.length ? known[known.length - 1] : lowest[0]) + fround(within));
  }

  /** @param {number} n @param {number} limit @param {number} least @returns {Front} */
  _keep(n, limit, least) {
    const { _cost: cost, _near: near, _from: from } = this;
    let size = 0;
    for (let j = 0; j < n; j++) if (cost[j] <= limit) size++;
    const front = { codes: new Int32Array(size), totals: new Float32Array(size), from: new Int32Array(size), cheapest: 0 };
    for (let j = 0, i = 0; j < n; j++) {
      if (cost[j] > limit) continue;
      front.codes[i] = near[j];
      front.totals[i] = cost[j] - least;
      front.from[i++] = from[j];
    }
    front.cheapest = Math.max(front.totals.indexOf(0), 0);
    return front;
  }
}

/** Follow the cheapest path of a search back from its end. @param {Search} search @returns {Int32Array} */
export function traceBack({ fronts }) {
  const path = new Int32Array(fronts.length);
  let at = fronts[fronts.length - 1].cheapest;
  for (let t = fronts.length - 1; t >= 0; t--) {
    path[t] = fronts[t].codes[at];
    at = fronts[t].from[at];
  }
  return path;
}

/** @param {Float32Array} values */
function findEnds(values) {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return [least, most];
}

/** Return the lowest costs, `rank` + 1 of them where there are so many, in order. @param {Float32Array} costs @param {number} n @param {number} rank */
function findLowest(costs, n, rank) {
  /** @type {number[]} */
  const found = [];
  for (let i = 0; i < n; i++) {
    if (found.length > rank && !(costs[i] < found[rank])) continue;
    let at = found.length;
    while (at > 0 && costs[i] < found[at - 1]) at--;
    found.splice(at, 0, costs[i]);
    if (found.length > rank + 1) found.pop();
  }
  return found;
}

/** Return the value that would stand at place n if all were sorted (Hoare, 1961). @param {Float32Array} values put in another order @param {number} n */
export function selectNth(values, n) {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i <= j) {
        const swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else break;
  }
  return values[n];
}

/** @param {Demand} demand @param {Demand} before @returns {[number, number]} the first and the last frame that ask for something else */
function findChanged(demand, before) {
  let first = 0;
  let last = demand.length - 1;
  while (first < last && demand.asksTheSame(before, first)) first++;
  while (last > first && demand.asksTheSame(before, last)) last--;
  return [first, last];
}

/** @param {Front} a @param {Front} b */
function isSame(a, b) {
  if (a.codes.length !== b.codes.length) return false;
  return a.codes.every((code, i) => code === b.codes[i] && a.totals[i] === b.totals[i]);
}
