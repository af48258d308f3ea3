// Paths to sound, as vqsynth.render makes it: the first and the last frame are held for half a window, and both ends fade.

import { amplify, hasControls, noControl, readControl } from "./path.js";
import { Voice } from "./voice.js";

/** @typedef {import("./book.js").Book} Book */
/** @typedef {import("./path.js").CodePath} CodePath */

/**
 * Render a path.
 * @param {Book} book
 * @param {CodePath} path
 * @returns {Float32Array} n_samples samples, which may exceed full scale
 */
export function renderPath(book, path) {
  const { lead, hop, nFft } = book.grid;
  const voice = new Voice(book, path);
  const control = hasControls(path) ? noControl() : null;
  const last = path.codes.length - 1;
  const sound = new Float32Array((last + 1 + 2 * lead) * hop);
  for (let i = 0; i * hop < sound.length; i++) {
    const t = Math.min(Math.max(i - lead, 0), last);
    if (control) readControl(path, t, control);
    voice.push(path.codes[t], amplify(path.gain_db[t]), control, sound, i * hop);
  }
  return fadeEnds(sound.slice(nFft, nFft + path.n_samples), (last + 1) * hop - nFft / 2, hop >> 1);
}

/**
 * Render paths that sound together, and add them up.
 * @param {Book} book
 * @param {CodePath[]} paths
 */
export function renderLayers(book, paths) {
  const [sum, ...rest] = paths.map((path) => renderPath(book, path));
  for (const sound of rest) for (let i = 0; i < sum.length; i++) sum[i] += sound[i];
  return sum;
}

/**
 * Turn a sound down where it exceeds full scale, as vqsynth.audio.limit_peak does.
 * @param {Float32Array} sound changed in place
 */
export function limitPeak(sound) {
  let peak = 0;
  for (const sample of sound) peak = Math.max(peak, Math.abs(sample));
  if (peak > 1) for (let i = 0; i < sound.length; i++) sound[i] /= peak;
  return sound;
}

/** @param {Float32Array} sound changed in place @param {number} tail the first sample of what is made last @param {number} fade */
function fadeEnds(sound, tail, fade) {
  const n = sound.length;
  for (let i = 0; i < n; i++) {
    const inward = i < tail ? i : Math.min(i, n - 1 - i);
    const length = Math.max(1, i < tail ? fade : Math.min(fade, n >> 1));
    if (inward < length) sound[i] *= Math.fround(0.5 - 0.5 * Math.cos((Math.PI * inward) / length));
    else if (i < tail) i = Math.max(i, tail - 1);
  }
  return sound;
}
