// The thread beside the page: fetches a codebook, turns targets into codes, shades what is in reach, renders.
//
// Every message has an `id`, and the answer has it too, with a `value` or an `error`.
//     load    base, headers           card, table, and the bytes that the audio thread wants
//     select  targets, selection      codes, gain_db, and how many frames were searched
//     reach   lanes, rows             shades by descriptor
//     render  paths                   samples, within full scale

import { Book } from "./book.js";
import { shadeReach } from "./reach.js";
import { limitPeak, renderLayers } from "./render.js";
import { Selector } from "./select.js";
import { Table } from "./table.js";

/** @type {{ book: Book, table: Table, selector: Selector } | null} */
let loaded = null;

const JSON_PARTS = ["card", "table"];
const BYTE_PARTS = ["grains", "distances", "transitions", "partials"];

/** @param {string} url @param {Record<string, string>} headers */
async function get(url, headers) {
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error((await answer.text()) || `${url} answers ${answer.status}`);
  return answer;
}

function needLoaded() {
  if (!loaded) throw new Error("no codebook is loaded yet; load one first");
  return loaded;
}

/** @type {Record<string, (message: any) => any>} */
const verbs = {
  /** @param {{ base: string, headers: Record<string, string> }} message */
  async load({ base, headers }) {
    const [texts, bytes] = await Promise.all([
      Promise.all(JSON_PARTS.map(async (part) => (await get(`${base}/${part}`, headers)).json())),
      Promise.all(BYTE_PARTS.map(async (part) => (await get(`${base}/${part}`, headers)).arrayBuffer())),
    ]);
    const [card, sent] = texts;
    const [grains, distances, transitions, partials] = bytes;
    const table = new Table(sent);
    const selector = new Selector(table, new Float32Array(distances), new Uint32Array(transitions));
    loaded = { book: new Book(card, grains, partials), table, selector };
    return { card, table: sent, grains, partials };
  },

  /** @param {{ targets: import("./demand.js").Targets, selection: import("./select.js").Selection }} message */
  select({ targets, selection }) {
    const { selector } = needLoaded();
    return { ...selector.choose(targets, selection), searched: selector.searched };
  },

  /** @param {{ lanes: import("./reach.js").Lane[], rows: number }} message */
  reach({ lanes, rows }) {
    return shadeReach(needLoaded().table, lanes, rows);
  },

  /** @param {{ paths: import("./path.js").CodePath[] }} message */
  render({ paths }) {
    return limitPeak(renderLayers(needLoaded().book, paths));
  },
};

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ id: data.id, value: await verbs[data.do](data) });
  } catch (error) {
    self.postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) });
  }
};
