// The page of the codes: opens a codebook, lays out the lanes, and lets everything hear of each other.

import { Player } from "../engine/player.js";
import { amplify } from "../engine/path.js";
import { Table } from "../engine/table.js";
import { packWav } from "../engine/wav.js";
import { colorCodes, mixColor } from "./colors.js";
import { Composer } from "./composer.js";
import { fillSelect, find, make } from "./dom.js";
import { History } from "./history.js";
import { keepSession, recallSession } from "./keeping.js";
import { Lane } from "./lane.js";
import { CodeMap } from "./map.js";
import { listen } from "./pointing.js";
import { listenToKeys } from "./pointkeys.js";
import { Scale, formatValue } from "./scale.js";
import { Server } from "./server.js";
import { Transport } from "./transport.js";

const HELD_DB = -20;
const SNAP_S = 0.25;
const [SHORTEST_S, LONGEST_S] = [0.5, 600];
const FIRST_BOOK = "violin";

class Studio {
  /** @param {string} token */
  constructor(token) {
    this._server = new Server(token);
    this._player = new Player(token);
    this._composer = new Composer(this._player, this._server);
    this._transport = new Transport(this._player);
    this._map = new CodeMap(find("map", HTMLCanvasElement));
    /** @type {Map<string, Lane>} */
    this._lanes = new Map();
    /** @type {Record<string, Scale>} */
    this._scales = {};
    /** @type {string[]} */
    this._colors = [];
    /** @type {"draw" | "line" | "erase"} */
    this._tool = "draw";
    this._history = new History({ kind: "vqsynth session", format: 1, book: FIRST_BOOK, seconds: 8, seed: 0, lanes: [] });
    this._opened = "";
    this._showing = 0;
    this._anew = false;
    this._connect();
  }

  get _session() {
    return this._history.session;
  }

  async start() {
    const names = (await this._server.books()).map((book) => book.name);
    fillSelect(find("book", HTMLSelectElement), names);
    const kept = recallSession(names);
    if (kept) this._history = new History(kept);
    else this._session.book = names.includes(FIRST_BOOK) ? FIRST_BOOK : names[0];
    await this._open();
    if (!kept) this._begin();
    this._history.onchange = () => {
      keepSession(this._session);
      this._update();
    };
    await this._update();
    document.documentElement.dataset.ready = "";
  }

  /** Draw something to begin with. */
  _begin() {
    const drawn = ["centroid", "flatness", "loudness"].filter((name) => this._scales[name]);
    this._session.lanes = drawn.map((name) => ({ name, points: this._firstPoints(name), weight: 1 }));
    this._history = new History(this._session);
  }

  /** @param {string} name @returns {number[][]} a gesture to begin with */
  _firstPoints(name) {
    const scale = this._scales[name];
    const shares = { centroid: [0.3, 0.75, 0.35, 0.6], loudness: [0.3, 0.75, 0.7, 0.35] }[name] ?? [0.5];
    const gap = this._session.seconds / Math.max(shares.length - 1, 1);
    return shares.map((share, i) => [i * gap, name === "flatness" ? scale.middle : scale.value(share)]);
  }

  /** Open the codebook of the session. */
  async _open() {
    const { book } = this._session;
    this._opened = book;
    this._say(`opening ${book}`);
    const loaded = await this._player.load(book);
    const table = new Table(loaded.table);
    this._table = table;
    this._scales = Object.fromEntries(table.names.map((name) => [name, new Scale(table, name)]));
    this._card = loaded.card;
    this._composer.load(loaded, table, this._scales);
    const color = find("color", HTMLSelectElement);
    const chosen = color.value || "centroid";
    fillSelect(color, loaded.table.names);
    color.value = loaded.table.names.includes(chosen) ? chosen : loaded.table.names[0];
    this._map.load([], []);
    this._paint();
    this._server.places(book).then(({ points }) => {
      if (book === this._opened) this._map.load(points, this._colors);
      this._show();
    });
    this._lanes.clear();
  }

  /** Follow the session wherever it has changed. */
  async _update() {
    const { session } = this._history;
    this._composer.pause();
    if (session.book !== this._opened) await this._open();
    if (session !== this._history.session) return; // undone meanwhile
    this._layOut();
    const { hop_length, sr } = this._card ?? { hop_length: 1, sr: 1 };
    this._transport.measure(1 + Math.floor(Math.round(session.seconds * sr) / hop_length), hop_length / sr);
    this._show();
    await this._composer.follow(session);
  }

  /** Make the lanes that are missing, and drop the others. */
  _layOut() {
    const { lanes, seconds, book } = this._session;
    const kept = lanes.filter(({ name }) => this._scales[name]).map(({ name }) => this._lanes.get(name) ?? this._makeLane(name));
    const roots = kept.map((lane) => lane.root);
    const before = find("lanes", HTMLElement);
    this._lanes = new Map(kept.map((lane) => [lane.name, lane]));
    if (roots.length !== before.children.length || roots.some((root, i) => root !== before.children[i])) {
      before.replaceChildren(...roots);
      const free = Object.keys(this._scales).filter((name) => !this._lanes.has(name) && name !== "pitch_confidence");
      fillSelect(find("add", HTMLSelectElement), free, "add a lane");
      this._show(true);
    }
    find("seconds", HTMLInputElement).value = String(seconds);
    find("book", HTMLSelectElement).value = book;
  }

  /** @param {string} name */
  _makeLane(name) {
    const lane = new Lane(name, this._scales[name]);
    /** @param {(lane: import("./history.js").LaneDocument) => void} edit @param {string | null} key */
    const change = (edit, key) => this._history.change((session) => session.lanes.filter((each) => each.name === name).forEach(edit), key);
    /** @type {import("./pointing.js").Hand} */
    const hand = {
      tool: () => this._tool,
      snap: (_, point) => this._snap(name, point),
      points: () => this._session.lanes.find((each) => each.name === name)?.points ?? [],
      set: (_, points, key) => change((each) => (each.points = points), key),
      close: () => this._history.close(),
    };
    lane.remove.onclick = () => this._history.change((session) => (session.lanes = session.lanes.filter((each) => each.name !== name)));
    lane.weight.oninput = () => change((each) => (each.weight = Number(lane.weight.value)), `weight ${name}`);
    lane.weight.onchange = () => this._history.close();
    listen(lane, hand);
    listenToKeys(lane, hand);
    return lane;
  }

  /** @param {string} name @param {import("./points.js").Pair} point @returns {import("./points.js").Pair} */
  _snap(name, [time, value]) {
    if (!find("snap", HTMLInputElement).checked) return [time, value];
    const snapped = Math.round(time / SNAP_S) * SNAP_S;
    if (name === "pitch") return [snapped, 440 * 2 ** (Math.round(12 * Math.log2(value / 440)) / 12)];
    const digits = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 1);
    return [snapped, Math.round(value / digits) * digits];
  }

  /** Show what is drawn at once, and the rest with the next picture of the screen. @param {boolean} [anew] */
  _show(anew = false) {
    const { lanes, seconds } = this._session;
    if (anew) for (const lane of this._lanes.values()) lane.measure();
    for (const lane of lanes) this._lanes.get(lane.name)?.showAsked(lane, seconds);
    this._anew ||= anew;
    this._showing ||= requestAnimationFrame(() => this._showRest());
  }

  _showRest() {
    const { session } = this._history;
    for (const lane of this._lanes.values()) lane.showGot(this._composer.shown, this._anew);
    this._showing = 0;
    this._anew = false;
    const codes = this._composer.paths[0]?.codes ?? [];
    this._transport.paint(codes, this._colors);
    this._transport.rule(session.seconds);
    this._transport.show();
    find("undo", HTMLButtonElement).disabled = !this._history.canUndo;
    find("redo", HTMLButtonElement).disabled = !this._history.canRedo;
  }

  /** Colour the codes by the descriptor that is chosen. */
  _paint() {
    const name = find("color", HTMLSelectElement).value;
    const scale = this._scales[name];
    if (!this._table || !scale) return;
    this._colors = colorCodes(this._table.columns[name].values, scale);
    this._map.color(this._colors);
    const swatches = Array.from({ length: 10 }, (_, i) => {
      const swatch = make("i");
      swatch.style.background = mixColor(i / 9);
      return swatch;
    });
    find("scale", HTMLElement).replaceChildren(formatValue(scale.low), ...swatches, formatValue(scale.high, scale.unit));
  }

  /** @param {number} code */
  _describe(code) {
    const columns = Object.entries(this._table?.columns ?? {}).filter(([name]) => name !== "loudness" && name !== "pitch_confidence");
    const said = columns.map(([name, { values, unit }]) => `${name} ${formatValue(values[code], unit)}`);
    find("code", HTMLElement).textContent = `code ${code}: ${said.join(", ")}`;
  }

  /** @param {string} said @param {boolean} [wrong] */
  _say(said, wrong = false) {
    const state = find("state", HTMLElement);
    state.textContent = said;
    state.classList.toggle("alert", wrong);
  }

  _connect() {
    this._composer.onshow = () => this._show();
    this._composer.onstate = (said, wrong) => this._say(said, wrong);
    this._transport.onmove = () => {
      const codes = this._composer.paths[0]?.codes ?? [];
      this._map.show(codes, this._transport.playing ? (codes[this._transport.frame] ?? -1) : -1);
    };
    this._map.onpoint = (code) => this._describe(code);
    this._map.onpress = (code) => {
      const level = this._table?.columns.loudness.values[code] ?? 0;
      this._player.hold(code, amplify(HELD_DB - level));
    };
    this._map.onrelease = () => (this._transport.playing ? this._transport.start() : this._player.stop());
    find("color", HTMLSelectElement).onchange = () => {
      this._paint();
      this._show();
    };
    find("undo", HTMLButtonElement).onclick = () => this._history.undo();
    find("redo", HTMLButtonElement).onclick = () => this._history.redo();
    find("export", HTMLButtonElement).onclick = () => this._export();
    find("book", HTMLSelectElement).onchange = ({ target }) => {
      if (target instanceof HTMLSelectElement) this._history.change((session) => (session.book = target.value));
    };
    find("seconds", HTMLInputElement).onchange = ({ target }) => {
      const asked = target instanceof HTMLInputElement ? Number(target.value) : NaN;
      const seconds = Math.min(Math.max(asked || SHORTEST_S, SHORTEST_S), LONGEST_S);
      this._history.change((session) => (session.seconds = seconds));
    };
    find("add", HTMLSelectElement).onchange = ({ target }) => {
      if (!(target instanceof HTMLSelectElement) || !target.value) return;
      const lane = { name: target.value, points: [[0, this._scales[target.value].middle]], weight: 1 };
      this._history.change((session) => session.lanes.push(lane));
    };
    this._connectTools();
    document.addEventListener("keydown", (event) => this._key(event));
    for (const gesture of ["pointerup", "keydown"]) {
      document.addEventListener(gesture, () => this._player.prepare().catch((error) => this._say(error.message, true)), { once: true });
    }
    new ResizeObserver(() => this._show(true)).observe(find("lanes", HTMLElement));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this._show(true));
  }

  _connectTools() {
    for (const button of this._tools()) {
      button.onclick = () => this._pick(button);
      button.onkeydown = ({ key }) => {
        const next = { ArrowRight: button.nextElementSibling, ArrowLeft: button.previousElementSibling }[key];
        if (!(next instanceof HTMLButtonElement)) return;
        this._pick(next);
        next.focus();
      };
    }
  }

  _tools() {
    return [...document.querySelectorAll("[data-tool]")].filter((each) => each instanceof HTMLButtonElement);
  }

  /** @param {HTMLButtonElement} chosen */
  _pick(chosen) {
    const { tool } = chosen.dataset;
    if (tool === "draw" || tool === "line" || tool === "erase") this._tool = tool;
    for (const button of this._tools()) {
      button.setAttribute("aria-checked", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    const { target } = event;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === "z") {
      event.preventDefault();
      return event.shiftKey ? this._history.redo() : this._history.undo();
    }
    const types = target instanceof HTMLElement && target.matches("select, input:not([type=checkbox], [type=range])");
    if (types || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (key === " " && !(target instanceof HTMLButtonElement || target instanceof HTMLInputElement)) {
      event.preventDefault();
      this._transport.toggle();
    } else if (key === "l") find("loop", HTMLInputElement).click();
    else {
      const tool = this._tools().find((button) => button.getAttribute("aria-keyshortcuts")?.toLowerCase() === key);
      if (tool) this._pick(tool);
    }
    return undefined;
  }

  /** Render what sounds, and hand it out as a file. */
  async _export() {
    const sound = await this._player.ask({ do: "render", paths: this._composer.paths });
    const file = new Blob([packWav(sound, this._card?.sr ?? 44100)], { type: "audio/wav" });
    const link = make("a", { href: URL.createObjectURL(file), download: `${this._session.book}.wav` });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

/** Take the token out of the address, so that it is not shown or kept. */
function takeToken() {
  const token = location.hash.slice(1) || (sessionStorage.getItem("token") ?? "");
  sessionStorage.setItem("token", token);
  history.replaceState(null, "", location.pathname);
  return token;
}

const studio = new Studio(takeToken());
studio.start().catch((error) => {
  find("state", HTMLElement).textContent = `the studio did not start: ${error.message}`;
});
