// Drawing in a lane by keys: Page Up and Page Down walk, arrows move, Insert adds, Delete removes.

import { focusPoint, removeAt } from "./pointing.js";
import { move } from "./points.js";

/** @typedef {import("./lane.js").Lane} Lane */
/** @typedef {import("./pointing.js").Hand} Hand */

const STEP_S = 0.05;
const STEP = 0.01;
const LARGE = 5;
const SMALL = 0.1;

/** Let the points of a lane be moved by keys. @param {Lane} lane @param {Hand} hand */
export function listenToKeys(lane, hand) {
  lane.handles.addEventListener("keydown", (event) => {
    const i = [...lane.handles.children].findIndex((handle) => handle === event.target);
    const act = i < 0 || event.ctrlKey || event.metaKey ? null : verbs(lane, hand, i, event)[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

/** @param {Lane} lane @param {Hand} hand @param {number} i @param {KeyboardEvent} event @returns {Record<string, () => void>} */
function verbs(lane, hand, i, event) {
  const points = hand.points(lane);
  const size = event.shiftKey ? LARGE : event.altKey ? SMALL : 1;
  const last = points.length - 1;
  /** @param {number} right @param {number} up */
  const go = (right, up) => {
    const [time, value] = points[i];
    const to = [time + right * STEP_S * size, lane.scale.value(lane.scale.share(value) + up * STEP * size)];
    hand.set(lane, move(points, i, to, lane.seconds), `${lane.name} key ${i}`);
  };
  /** @param {number} j */
  const walk = (j) => focusPoint(lane, Math.min(Math.max(j, 0), last));
  const remove = () => {
    if (!last) return;
    hand.set(lane, removeAt(points, i), null);
    focusPoint(lane, Math.min(i, last - 1));
  };
  const insert = () => {
    const [time, value] = points[i];
    const next = points[i + 1] ?? [lane.seconds, value];
    const share = (lane.scale.share(value) + lane.scale.share(next[1])) / 2;
    const between = [(time + next[0]) / 2, lane.scale.value(share)];
    hand.set(lane, [...points.slice(0, i + 1), between, ...points.slice(i + 1)], null);
    focusPoint(lane, i + 1);
  };
  return {
    ArrowLeft: () => go(-1, 0), ArrowRight: () => go(1, 0), ArrowUp: () => go(0, 1), ArrowDown: () => go(0, -1),
    PageUp: () => walk(i - 1), PageDown: () => walk(i + 1), Home: () => walk(0), End: () => walk(last),
    Insert: insert, Delete: remove, Backspace: remove,
  };
}
