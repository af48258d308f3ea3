"use strict";

const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const player = find("player"), timeline = find("timeline"), strip = find("strip"), color = find("color");
const style = getComputedStyle(document.documentElement);
const LEFT = parseFloat(style.getPropertyValue("--left")), RIGHT = parseFloat(style.getPropertyValue("--right"));
const FIRST_VALUE = 4; // columns of the table before the descriptors
const rowOf = new Map(data.table.map((row, i) => [row[0], i]));
let chosen = null, following = 0;

const width = () => timeline.clientWidth - LEFT - RIGHT;
const toPixels = (seconds) => LEFT + (seconds / data.seconds) * width();
const toSeconds = (pixels) => Math.min(Math.max((pixels - LEFT) / width(), 0), 1) * data.seconds;
const toFrame = (seconds) => Math.min(Math.round(seconds / data.hop_s), data.codes.length - 1);

function drawAll() {
  const ticks = niceTicks(0, data.seconds, Math.max(2, Math.min(10, width() / 90)));
  const places = ticks.map(toPixels), right = LEFT + width();
  data.curves.forEach((curve, i) => {
    const box = find(`curve-${i}`);
    box.classList.toggle("low", !curve.asked.length);
    box.innerHTML = drawCurve(curve, { left: LEFT, right, height: box.clientHeight, x: (t) => toPixels(t * data.hop_s) }, places);
  });
  const labels = ticks.map((s, i) => `<text x="${places[i]}" y="15" text-anchor="middle">${s}</text>`).join("");
  const name = `<text x="${(LEFT + right) / 2}" y="31" text-anchor="middle">time (s)</text>`;
  find("axis").innerHTML = `<svg aria-hidden="true"><g class="ticks">${labels}${name}</g></svg>`;
  drawFrequencies();
  drawStrip();
  showTimes();
}

function drawFrequencies() {
  const box = find("spectrogram"), height = box.clientHeight, { low_hz: low, top_hz: top } = data.image;
  box.querySelector("img").style.width = `${(100 * data.image.seconds) / data.seconds}%`;
  const texts = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].filter((khz) => khz * 1000 < top).map((khz) => {
    const y = height * (1 - Math.log((khz * 1000) / low) / Math.log(top / low));
    return `<text x="${LEFT - 7}" y="${y + 4}" text-anchor="end">${khz}</text>`;
  });
  const axis = box.querySelector("svg") || box.appendChild(document.createElement("div"));
  axis.outerHTML = `<svg aria-hidden="true"><g class="ticks">${texts.join("")}</g></svg>`;
}

function drawStrip() {
  const ratio = window.devicePixelRatio || 1, place = data.names.indexOf(color.value);
  const colors = makeColors(data.table.map((row) => row[FIRST_VALUE + place]), data.octaves[place]);
  strip.width = Math.round(strip.clientWidth * ratio);
  strip.height = Math.round(strip.clientHeight * ratio);
  const pen = strip.getContext("2d"), start = Math.round(LEFT * ratio), columns = Math.round(width() * ratio);
  for (let i = 0; i < columns; i++) {
    const row = rowOf.get(data.codes[toFrame(((i + 0.5) / columns) * data.seconds)]);
    pen.globalAlpha = chosen === null || chosen === row ? 1 : 0.18;
    pen.fillStyle = colors.color(data.table[row][FIRST_VALUE + place]);
    pen.fillRect(start + i, 0, 1, strip.height);
  }
  const scale = find("scale"), bar = document.createElement("i");
  bar.style.background = `linear-gradient(90deg, ${VIRIDIS.map((c) => `rgb(${c.join(",")})`).join(",")})`;
  const [low, high] = colors.any ? [colors.low, colors.high].map(writeNumber) : ["none usable", ""];
  scale.replaceChildren(low, bar, `${high} ${data.units[place]}`);
}

function showTimes(hovered) {
  const seconds = hovered === undefined ? player.currentTime : hovered, t = toFrame(seconds);
  find("playhead").style.transform = `translateX(${toPixels(Math.min(player.currentTime, data.seconds))}px)`;
  find("hover").hidden = hovered === undefined;
  if (hovered !== undefined) find("hover").style.transform = `translateX(${toPixels(hovered)}px)`;
  data.curves.forEach((curve, i) => {
    const [asked, got] = [curve.asked[t], curve.got[t]].map((v) => `${writeNumber(v)} ${v === null ? "" : curve.unit}`.trim());
    find(`curve-${i}-now`).textContent = `${seconds.toFixed(2)} s: ${curve.asked.length ? `asked ${asked}, got ` : ""}${got}`;
  });
  const row = data.table[rowOf.get(data.codes[t])], place = data.names.indexOf(color.value);
  const value = `${writeNumber(row[FIRST_VALUE + place])} ${data.units[place]}`;
  find("code-now").textContent = `code ${row[0]}, ${color.value.replaceAll("_", " ")} ${value}`;
}

function follow() {
  if (find("hover").hidden) showTimes();
  else find("playhead").style.transform = `translateX(${toPixels(player.currentTime)}px)`;
  cancelAnimationFrame(following);
  if (!player.paused) following = requestAnimationFrame(follow);
}

const inPlots = (event) => event.target.closest(".plot");
timeline.addEventListener("pointermove", (event) => {
  if (!inPlots(event)) return;
  const box = timeline.getBoundingClientRect();
  showTimes(toSeconds(event.clientX - box.left));
  const image = find("spectrogram").getBoundingClientRect(), share = (image.bottom - event.clientY) / image.height;
  const hz = data.image.low_hz * (data.image.top_hz / data.image.low_hz) ** share;
  find("frequency-now").textContent = share >= 0 && share <= 1 ? `${writeNumber(hz)} Hz` : "";
});
timeline.addEventListener("pointerleave", () => { find("frequency-now").textContent = ""; showTimes(); });
timeline.addEventListener("click", (event) => {
  if (inPlots(event)) player.currentTime = toSeconds(event.clientX - timeline.getBoundingClientRect().left);
});
["play", "seeked", "timeupdate"].forEach((name) => player.addEventListener(name, follow));
color.addEventListener("change", () => { drawStrip(); showTimes(); });
new ResizeObserver(drawAll).observe(timeline);

const lines = makeSortable(find("codes"), data.table);
find("codes").tBodies[0].addEventListener("click", (event) => {
  const line = event.target.closest("tr"), row = line ? Number(line.dataset.row) : null;
  chosen = chosen === row ? null : row;
  lines.forEach((other, i) => other.classList.toggle("chosen", i === chosen));
  if (chosen !== null) player.currentTime = data.codes.indexOf(data.table[chosen][0]) * data.hop_s;
  drawStrip();
});
color.value = data.color;
drawAll();
