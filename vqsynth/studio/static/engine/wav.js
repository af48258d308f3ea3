// Sounds as WAV files: 32-bit float, one channel, as vqsynth writes them.

const FLOAT = 3;

/** @param {Float32Array} sound @param {number} sr @returns {ArrayBuffer} */
export function packWav(sound, sr) {
  const size = 4 * sound.length;
  const view = new DataView(new ArrayBuffer(58 + size));
  /** @param {number} at @param {string} text */
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 50 + size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 18, true);
  view.setUint16(20, FLOAT, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sr, true);
  view.setUint32(28, 4 * sr, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 32, true);
  write(38, "fact");
  view.setUint32(42, 4, true);
  view.setUint32(46, sound.length, true);
  write(50, "data");
  view.setUint32(54, size, true);
  sound.forEach((sample, i) => view.setFloat32(58 + 4 * i, sample, true));
  return view.buffer;
}
