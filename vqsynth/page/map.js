"use strict";

const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const canvas = find("map"), color = find("color"), points = data.points;
const play = makePlayer(data, () => JSON.parse(find("sounds").textContent));
const INSIDE = 6, ZOOM = 1.25, GAP_MS = 60; // pixels around a dot that count as it; one step; between sounds of a stroke
const pointers = new Map();
let view = null, whole = null, colors = null, chosen = -1, hovered = -1, stroke = null, waiting = [], timer = 0;

const most = Math.max(...data.counts, 1);
const radii = data.counts.map((n) => Math.sqrt(9 + (121 * n) / most));
const columnOf = () => data.names.indexOf(color.value);

function draw() {
  const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  pen.scale(ratio, ratio);
  pen.lineWidth = 0.6;
  pen.strokeStyle = style.getPropertyValue("--paper");
  const column = columnOf();
  data.order.forEach((i) => {
    const [x, y] = toPixel(view, points[i]);
    if (x < -20 || y < -20 || x > canvas.clientWidth + 20 || y > canvas.clientHeight + 20) return;
    pen.beginPath();
    pen.arc(x, y, radii[i], 0, 2 * Math.PI);
    pen.fillStyle = colors.color(data.values[i][column]);
    pen.fill();
    pen.stroke();
  });
  pen.strokeStyle = style.getPropertyValue("--ink");
  for (const [i, width] of [[hovered, 1], [chosen, 2.5]]) {
    if (i < 0) continue;
    const [x, y] = toPixel(view, points[i]);
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, radii[i] + 2.5, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function recolor() {
  const column = columnOf(), bar = document.createElement("i");
  colors = makeColors(data.values.map((row) => row[column]), data.octaves[column]);
  bar.style.background = `linear-gradient(90deg, ${VIRIDIS.map((c) => `rgb(${c.join(",")})`).join(",")})`;
  const [low, high] = colors.any ? [colors.low, colors.high].map(writeNumber) : ["none usable", ""];
  find("scale").replaceChildren(low, bar, `${high} ${data.units[column]}`);
  tell(chosen);
  draw();
}

/** Say what a code is: in the line over the map, which a screen reader reads too. */
function tell(i) {
  if (i < 0) { find("now").textContent = ""; return; }
  const said = data.names.map((name, k) => `${name.replaceAll("_", " ")} ${writeNumber(data.values[i][k])} ${data.units[k]}`.trim());
  find("now").textContent = `code ${data.codes[i]}, used ${data.counts[i]} times: ${said.join(", ")}`;
}

function choose(i) {
  chosen = i;
  tell(i);
  play(i);
  draw();
}

/** Play the codes of a stroke one after the other, fast strokes leaving none out unless they pile up. */
function playSome(found) {
  waiting = waiting.concat(found).slice(-24);
  if (!timer) playNext();
}

function playNext() {
  timer = 0;
  if (!waiting.length) return;
  choose(waiting.shift());
  timer = setTimeout(playNext, GAP_MS);
}

function zoom(factor, at) {
  view = zoomView(view, factor, at || [canvas.clientWidth / 2, canvas.clientHeight / 2], whole.scale / 2, whole.scale * 200);
  draw();
}

function fit() {
  whole = fitView(points, canvas.clientWidth, canvas.clientHeight, 24);
  view = whole;
  draw();
}

const placeOf = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

canvas.addEventListener("pointerdown", (event) => {
  const at = placeOf(event);
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, at);
  if (pointers.size > 1) { stroke = null; return; } // two fingers move and zoom
  const near = findNearest(view, points, radii, at, INSIDE);
  stroke = { plays: near >= 0 && !event.shiftKey && event.button === 0, last: near };
  if (stroke.plays) choose(near);
});

canvas.addEventListener("pointermove", (event) => {
  const at = placeOf(event), before = pointers.get(event.pointerId);
  if (!before) {
    const near = findNearest(view, points, radii, at, INSIDE);
    if (near === hovered) return;
    hovered = near;
    tell(near >= 0 ? near : chosen);
    draw();
    return;
  }
  if (pointers.size === 2) pinch(event.pointerId, before, at);
  else if (stroke && stroke.plays) {
    const found = findAlong(view, points, radii, before, at, 0).filter((i, k) => k || i !== stroke.last);
    if (found.length) { stroke.last = found[found.length - 1]; playSome(found); }
  } else if (stroke) { view = moveView(view, at[0] - before[0], at[1] - before[1]); draw(); }
  pointers.set(event.pointerId, at);
});

function pinch(id, before, at) {
  const [, other] = [...pointers].find(([key]) => key !== id);
  const away = (p) => Math.max(Math.hypot(p[0] - other[0], p[1] - other[1]), 1);
  view = moveView(view, (at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  zoom(away(at) / away(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

["pointerup", "pointercancel"].forEach((name) => canvas.addEventListener(name, (event) => {
  pointers.delete(event.pointerId);
  stroke = null;
}));
canvas.addEventListener("pointerleave", () => { hovered = -1; tell(chosen); draw(); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(1.0015 ** -event.deltaY, placeOf(event));
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const steps = { "+": ZOOM, "=": ZOOM, "-": 1 / ZOOM };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (ways[event.key]) {
    const next = chosen < 0 ? data.order[0] : findAhead(view, points, chosen, ways[event.key]);
    if (next >= 0) { keepInside(next); choose(next); }
  } else if (steps[event.key]) zoom(steps[event.key], chosen < 0 ? null : toPixel(view, points[chosen]));
  else if (event.key === "0" || event.key === "Home") fit();
  else if ([" ", "Enter"].includes(event.key) && chosen >= 0) choose(chosen);
  else return;
  event.preventDefault();
});

/** Move the view such that a code is on it. */
function keepInside(i) {
  const [x, y] = toPixel(view, points[i]), edge = 20;
  const beyond = (v, size) => Math.min(v - edge, 0) + Math.max(v - size + edge, 0);
  view = moveView(view, -beyond(x, canvas.clientWidth), -beyond(y, canvas.clientHeight));
}

find("closer").addEventListener("click", () => zoom(ZOOM ** 2));
find("further").addEventListener("click", () => zoom(ZOOM ** -2));
find("fit").addEventListener("click", fit);
color.addEventListener("change", recolor);
color.value = data.color;
whole = view = fitView(points, canvas.clientWidth, canvas.clientHeight, 24);
recolor();
new ResizeObserver(fit).observe(canvas);
