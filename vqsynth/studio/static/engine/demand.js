// What targets ask of codes, frame by frame: how far every code is from what is asked.

/** @typedef {import("./table.js").Table} Table */
/** @typedef {Record<string, ArrayLike<number>>} Targets values per frame by descriptor, NaN asks for nothing */
/** @typedef {Record<string, number | ArrayLike<number>>} Weights how much each target counts, a number or one a frame */

const { fround } = Math;
const MISS_COST = 100;

export class Demand {
  /**
   * @param {Table} table
   * @param {Targets} targets
   * @param {Weights} [weights]
   */
  constructor(table, targets, weights = {}) {
    this.size = table.size;
    this.length = Object.values(targets)[0].length;
    this.asks = Object.entries(targets).map(([name, values]) => {
      const column = table.columns[name];
      if (!column) throw new Error(`unknown descriptor '${name}'; known are ${table.names.join(", ")}`);
      const queries = Float64Array.from(values, (value) => table.rescale(name, value));
      check(name, column, values, queries);
      const weight = Float64Array.from({ length: this.length }, (_, t) => pick(weights[name] ?? 1, t));
      return { queries, weight, scaled: column.scaled, doubts: column.doubts };
    });
  }

  /**
   * Write how far every code is from the target of a frame: squared distances, infinite without a usable value.
   * @param {number} t
   * @param {Float32Array} missed
   * @param {boolean} doubtful whether unreliable codes get a penalty
   */
  measure(t, missed, doubtful) {
    missed.fill(0);
    for (const { queries, weight, scaled, doubts } of this.asks) {
      const query = queries[t];
      if (Number.isNaN(query)) continue;
      for (let k = 0; k < missed.length; k++) {
        const away = fround(scaled[k] - query);
        const far = doubtful ? fround(fround(away * away) + doubts[k]) : fround(away * away);
        missed[k] = Number.isNaN(away) ? Infinity : missed[k] + weight[t] * far;
      }
    }
  }

  /** Write what every code costs in a frame. @param {number} t @param {Float32Array} costs */
  price(t, costs) {
    this.measure(t, costs, true);
    for (let k = 0; k < costs.length; k++) costs[k] *= MISS_COST;
  }

  /** Tell whether a frame asks for the same as that of another demand. @param {Demand} other @param {number} t */
  asksTheSame(other, t) {
    return this.asks.every(({ queries, weight }, i) => {
      const before = other.asks[i];
      return Object.is(queries[t], before.queries[t]) && weight[t] === before.weight[t];
    });
  }
}

/** @param {number | ArrayLike<number>} weight @param {number} t */
const pick = (weight, t) => (typeof weight === "number" ? weight : weight[t]);

/** @param {string} name @param {import("./table.js").Column} column @param {ArrayLike<number>} values @param {Float64Array} queries */
function check(name, column, values, queries) {
  const asked = queries.some((_, t) => !Number.isNaN(values[t]));
  if (queries.some((query, t) => Number.isNaN(query) && !Number.isNaN(values[t]))) {
    throw new Error(`a target for ${name} must lie above 0 in every frame; raise the curve`);
  }
  if (asked && column.values.every(Number.isNaN)) {
    throw new Error(`no code of this codebook has a usable ${name}; choose another target`);
  }
}
