// A path: a code and a gain for every frame, and controls where there are any; the fields of vqsynth's path files.

import { BANDS } from "./book.js";

/** @typedef {ArrayLike<number>} Row */

/**
 * @typedef {object} CodePath
 * @property {Row} codes
 * @property {Row} gain_db
 * @property {number} n_samples
 * @property {number} [seed]
 * @property {string} [excitation]
 * @property {Row} [tilt_db]
 * @property {Row} [transpose_cents]
 * @property {Row} [fundamental_hz]
 * @property {Row} [fundamental_db]
 * @property {ArrayLike<Row>} [envelope_db] a row for each of 24 bands
 */

/**
 * The controls of one frame.
 * @typedef {object} Control
 * @property {number} tiltDb
 * @property {number} cents
 * @property {number} fundamentalHz
 * @property {number} fundamentalDb
 * @property {boolean} bent whether a band is moved
 * @property {Float32Array} envelopeDb of 24 bands
 */

/** A gain of this or less is silence. */
export const SILENT_DB = -120;

/** @param {number} db @returns {number} a factor, float32 */
export const amplify = (db) => (db > SILENT_DB ? Math.fround(10 ** (db / 20)) : 0);

/** @returns {Control} */
export function noControl() {
  return { tiltDb: 0, cents: 0, fundamentalHz: 0, fundamentalDb: 0, bent: false, envelopeDb: new Float32Array(BANDS) };
}

/** @param {CodePath} path */
export function hasControls(path) {
  return Boolean(path.tilt_db ?? path.transpose_cents ?? path.fundamental_db ?? path.envelope_db);
}

/**
 * Read the controls of a frame into an object that is there already: the audio thread makes no garbage.
 * @param {CodePath} path
 * @param {number} t
 * @param {Control} into
 */
export function readControl(path, t, into) {
  into.tiltDb = path.tilt_db?.[t] ?? 0;
  into.cents = path.transpose_cents?.[t] ?? 0;
  into.fundamentalHz = path.fundamental_hz?.[t] ?? 0;
  into.fundamentalDb = path.fundamental_db?.[t] ?? 0;
  into.bent = false;
  if (!path.envelope_db) return;
  for (let band = 0; band < BANDS; band++) {
    into.envelopeDb[band] = path.envelope_db[band][t];
    if (into.envelopeDb[band] !== 0) into.bent = true;
  }
}
