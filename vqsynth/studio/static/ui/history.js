// The document, and its history: everything that undo brings back is in the document, which is the session.

/**
 * @typedef {object} LaneDocument
 * @property {string} name
 * @property {number[][]} points seconds and value, in order of time
 * @property {number} weight
 */

/**
 * @typedef {object} Session
 * @property {"vqsynth session"} kind
 * @property {number} format
 * @property {string} book
 * @property {number} seconds
 * @property {number} seed
 * @property {LaneDocument[]} lanes
 */

const MOST = 500;

export class History {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    this._now = JSON.stringify(session);
    /** @type {string[]} */
    this._past = [];
    /** @type {string[]} */
    this._future = [];
    /** @type {string | null} */
    this._open = null;
    /** Told after every change. @type {() => void} */
    this.onchange = () => {};
  }

  get canUndo() {
    return this._past.length > 0;
  }

  get canRedo() {
    return this._future.length > 0;
  }

  /**
   * Change the session in place.
   * @param {(session: Session) => void} edit
   * @param {string | null} [key] changes of one key in a row, those of a drag, are undone as one
   */
  change(edit, key = null) {
    if (key === null || key !== this._open) {
      this._past.push(this._now);
      this._past.splice(0, this._past.length - MOST);
      this._future = [];
    }
    edit(this.session);
    this._open = key;
    this._now = JSON.stringify(this.session);
    this.onchange();
  }

  /** End a row of changes. */
  close() {
    this._open = null;
  }

  undo() {
    this._move(this._past, this._future);
  }

  redo() {
    this._move(this._future, this._past);
  }

  /** @param {string[]} from @param {string[]} to */
  _move(from, to) {
    const found = from.pop();
    if (found === undefined) return;
    to.push(this._now);
    this._now = found;
    this.session = JSON.parse(found);
    this._open = null;
    this.onchange();
  }
}
