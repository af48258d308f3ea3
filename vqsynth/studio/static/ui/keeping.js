// The session, kept in the browser after every change, so that nothing is lost when the page or the server ends.

/** @typedef {import("./history.js").Session} Session */

const KEY = "vqsynth session";

/** @param {Session} session */
export function keepSession(session) {
  try {
    localStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // a browser that keeps nothing, or no more: the page works as before
  }
}

/** Return the session that was kept, null where there is none that can be used. @param {string[]} books @returns {Session | null} */
export function recallSession(books) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return isSession(kept) && books.includes(kept.book) ? kept : null;
  } catch {
    return null;
  }
}

/** @param {any} kept @returns {kept is Session} */
function isSession(kept) {
  const known = kept?.kind === KEY && kept.format === 1 && kept.seconds > 0 && kept.seed >= 0;
  return known && Array.isArray(kept.lanes) && kept.lanes.every(isLane);
}

/** @param {any} lane */
const isLane = (lane) =>
  typeof lane?.name === "string" && lane.weight >= 0 && Array.isArray(lane.points) && lane.points.every(isPoint);

/** @param {any} point */
const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
