// From what is drawn to what sounds: targets to codes at once, and a moment later to a corrected path.

import { Grid } from "../engine/book.js";
import { frameTimes } from "../engine/curve.js";
import { SHADE_COLUMNS, SHADE_ROWS } from "./lane.js";
import { measureError, readWeights, sampleLane, sampleTargets, spreadWeights } from "./targets.js";

/** @typedef {import("./history.js").Session} Session */
/** @typedef {import("./lane.js").Shown} Shown */
/** @typedef {import("../engine/path.js").CodePath} CodePath */

/** The pause after the last movement before the server is asked to correct. */
const PAUSE_MS = 350;
/** That before reach is shaded anew, which keeps the worker busy. */
const SHADE_PAUSE_MS = 50;

export class Composer {
  /**
   * @param {import("../engine/player.js").Player} player
   * @param {import("./server.js").Server} server
   */
  constructor(player, server) {
    this._player = player;
    this._server = server;
    this._turn = 0;
    this._busy = false;
    this._timer = 0;
    /** @type {Session | null} */
    this._next = null;
    /** @type {CodePath[]} */
    this.paths = [];
    /** @type {Shown} */
    this.shown = { seconds: 1, got: {}, errors: {}, corrected: false, shades: {} };
    /** Told when there is something new to show. @type {() => void} */
    this.onshow = () => {};
    /** Told in a sentence how it stands. @type {(said: string, wrong?: boolean) => void} */
    this.onstate = () => {};
  }

  /**
   * Take a codebook.
   * @param {import("../engine/player.js").Loaded} loaded
   * @param {import("../engine/table.js").Table} table
   * @param {Record<string, import("./scale.js").Scale>} scales
   */
  load(loaded, table, scales) {
    this._card = loaded.card;
    this._grid = new Grid(loaded.card);
    this._table = table;
    this._scales = scales;
    this.paths = [];
    this.shown = { ...this.shown, got: {}, errors: {}, shades: {} };
  }

  /** Correct nothing more of what was drawn. */
  pause() {
    this._server.drop();
    clearTimeout(this._timer);
  }

  /** Follow what is drawn. While codes are being found, only the newest drawing waits. @param {Session} session */
  async follow(session) {
    this._next = session;
    this.pause();
    if (this._busy) return;
    this._busy = true;
    try {
      while (this._next) {
        const drawn = this._next;
        this._next = null;
        await this._choose(drawn);
      }
    } catch (error) {
      this.onstate(error instanceof Error ? error.message : String(error), true);
    } finally {
      this._busy = false;
    }
    if (this._next) await this.follow(this._next);
    else this._timer = setTimeout(() => this._finish(session), SHADE_PAUSE_MS);
  }

  /** Do, once nothing moves, what takes longer. @param {Session} session */
  async _finish(session) {
    const turn = this._turn;
    await this._shade(session);
    if (turn === this._turn && !this._next) this._timer = setTimeout(() => this._correct(session), PAUSE_MS);
  }

  /** @param {Session} session */
  async _choose(session) {
    const { _grid: grid, _table: table, _scales: scales, _card: card } = this;
    if (!grid || !table || !scales || !card) return;
    this._turn++;
    const start = performance.now();
    const targets = sampleTargets(session, scales, frameTimes(grid, session.seconds));
    const selection = { weights: readWeights(session), seed: session.seed };
    const { codes, gain_db } = await this._player.ask({ do: "select", targets, selection });
    const path = { codes, gain_db, n_samples: grid.samples(session.seconds), seed: session.seed };
    this._play([path]);
    const names = Object.keys(targets);
    const got = Object.fromEntries(names.map((name) => [name, name === "loudness" ? targets.loudness : this._look(name, codes)]));
    const errors = Object.fromEntries(names.map((name) => [name, measureError(got[name], targets[name])]));
    this.shown = { seconds: session.seconds, got, errors, corrected: false, shades: this.shown.shades };
    this.onstate(`${new Set(codes).size} codes, found in ${(performance.now() - start).toFixed(0)} ms`);
    this.onshow();
  }

  /** @param {string} name @param {Int32Array} codes */
  _look(name, codes) {
    const values = this._table?.columns[name].values ?? [];
    return Float64Array.from(codes, (code) => values[code]);
  }

  /** @param {CodePath[]} paths */
  _play(paths) {
    this.paths = paths;
    this._player.swap(paths);
  }

  /** @param {Session} session */
  async _shade(session) {
    const { _scales: scales } = this;
    if (!scales) return;
    const last = Math.max(SHADE_COLUMNS - 1, 1);
    const times = Float64Array.from({ length: SHADE_COLUMNS }, (_, i) => (i / last) * session.seconds);
    const lanes = session.lanes.filter((lane) => lane.name !== "loudness").map((lane) => {
      const { low, high } = scales[lane.name];
      return { name: lane.name, values: sampleLane(lane, scales[lane.name], times), low, high };
    });
    this.shown = { ...this.shown, shades: await this._player.ask({ do: "reach", lanes, rows: SHADE_ROWS }) };
    this.onshow();
  }

  /** @param {Session} session */
  async _correct(session) {
    const { _grid: grid, _scales: scales } = this;
    if (!grid || !scales) return;
    const turn = this._turn;
    const sampled = sampleTargets(session, scales, frameTimes(grid, session.seconds));
    const targets = Object.fromEntries(Object.entries(sampled).map(([name, row]) => [name, [...row]]));
    const { book, seconds, seed } = session;
    try {
      this.onstate("correcting");
      const weights = spreadWeights(readWeights(session), sampled.loudness.length);
      const made = await this._server.correct({ book, seconds, seed, targets, weights });
      if (turn !== this._turn) return;
      this._play(made.paths);
      const errors = Object.fromEntries(Object.keys(targets).map((name) => [name, made.errors[name].error]));
      const got = Object.fromEntries(Object.keys(targets).map((name) => [name, made.got[name].map((/** @type {number | null} */ v) => v ?? NaN)]));
      this.shown = { ...this.shown, got, errors, corrected: true };
      this.onstate("measured and corrected");
      this.onshow();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      const why = error instanceof TypeError ? "the server does not answer; what you drew still plays" : error;
      this.onstate(`not corrected: ${why instanceof Error ? why.message : why}`, true);
    }
  }
}
