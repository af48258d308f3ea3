// Curves to codes: the nearest code of every frame, or the best path; and gains, by which loudness is met.

import { roundHalfEven } from "./book.js";
import { Demand } from "./demand.js";
import { Sway, drawChanges, suitMotion, usualRuns } from "./motion.js";
import { SILENT_DB } from "./path.js";
import { priceSteps } from "./prices.js";
import { PathFinder, traceBack } from "./viterbi.js";

/** @typedef {import("./table.js").Table} Table */
/** @typedef {import("./demand.js").Targets} Targets */
/** @typedef {import("./demand.js").Weights} Weights */

/**
 * How codes are chosen. What is left out is as on the command line.
 * @typedef {object} Selection
 * @property {"best_path" | "nearest"} [method]
 * @property {Weights} [weights]
 * @property {number} [smoothness]
 * @property {number} [style]
 * @property {number | null} [motion]
 * @property {number} [seed]
 */

const SMOOTHNESS = 2;

export class Selector {
  /**
   * @param {Table} table
   * @param {Float32Array} distances (K, K)
   * @param {Uint32Array} transitions
   */
  constructor(table, distances, transitions) {
    this._table = table;
    this._distances = distances;
    this._transitions = transitions;
    this._runs = usualRuns(transitions, table.size);
    /** @type {{ key: string, steps: Float32Array } | null} */
    this._priced = null;
    /** @type {{ key: string, finder: PathFinder, search: import("./viterbi.js").Search | null } | null} */
    this._last = null;
    /** How many frames the last call searched anew. */
    this.searched = 0;
  }

  /**
   * Choose codes and gains.
   * @param {Targets} targets values per frame by descriptor; loudness must be among them
   * @param {Selection} [selection]
   * @returns {{ codes: Int32Array, gain_db: Float64Array }}
   */
  choose(targets, selection = {}) {
    const { loudness, ...others } = targets;
    const codes = this._chooseCodes(others, loudness.length, selection, Object.keys(targets));
    const level = this._table.columns.loudness.values;
    const gain_db = Float64Array.from(codes, (code, t) => roundGain(loudness[t] - level[code]));
    return { codes, gain_db };
  }

  /** @param {Targets} targets @param {number} length @param {Selection} selection @param {string[]} names */
  _chooseCodes(targets, length, selection, names) {
    if (!Object.keys(targets).length) return new Int32Array(length).fill(this._mostUsed());
    const demand = new Demand(this._table, targets, selection.weights);
    if (selection.method === "nearest") {
      this.searched = length;
      return findNearest(demand);
    }
    const last = this._finder(demand, selection, names);
    last.search = last.finder.search(demand, last.search);
    this.searched = last.search.searched;
    return traceBack(last.search);
  }

  _mostUsed() {
    const { counts } = this._table;
    return counts.indexOf(counts.reduce((a, b) => Math.max(a, b), 0));
  }

  /** Return the finder of the last call where nothing but curves is different. @param {Demand} demand @param {Selection} selection @param {string[]} names */
  _finder(demand, { smoothness = SMOOTHNESS, style = 0, motion = null, seed = 0 }, names) {
    const moving = motion ?? suitMotion(names);
    const key = JSON.stringify([names, demand.length, smoothness, style, moving, seed]);
    if (this._last?.key === key) return this._last;
    const strength = Math.min(2 * moving, 1);
    const steps = this._price({ smoothness, style, strength });
    const { size } = this._table;
    let moved = null;
    if (strength > 0) {
      const changes = drawChanges(demand.length, this._runs, moving, seed);
      const price = (smoothness * strength) / Math.log(Math.max(size, 2));
      moved = { changes, sway: new Sway(changes, size, price, seed) };
    }
    this._last = { key, finder: new PathFinder(steps, size, moved), search: null };
    return this._last;
  }

  /** @param {import("./prices.js").Steps} asked */
  _price(asked) {
    const key = JSON.stringify(asked);
    if (this._priced?.key !== key) {
      this._priced = { key, steps: priceSteps(this._distances, this._transitions, this._table.size, asked) };
    }
    return this._priced.steps;
  }
}

/** @param {number} gainDb @returns {number} as paths hold it */
const roundGain = (gainDb) => roundHalfEven(Math.max(gainDb, SILENT_DB) * 1e4) / 1e4;

/** Find the nearest code of every frame. @param {Demand} demand @returns {Int32Array} */
export function findNearest(demand) {
  const isEven = demand.asks.every(({ queries, weight }) => weight.every((w) => w === weight[0]) && !queries.some(Number.isNaN));
  const missed = isEven ? new Float64Array(demand.size) : new Float32Array(demand.size);
  return Int32Array.from({ length: demand.length }, (_, t) => {
    if (missed instanceof Float64Array) measureExactly(demand, t, missed);
    else demand.measure(t, missed, false);
    let best = 0;
    for (let k = 1; k < missed.length; k++) if (missed[k] < missed[best]) best = k;
    return best;
  });
}

/** Measure distances in double precision, as the library's index does. @param {Demand} demand @param {number} t @param {Float64Array} missed */
function measureExactly({ asks }, t, missed) {
  missed.fill(0);
  for (const { queries, weight, scaled } of asks) {
    const factor = Math.sqrt(weight[t]);
    const query = queries[t] * factor;
    for (let k = 0; k < missed.length; k++) {
      const away = scaled[k] * factor - query;
      missed[k] = Number.isNaN(away) ? Infinity : missed[k] + away * away;
    }
  }
}
