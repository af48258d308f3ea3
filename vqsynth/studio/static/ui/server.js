// What the page asks the server for. A request that is no longer wanted is aborted.

export class Server {
  /** @param {string} token */
  constructor(token) {
    this._headers = { "X-Vqsynth-Token": token, "Content-Type": "application/json" };
    /** @type {AbortController | null} */
    this._asked = null;
  }

  /** @returns {Promise<{ name: string }[]>} */
  books() {
    return this._fetch("/api/books", {});
  }

  /** Ask where the codes of a codebook lie on the map. @param {string} book @returns {Promise<{ points: number[][] }>} */
  places(book) {
    return this._fetch(`/api/books/${encodeURIComponent(book)}/places`, {});
  }

  /** Ask for a corrected path; the newest request wins. @param {Record<string, unknown>} asked @returns {Promise<any>} */
  correct(asked) {
    this._asked?.abort();
    this._asked = new AbortController();
    return this._fetch("/api/polish", { method: "POST", body: JSON.stringify(asked), signal: this._asked.signal });
  }

  /** Drop the request for a corrected path. */
  drop() {
    this._asked?.abort();
  }

  /** @param {string} address @param {RequestInit} request @returns {Promise<any>} */
  async _fetch(address, request) {
    const answer = await fetch(address, { headers: this._headers, ...request });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error ?? `the server answers ${answer.status}`);
    return said;
  }
}
