"use strict";

const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const table = find("codes"), filter = find("filter");
const lines = makeSortable(table, data.rows);
const play = makePlayer(data, () => JSON.parse(find("sounds").textContent));
let chosen = null;

function choose(line) {
  if (chosen) { chosen.classList.remove("chosen"); chosen.tabIndex = -1; }
  chosen = line;
  line.classList.add("chosen");
  line.tabIndex = 0;
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  play(Number(line.dataset.row));
}

function step(line, way) {
  do line = way > 0 ? line.nextElementSibling : line.previousElementSibling; while (line && line.hidden);
  return line;
}

function show() {
  const text = filter.value.trim();
  let holds = () => true;
  try {
    if (text) holds = compileFilter(text, data.names, data.rows);
    find("wrong").textContent = "";
  } catch (error) {
    find("wrong").textContent = error.message;
    return;
  }
  let shown = 0;
  lines.forEach((line, i) => { line.hidden = !holds(i); shown += !line.hidden; });
  find("shown").textContent = `${shown} of ${lines.length} codes`;
}

table.tBodies[0].addEventListener("click", (event) => {
  const line = event.target.closest("tr");
  if (line) choose(line);
});
table.addEventListener("keydown", (event) => {
  const line = event.target.closest("tbody tr");
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const next = line && (way ? step(line, way) : [" ", "Enter"].includes(event.key) ? line : null);
  if (!next) return;
  event.preventDefault();
  choose(next);
});
filter.addEventListener("input", show);
filter.form.addEventListener("submit", (event) => event.preventDefault());
if (lines.length) lines[0].tabIndex = 0;
show();
