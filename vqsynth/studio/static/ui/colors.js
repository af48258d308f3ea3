// Colours of codes: viridis over the values of a descriptor, grey where a code has none.

const VIRIDIS = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121],
  [110, 206, 88], [181, 222, 43], [253, 231, 37],
];
export const UNUSABLE = "rgb(140, 146, 154)";

/** @param {number} share 0 to 1 @returns {string} */
export function mixColor(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((c, i) => Math.round(c + (place - low) * (VIRIDIS[low + 1][i] - c)));
  return `rgb(${mixed.join(", ")})`;
}

/** @param {Float32Array} values @param {import("./scale.js").Scale} scale @returns {string[]} a colour for each code */
export const colorCodes = (values, scale) =>
  Array.from(values, (value) => (Number.isNaN(value) ? UNUSABLE : mixColor(scale.share(value))));
