"use strict";

/** Fit points [x, y] into a box with some air, equal scales on both axes: a view { scale, x, y } of pixels. */
function fitView(points, width, height, air) {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
  const spans = [high[0] - low[0] || 1e-9, high[1] - low[1] || 1e-9];
  const scale = Math.min((width - 2 * air) / spans[0], (height - 2 * air) / spans[1]);
  return { scale, x: width / 2 - scale * (low[0] + high[0]) / 2, y: height / 2 + scale * (low[1] + high[1]) / 2 };
}

/** Tell where a point lies in pixels; y grows upwards on the map. */
function toPixel(view, point) {
  return [view.x + view.scale * point[0], view.y - view.scale * point[1]];
}

/** Zoom by a factor about a pixel, which stays where it is; the scale stays between two bounds. */
function zoomView(view, factor, at, least, most) {
  const scale = Math.min(Math.max(view.scale * factor, least), most), by = scale / view.scale;
  return { scale, x: at[0] + (view.x - at[0]) * by, y: at[1] + (view.y - at[1]) * by };
}

function moveView(view, dx, dy) {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** Find the point nearest to a pixel, no further than `reach` pixels from its edge; -1 where there is none. */
function findNearest(view, points, radii, at, reach) {
  let best = -1, least = Infinity;
  points.forEach((point, i) => {
    const [x, y] = toPixel(view, point), away = Math.hypot(x - at[0], y - at[1]);
    if (away <= radii[i] + reach && away < least) { best = i; least = away; }
  });
  return best;
}

/** Find the next point in a direction [dx, dy] of the screen: near, and rather ahead than aside; -1 where none is. */
function findAhead(view, points, from, direction) {
  const [x0, y0] = toPixel(view, points[from]);
  let best = -1, least = Infinity;
  points.forEach((point, i) => {
    const [x, y] = toPixel(view, point), dx = x - x0, dy = y - y0;
    const ahead = dx * direction[0] + dy * direction[1], aside = Math.abs(dx * direction[1] - dy * direction[0]);
    if (i === from || ahead <= 0 || aside > 2 * ahead) return;
    const price = Math.hypot(ahead, 2 * aside);
    if (price < least) { best = i; least = price; }
  });
  return best;
}

/** List the points along a line between two pixels in the order in which it passes them, each once. */
function findAlong(view, points, radii, from, to, reach) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 3)), found = [];
  for (let k = 1; k <= steps; k++) {
    const at = [from[0] + (to[0] - from[0]) * k / steps, from[1] + (to[1] - from[1]) * k / steps];
    const near = findNearest(view, points, radii, at, reach);
    if (near >= 0 && near !== found[found.length - 1]) found.push(near);
  }
  return found;
}
