"use strict";

/** List round numbers from low to high, about as many as asked for. */
function niceTicks(low, high, wanted) {
  const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough) || 10);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(Number((k * step).toPrecision(10)));
  return ticks;
}

/** Find the range to show: of all values and some air, and never so little that a small error looks large. */
function findRange(curve) {
  const known = curve.asked.concat(curve.got).filter((v) => v !== null);
  if (!known.length) return [0, 1];
  let low = known.reduce((a, b) => Math.min(a, b)), high = known.reduce((a, b) => Math.max(a, b));
  const asked = curve.asked.filter((v) => v !== null);
  const mean = asked.length ? asked.reduce((a, b) => a + b, 0) / asked.length : 0;
  const size = Math.max(Math.abs(low), Math.abs(high), 1);
  const least = Math.max(curve.unit === "dB" ? 12 : 0.2 * Math.abs(mean), 1e-9 * size);
  const air = 0.06 * (high - low) + Math.max(0, least - (high - low)) / 2;
  return [low - air, high + air];
}

/** Write values as an SVG path with gaps; where pixels are fewer than values, the extremes of each pixel are kept. */
function tracePath(values, x, y) {
  const parts = [];
  let gap = true, column = null, low = null, high = null;
  const flush = () => {
    if (column === null) return;
    // A step of no length makes a dot of a value that stands alone.
    parts.push(`${gap ? "M" : "L"}${column} ${y(low).toFixed(1)}${gap ? "h0" : ""}`);
    if (high !== low) parts.push(`L${column} ${y(high).toFixed(1)}`);
    gap = false;
    column = null;
  };
  values.forEach((v, t) => {
    if (v === null) { flush(); gap = true; return; }
    const at = (Math.round(x(t) * 2) / 2).toFixed(1);
    if (at === column) { low = Math.min(low, v); high = Math.max(high, v); return; }
    flush();
    column = at; low = high = v;
  });
  flush();
  return parts.join("");
}

/** List the runs [first, last] of frames for which something holds. */
function findRuns(n, holds) {
  const runs = [];
  for (let t = 0; t < n; t++) {
    if (!holds(t)) continue;
    if (t && holds(t - 1)) runs[runs.length - 1][1] = t;
    else runs.push([t, t]);
  }
  return runs;
}

/** Draw asked and got as the text of an SVG; `frame` holds left, right, height, and x from frame to pixels. */
function drawCurve(curve, frame, timeTicks) {
  const { left, right, height, x } = frame, [low, high] = findRange(curve);
  const y = (v) => height - 4 - ((v - low) / (high - low)) * (height - 8);
  const out = [`<svg aria-hidden="true"><g class="ticks">`];
  for (const at of timeTicks) out.push(`<line x1="${at}" x2="${at}" y1="0" y2="${height}"/>`);
  for (const v of niceTicks(low, high, height > 100 ? 4 : 2)) {
    out.push(`<line x1="${left}" x2="${right}" y1="${y(v)}" y2="${y(v)}"/>`);
    out.push(`<text x="${left - 7}" y="${y(v) + 4}" text-anchor="end">${v}</text>`);
  }
  out.push(`</g>`);
  if (curve.reach && curve.reach.length) {
    const [from, to] = curve.reach;
    for (const [a, b] of findRuns(curve.asked.length, (t) => curve.asked[t] !== null && (curve.asked[t] < from || curve.asked[t] > to))) {
      const start = Math.max(x(a - 0.5), left), end = Math.min(x(b + 0.5), right);
      out.push(`<rect class="beyond" x="${start}" width="${Math.max(end - start, 0)}" y="0" height="${height}"/>`);
    }
  }
  out.push(`<path class="frame" d="M${left} 0V${height}H${right}"/>`);
  for (const key of ["asked", "got"]) out.push(`<path class="line ${key}" d="${tracePath(curve[key], x, y)}"/>`);
  return out.join("") + "</svg>";
}
