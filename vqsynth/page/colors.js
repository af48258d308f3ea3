"use strict";

// Seventeen colours of viridis, evenly spaced: what lies between two of them is mixed.
const VIRIDIS = [
  [68, 1, 84], [72, 24, 106], [71, 45, 123], [66, 64, 134], [59, 82, 139], [51, 99, 141],
  [44, 114, 142], [38, 130, 142], [33, 145, 140], [31, 160, 136], [40, 174, 128], [63, 188, 115],
  [94, 201, 98], [132, 212, 75], [173, 220, 48], [216, 226, 25], [253, 231, 37],
];
const UNUSABLE = "rgb(140, 146, 154)";

function mixColor(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((c, i) => Math.round(c + (place - low) * (VIRIDIS[low + 1][i] - c)));
  return `rgb(${mixed.join(", ")})`;
}

/** Spread the colours over values, null where there is none; in octaves if asked. */
function makeColors(values, octaves) {
  const scale = octaves ? Math.log2 : (v) => v;
  const usable = (v) => v !== null && v !== undefined && (!octaves || v > 0);
  const known = values.filter(usable);
  const low = Math.min(...known), high = Math.max(...known);
  const span = scale(high) - scale(low), least = 1e-6 * Math.max(1, Math.abs(scale(high)));  // less is rounding
  const color = (v) => (usable(v) ? mixColor(span > least ? (scale(v) - scale(low)) / span : 0.5) : UNUSABLE);
  return { color, low, high, any: known.length > 0 };
}

/** Write a number in four digits or so, and what is missing in words. */
function writeNumber(v) {
  if (v === null || v === undefined) return "none";
  if (Number.isInteger(v)) return String(v);
  return Math.abs(v) >= 1000 ? v.toFixed(0) : String(Number(v.toPrecision(4)));
}
