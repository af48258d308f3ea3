// Drawing in a lane by mouse, finger or pen: freehand, lines, points that are dragged, what is erased.

import { erase, extend, move, simplify, splice } from "./points.js";

/** @typedef {import("./lane.js").Lane} Lane */
/** @typedef {import("./points.js").Pair} Pair */

/**
 * What a lane is drawn with.
 * @typedef {object} Hand
 * @property {() => "draw" | "line" | "erase"} tool
 * @property {(lane: Lane, point: Pair) => Pair} snap
 * @property {(lane: Lane) => Pair[]} points those that are there
 * @property {(lane: Lane, points: Pair[], key: string | null) => void} set
 * @property {() => void} close ends what is undone as one
 */

const NEAR = 10;
const NEAR_FINGER = 22;
/** Pixels after which a press is a stroke. */
const STILL = 3;

/** Let a lane be drawn in. @param {Lane} lane @param {Hand} hand */
export function listen(lane, hand) {
  const { plot } = lane;
  /** @type {Gesture | null} */
  let gesture = null;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || gesture) return;
    event.preventDefault();
    plot.setPointerCapture(event.pointerId);
    gesture = begin(lane, hand, event);
  });
  plot.addEventListener("pointermove", (event) => {
    const events = event.getCoalescedEvents?.() ?? [];
    if (gesture) for (const each of events.length ? events : [event]) gesture.go(place(lane, each));
    gesture?.show?.();
    lane.tell(lane.read(place(lane, event)));
  });
  const end = () => {
    gesture?.end();
    gesture = null;
    lane.mark(null);
    lane.sketch([]);
    hand.close();
  };
  plot.addEventListener("pointerup", end);
  plot.addEventListener("pointercancel", end);
  plot.addEventListener("pointerleave", () => lane.tell(null));
  plot.addEventListener("dblclick", (event) => {
    const i = findNear(lane, hand.points(lane), place(lane, event), NEAR);
    if (i >= 0) hand.set(lane, removeAt(hand.points(lane), i), null);
    hand.close();
  });
}

/** @typedef {{ go: (at: Pair) => void, show?: () => void, end: () => void }} Gesture */

/** @param {Lane} lane @param {Hand} hand @param {PointerEvent} event @returns {Gesture} */
function begin(lane, hand, event) {
  const start = place(lane, event);
  const points = hand.points(lane);
  const i = findNear(lane, points, start, event.pointerType === "touch" ? NEAR_FINGER : NEAR);
  const key = `${lane.name} ${event.timeStamp}`;
  if (hand.tool() === "erase") return eraseWith(lane, hand, start, i);
  if (i >= 0) return dragPoint(lane, hand, i, event.shiftKey, key);
  return hand.tool() === "line" ? drawLine(lane, hand, start, key) : drawFreely(lane, hand, start);
}

/** @param {Lane} lane @param {Hand} hand @param {number} i @param {boolean} upright @param {string} key @returns {Gesture} */
function dragPoint(lane, hand, i, upright, key) {
  const before = hand.points(lane);
  /** @type {Pair | null} */
  let to = null;
  focusPoint(lane, i);
  return {
    go: (at) => (to = hand.snap(lane, lane.read(at))),
    show: () => {
      if (to) hand.set(lane, move(before, i, upright ? [before[i][0], to[1]] : to, lane.seconds), key);
    },
    end: () => {},
  };
}

/** @param {Lane} lane @param {Hand} hand @param {Pair} start @param {string} key @returns {Gesture} */
function drawLine(lane, hand, start, key) {
  const before = hand.points(lane);
  const from = hand.snap(lane, lane.read(start));
  /** @type {Pair} */
  let to = from;
  return {
    go: (at) => (to = hand.snap(lane, lane.read(at))),
    show: () => {
      const stroke = to[0] < from[0] ? [to, from] : [from, to];
      if (to[0] !== from[0]) hand.set(lane, splice(before, stroke), key);
    },
    end: () => {
      if (to[0] === from[0]) addPoint(lane, hand, from);
    },
  };
}

/** @param {Lane} lane @param {Hand} hand @param {Pair} start @returns {Gesture} */
function drawFreely(lane, hand, start) {
  let stroke = [lane.read(start)];
  let moved = false;
  return {
    go: (at) => {
      moved ||= Math.hypot(at[0] - start[0], at[1] - start[1]) > STILL;
      stroke = extend(stroke, lane.read(at));
    },
    show: () => lane.sketch(moved ? stroke : []),
    end: () => {
      if (!moved) return addPoint(lane, hand, hand.snap(lane, lane.read(start)));
      const thin = simplify(stroke, (point) => lane.place(point));
      return hand.set(lane, splice(hand.points(lane), thin), null);
    },
  };
}

/** @param {Lane} lane @param {Hand} hand @param {Pair} start @param {number} i @returns {Gesture} */
function eraseWith(lane, hand, start, i) {
  const from = lane.read(start)[0];
  let to = from;
  /** @returns {[number, number]} */
  const span = () => [Math.min(from, to), Math.max(from, to)];
  return {
    go: (at) => (to = lane.read(at)[0]),
    show: () => lane.mark(span()),
    end: () => {
      const points = hand.points(lane);
      const left = to === from && i >= 0 ? removeAt(points, i) : erase(points, ...span());
      if (left.length < points.length) hand.set(lane, left, null);
    },
  };
}

/** @param {Lane} lane @param {Hand} hand @param {Pair} point */
function addPoint(lane, hand, point) {
  const points = splice(hand.points(lane), [point]);
  hand.set(lane, points, null);
  focusPoint(lane, points.indexOf(point));
}

/** @param {Pair[]} points @param {number} i */
export const removeAt = (points, i) => points.filter((_, j) => j !== i);

/** @param {Lane} lane @param {number} i */
export function focusPoint(lane, i) {
  const handle = lane.handles.children[i];
  if (handle instanceof SVGElement) handle.focus({ preventScroll: true });
}

/** @param {Lane} lane @param {MouseEvent} event @returns {Pair} */
function place(lane, event) {
  const box = lane.plot.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** @param {Lane} lane @param {Pair[]} points @param {Pair} at @param {number} within @returns {number} -1 for none */
function findNear(lane, points, at, within) {
  let found = -1;
  points.forEach((point, i) => {
    const [x, y] = lane.place(point);
    const away = Math.hypot(x - at[0], y - at[1]);
    if (away < within) [found, within] = [i, away];
  });
  return found;
}
