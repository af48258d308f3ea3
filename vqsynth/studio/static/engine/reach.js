// Where codes are, over time, given what the other lanes ask: the shade behind a lane.

/** @typedef {import("./table.js").Table} Table */

/**
 * A lane as it is shaded.
 * @typedef {object} Lane
 * @property {string} name
 * @property {ArrayLike<number>} values what it asks in each column, NaN for nothing
 * @property {number} low the value at its bottom
 * @property {number} high the value at its top
 */

/** How far apart, in squared spreads, what the other lanes ask and what a code has may lie. */
const NEAR = 0.12;
/** The squared distance of a code that has no usable value. */
const UNKNOWN = 9;
/** So many codes in a cell shade it to 63 %: alone, and beside other lanes. */
const FULL_ALONE = 6;
const FULL_BESIDE = 1.2;

/**
 * Shade lanes.
 * @param {Table} table
 * @param {Lane[]} lanes all of as many columns
 * @param {number} rows
 * @returns {Record<string, Float32Array>} by descriptor, columns * rows of 0 to 1, the lowest row of a column first
 */
export function shadeReach(table, lanes, rows) {
  const asked = lanes.map(({ name, values }) => Float64Array.from(values, (value) => table.rescale(name, value)));
  const shades = lanes.map((lane, own) => {
    const places = placeCodes(table, lane, rows);
    const others = lanes.flatMap(({ name }, i) => (i === own ? [] : [{ scaled: table.columns[name].scaled, asked: asked[i] }]));
    return [lane.name, shade(places, others, lane.values.length, rows)];
  });
  return Object.fromEntries(shades);
}

/** @param {Table} table @param {Lane} lane @param {number} rows @returns {Int32Array} the row of each code, -1 for none */
function placeCodes(table, { name, low, high }, rows) {
  const { scaled, values, ends } = table.columns[name];
  const bottom = table.rescale(name, low);
  const height = table.rescale(name, high) - bottom;
  return Int32Array.from(scaled, (place, k) => {
    const row = Math.floor(((place - bottom) / height) * rows);
    const sure = table.counts[k] > 0 && values[k] >= ends[0] && values[k] <= ends[1];
    return sure && row >= 0 && row < rows ? row : -1;
  });
}

/**
 * @param {Int32Array} places
 * @param {{ scaled: Float64Array, asked: Float64Array }[]} others
 * @param {number} columns @param {number} rows
 */
function shade(places, others, columns, rows) {
  const heat = new Float32Array(columns * rows);
  const full = others.length ? FULL_BESIDE : FULL_ALONE;
  for (let column = 0; column < columns; column++) {
    for (let k = 0; k < places.length; k++) {
      if (places[k] < 0) continue;
      let away = 0;
      for (const { scaled, asked } of others) away += squareMiss(scaled[k], asked[column]);
      heat[column * rows + places[k]] += Math.exp(-away / (2 * NEAR));
    }
  }
  return heat.map((codes) => 1 - Math.exp(-codes / full));
}

/** @param {number} has @param {number} asked */
function squareMiss(has, asked) {
  if (Number.isNaN(asked)) return 0;
  return Number.isNaN(has) ? UNKNOWN : (has - asked) ** 2;
}
