// Breakpoints and what editing does to them. A point is [seconds, value]; lists are in order of time, and never changed.

/** @typedef {number[]} Pair */

const APART_S = 0.001;

/** @param {Pair[]} points @param {number} from @param {number} to @returns {Pair[]} without those between two times */
export const erase = (points, from, to) => points.filter(([time]) => time < from || time > to);

/** Put a stroke in the place of what it covers. @param {Pair[]} points @param {Pair[]} stroke */
export function splice(points, stroke) {
  const from = stroke[0][0];
  const to = stroke[stroke.length - 1][0];
  const before = points.filter(([time]) => time < from - APART_S);
  return [...before, ...stroke, ...points.filter(([time]) => time > to + APART_S)];
}

/** Move a point between its neighbours. @param {Pair[]} points @param {number} i @param {Pair} to @param {number} seconds */
export function move(points, i, [time, value], seconds) {
  const low = i > 0 ? points[i - 1][0] + APART_S : 0;
  const high = i + 1 < points.length ? points[i + 1][0] - APART_S : seconds;
  const inside = Math.max(Math.min(time, high), low);
  return points.map((point, j) => (j === i ? [inside, value] : point));
}

/** Make a stroke that goes to and fro go on in time: what is drawn last counts. @param {Pair[]} stroke @param {Pair} point */
export function extend(stroke, point) {
  if (!stroke.length) return [point];
  const last = stroke[stroke.length - 1][0];
  if (point[0] < stroke[0][0]) return [point, ...stroke];
  if (point[0] >= last) return [...stroke.filter(([time]) => time < point[0]), point];
  return [...stroke.filter(([time]) => time <= point[0] - APART_S), point, ...stroke.filter(([time]) => time > point[0] + APART_S)];
}

/**
 * Leave out points that lie near the line through those that stay (Douglas, Peucker, 1973).
 * @param {Pair[]} points
 * @param {(point: Pair) => Pair} place where a point is, in pixels
 * @param {number} [far] pixels
 * @returns {Pair[]}
 */
export function simplify(points, place, far = 1.5) {
  if (points.length < 3) return points;
  const [x0, y0] = place(points[0]);
  const [x1, y1] = place(points[points.length - 1]);
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const distances = points.map((point) => {
    const [x, y] = place(point);
    return Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length;
  });
  const worst = distances.reduce((best, distance, i) => (distance > distances[best] ? i : best), 0);
  if (distances[worst] <= far) return [points[0], points[points.length - 1]];
  const left = simplify(points.slice(0, worst + 1), place, far);
  return [...left.slice(0, -1), ...simplify(points.slice(worst), place, far)];
}
