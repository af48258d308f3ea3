// NumPy's default generator: the same seed gives the same numbers as numpy.random.default_rng, one after the other.
//
// SeedSequence spreads a seed over 128 bits of state and of sequence; PCG64 (XSL-RR) draws 64 bits at a time. Numbers of
// 128 bits are held as 8 limbs of 16 bits, the lowest first, so that their products and sums stay exact.

const LIMBS = 8;
const BASE = 65536;
// The multiplier of PCG64, 0x2360ed051fc65da44385df649fccf645:
const M0 = 0xf645, M1 = 0x9fcc, M2 = 0xdf64, M3 = 0x4385, M4 = 0x5da4, M5 = 0x1fc6, M6 = 0xed05, M7 = 0x2360;

/**
 * Spread a seed over words of 32 bits, as numpy.random.SeedSequence does.
 * @param {number | number[]} seed one whole number of 0 or more, up to 2 ** 53, or several
 * @param {number} count how many words
 * @returns {Uint32Array}
 */
export function spreadSeed(seed, count) {
  const entropy = [seed].flat().flatMap(splitWords);
  const pool = mixPool(entropy);
  let constant = 0x8b51f9dd;
  return Uint32Array.from({ length: count }, (_, i) => {
    const word = pool[i % pool.length] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    return foldHalf(Math.imul(word, constant));
  });
}

/** @param {number} number @returns {number[]} its words of 32 bits, the lowest first */
function splitWords(number) {
  const words = [];
  for (let rest = number; rest > 0 || !words.length; rest = Math.floor(rest / 2 ** 32)) words.push(rest >>> 0);
  return words;
}

/** @param {number[]} entropy @returns {Uint32Array} four words in which every word of the entropy counts */
function mixPool(entropy) {
  let constant = 0x43b0d7e5;
  /** @param {number} word */
  const hash = (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    return foldHalf(Math.imul(mixed, constant));
  };
  /** @param {number} a @param {number} b */
  const mix = (a, b) => foldHalf(Math.imul(0xca01f9dd, a) - Math.imul(0x4973f715, b));
  const pool = Uint32Array.from({ length: 4 }, (_, i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (const word of entropy.slice(4)) for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(word));
  return pool;
}

/** @param {number} word */
const foldHalf = (word) => (word ^ (word >>> 16)) >>> 0;

/** @param {ArrayLike<number>} words of 32 bits, the lowest first @returns {number[]} limbs */
const toLimbs = (words) => Array.from(words).flatMap((word) => [word & 0xffff, word >>> 16]);

/** Tables of the ziggurat under exp(-x * x / 2) for 23 bits, as NumPy holds them in float32. */
const ZIGGURAT = buildZiggurat();
const TAIL = Math.fround(3.654152885361008796);
const ONE_BY_TAIL = Math.fround(1 / 3.654152885361008796);

function buildZiggurat() {
  const levels = 256;
  const area = 0.00492867323399;
  const scale = 2 ** 23;
  /** @param {number} x */
  const density = (x) => Math.exp(-0.5 * x * x);
  const inside = new Uint32Array(levels);
  const width = new Float32Array(levels);
  const height = new Float32Array(levels);
  let x = 3.654152885361008796;
  const base = area / density(x);
  inside[0] = Math.round((x / base) * scale);
  width[0] = base / scale;
  height[0] = 1;
  for (let i = levels - 1; i > 0; i--) {
    width[i] = x / scale;
    height[i] = density(x);
    const next = i > 1 ? Math.sqrt(-2 * Math.log(area / x + density(x))) : 0;
    inside[i] = Math.round((next / x) * scale); // rounded, as NumPy's are, not cut
    x = next;
  }
  return { inside, width, height };
}

/** Draws numbers. Each method takes as many bits as NumPy's does, so that both stay in step. */
export class Generator {
  /** @param {number | number[]} seed */
  constructor(seed) {
    const words = spreadSeed(seed, 8);
    /** @param {number[]} order */
    const pick = (order) => toLimbs(order.map((i) => words[i]));
    this._increment = addLimbs(pick([6, 7, 4, 5]), pick([6, 7, 4, 5]), 1);
    this._state = new Float64Array(LIMBS);
    this._step();
    this._state = addLimbs(this._state, pick([2, 3, 0, 1]), 0);
    this._step();
    this._low = 0;
    this._high = 0;
    this._kept = -1; // the upper half of 64 bits of which only the lower was asked for
  }

  /** Multiply the state and add the increment. Written out, limb by limb: every number of the noise waits for it. */
  _step() {
    const s = this._state;
    const c = this._increment;
    const s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3], s4 = s[4], s5 = s[5], s6 = s[6], s7 = s[7];
    let sum = c[0] + s0 * M0;
    let over = Math.floor(sum / BASE);
    s[0] = sum - over * BASE;
    sum = over + c[1] + s0 * M1 + s1 * M0;
    over = Math.floor(sum / BASE);
    s[1] = sum - over * BASE;
    sum = over + c[2] + s0 * M2 + s1 * M1 + s2 * M0;
    over = Math.floor(sum / BASE);
    s[2] = sum - over * BASE;
    sum = over + c[3] + s0 * M3 + s1 * M2 + s2 * M1 + s3 * M0;
    over = Math.floor(sum / BASE);
    s[3] = sum - over * BASE;
    sum = over + c[4] + s0 * M4 + s1 * M3 + s2 * M2 + s3 * M1 + s4 * M0;
    over = Math.floor(sum / BASE);
    s[4] = sum - over * BASE;
    sum = over + c[5] + s0 * M5 + s1 * M4 + s2 * M3 + s3 * M2 + s4 * M1 + s5 * M0;
    over = Math.floor(sum / BASE);
    s[5] = sum - over * BASE;
    sum = over + c[6] + s0 * M6 + s1 * M5 + s2 * M4 + s3 * M3 + s4 * M2 + s5 * M1 + s6 * M0;
    over = Math.floor(sum / BASE);
    s[6] = sum - over * BASE;
    sum = over + c[7] + s0 * M7 + s1 * M6 + s2 * M5 + s3 * M4 + s4 * M3 + s5 * M2 + s6 * M1 + s7 * M0;
    s[7] = sum % BASE;
  }

  /** Draw 64 bits into `_low` and `_high`: the two halves of the state, one on the other, turned by its top six bits. */
  _draw() {
    this._step();
    const s = this._state;
    const low = (s[0] + s[1] * BASE) ^ (s[4] + s[5] * BASE);
    const high = (s[2] + s[3] * BASE) ^ (s[6] + s[7] * BASE);
    const turn = s[7] >>> 10;
    const a = turn & 32 ? high : low;
    const b = turn & 32 ? low : high;
    const by = turn & 31;
    this._low = (by ? (a >>> by) | (b << (32 - by)) : a) >>> 0;
    this._high = (by ? (b >>> by) | (a << (32 - by)) : b) >>> 0;
  }

  /** Draw a word of 32 bits. */
  word() {
    if (this._kept >= 0) {
      const kept = this._kept;
      this._kept = -1;
      return kept;
    }
    this._draw();
    this._kept = this._high;
    return this._low;
  }

  /** Draw 53 bits. Bits of lower rank are in `spare`, eight of them, for who needs a level of a ziggurat too. */
  bits() {
    this._draw();
    return this._high * 2 ** 21 + (this._low >>> 11);
  }

  /** Return the eight bits under those that `bits` gave last. */
  get spare() {
    return (this._low >>> 3) & 255;
  }

  /** Draw a double from 0 to 1, 1 excluded: Generator.random(). */
  double() {
    return this.bits() / 2 ** 53;
  }

  /** Draw a float32 from 0 to 1, 1 excluded. */
  float() {
    return (this.word() >>> 8) / 2 ** 24;
  }

  /** Draw a normal number: Generator.standard_normal(dtype=float32). */
  normal() {
    const { inside, width, height } = ZIGGURAT;
    const f = Math.fround;
    for (;;) {
      const word = this.word();
      const level = word & 255;
      const bits = word >>> 9;
      const size = f(bits * width[level]);
      const x = word & 256 ? -size : size;
      if (bits < inside[level]) return x;
      if (level === 0) return this._tail(((bits >>> 8) & 1) === 1);
      const y = f(f(f(height[level - 1] - height[level]) * this.float()) + height[level]);
      if (y < Math.exp(-0.5 * x * x)) return x;
    }
  }

  /** @param {boolean} negative */
  _tail(negative) {
    const f = Math.fround;
    for (;;) {
      const x = f(-ONE_BY_TAIL * f(Math.log1p(-this.float())));
      const y = f(-Math.log1p(-this.float()));
      if (f(y + y) > f(x * x)) return negative ? -f(TAIL + x) : f(TAIL + x);
    }
  }
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} carry @returns {Float64Array} a + b + carry */
function addLimbs(a, b, carry) {
  return Float64Array.from({ length: LIMBS }, (_, i) => {
    const sum = a[i] + b[i] + carry;
    carry = Math.floor(sum / BASE);
    return sum % BASE;
  });
}
