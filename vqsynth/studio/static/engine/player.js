// The page's side of the engine: asks the worker, and tells the audio thread what to play.

/** @typedef {import("./book.js").Card} Card */
/** @typedef {import("./path.js").CodePath} CodePath */
/** @typedef {import("./playhead.js").Loop} Loop */
/** @typedef {{ card: Card, table: import("./table.js").SentTable, grains: ArrayBuffer, partials: ArrayBuffer }} Loaded */

const here = (/** @type {string} */ name) => new URL(name, import.meta.url);

export class Player {
  /** @param {string} token */
  constructor(token) {
    this._headers = { "X-Vqsynth-Token": token };
    this._worker = new Worker(here("worker.js"), { type: "module" });
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
    this._waiting = new Map();
    this._asked = 0;
    this._worker.onmessage = ({ data }) => this._settle(data);
    /** @type {AudioContext | null} */
    this._context = null;
    /** @type {AudioWorkletNode | null} */
    this._node = null;
    /** @type {Promise<void> | null} */
    this._opening = null;
    /** @type {Loaded | null} */
    this._loaded = null;
    this._sent = false; // whether the audio thread has the codebook that is loaded
    /** @type {CodePath[]} */
    this._paths = [];
    /** Told which frame sounds, -1 for none. @type {(frame: number) => void} */
    this.onframe = () => {};
  }

  /** @param {{ id: number, value?: unknown, error?: string }} answer */
  _settle({ id, value, error }) {
    const waiting = this._waiting.get(id);
    this._waiting.delete(id);
    if (error !== undefined) waiting?.reject(new Error(error));
    else waiting?.resolve(value);
  }

  /** Ask the worker; see there what it answers. @param {Record<string, unknown>} message @returns {Promise<any>} */
  ask(message) {
    const id = ++this._asked;
    return new Promise((resolve, reject) => {
      this._waiting.set(id, { resolve, reject });
      this._worker.postMessage({ ...message, id });
    });
  }

  /** Load a codebook by its name. @param {string} name @returns {Promise<Loaded>} */
  async load(name) {
    const base = new URL(`/api/books/${encodeURIComponent(name)}`, import.meta.url).href;
    const loaded = await this.ask({ do: "load", base, headers: this._headers });
    this._loaded = loaded;
    this._paths = [];
    this._sent = false;
    this.stop();
    if (this._node) this._send();
    return loaded;
  }

  /** Play these paths, layers of one sound, from now on. @param {CodePath[]} paths */
  swap(paths) {
    this._paths = paths;
    if (this._sent) this._tell({ do: "swap", paths });
  }

  /** @param {number} from a frame @param {Loop | null} [loop] */
  async play(from, loop = null) {
    await this._wake();
    this._tell({ do: "play", from, loop });
  }

  /** Hold a code until `stop`. @param {number} code @param {number} gain as a factor */
  async hold(code, gain) {
    await this._wake();
    this._tell({ do: "hold", code, gain });
  }

  stop() {
    this._tell({ do: "stop" });
  }

  /** @param {import("./worklet.js").Message} message */
  _tell(message) {
    this._node?.port.postMessage(message);
  }

  /** Start sound, which browsers allow on a gesture only. */
  async _wake() {
    await this.prepare();
    if (this._context?.state !== "running") await this._context?.resume();
  }

  /** Load all that sound needs, at the first gesture: then it plays without the server too. */
  async prepare() {
    if (!this._loaded) throw new Error("no codebook is loaded yet; choose one");
    const { sr } = this._loaded.card;
    if (this._context && this._context.sampleRate !== sr) await this._close();
    this._opening ??= this._open(sr);
    await this._opening;
    this._send();
  }

  /** @param {number} sr that of the codebook: nothing is resampled */
  async _open(sr) {
    const context = new AudioContext({ sampleRate: sr, latencyHint: "interactive" });
    this._context = context;
    await context.audioWorklet.addModule(here("worklet.js"));
    const node = new AudioWorkletNode(context, "vqsynth-player", { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = ({ data }) => data.frame !== undefined && this.onframe(data.frame);
    node.connect(context.destination);
    this._node = node;
  }

  async _close() {
    this._node?.disconnect();
    this._node = null;
    this._opening = null;
    this._sent = false;
    await this._context?.close();
    this._context = null;
  }

  _send() {
    if (this._sent || !this._loaded) return;
    const { card, grains, partials } = this._loaded;
    this._tell({ do: "load", card, grains, partials });
    this._sent = true;
    this.swap(this._paths);
  }
}
