// The Fourier transform of real numbers, as numpy.fft.rfft and irfft: even lengths, those with factors of 3 too.
//
// A real transform is a complex one of half its length, done in passes of 4, 2 and any prime (Stockham): every pass
// reads one array and writes the other, so that nothing has to be put in order at the end.

/** @typedef {{ re: Float64Array, im: Float64Array }} Complex */

/** @param {number} n @returns {number[]} factors of n, fours first */
function factorize(n) {
  const factors = [];
  for (const factor of [4, 2]) {
    for (; n % factor === 0; n /= factor) factors.push(factor);
  }
  for (let factor = 3; n > 1; factor += 2) {
    for (; n % factor === 0; n /= factor) factors.push(factor);
  }
  return factors;
}

/** @param {number} n @param {number} length @returns {Complex} exp(-2 pi i k / n) for k under length */
function circle(n, length) {
  const angle = (/** @type {number} */ k) => (-2 * Math.PI * k) / n;
  return {
    re: Float64Array.from({ length }, (_, k) => Math.cos(angle(k))),
    im: Float64Array.from({ length }, (_, k) => Math.sin(angle(k))),
  };
}

/** @param {number} n @returns {Complex} */
const zeros = (n) => ({ re: new Float64Array(n), im: new Float64Array(n) });

class ComplexTransform {
  /** @param {number} n */
  constructor(n) {
    this.n = n;
    this.factors = factorize(n);
    this.turns = circle(n, n);
    this.spare = zeros(n);
  }

  /** Transform forward. @param {Complex} points @returns {Complex} where the result lies: in `points` or elsewhere */
  forward(points) {
    let from = points;
    let to = this.spare;
    let done = 1;
    for (const factor of this.factors) {
      if (factor === 4) this._passFour(from, to, done);
      else if (factor === 2) this._passTwo(from, to, done);
      else this._pass(from, to, done, factor);
      [from, to] = [to, from];
      done *= factor;
    }
    return from;
  }

  /** @param {Complex} from @param {Complex} to @param {number} done product of the factors before */
  _passFour({ re: a, im: b }, { re: x, im: y }, done) {
    const { re: c, im: s } = this.turns;
    const left = this.n / (done * 4);
    const far = done * left;
    for (let j = 0; j < left; j++) {
      const t = j * done;
      for (let i = t; i < t + done; i++) {
        const i1 = i + far;
        const i2 = i1 + far;
        const i3 = i2 + far;
        const sumRe = a[i] + a[i2];
        const sumIm = b[i] + b[i2];
        const difRe = a[i] - a[i2];
        const difIm = b[i] - b[i2];
        const oddRe = a[i1] + a[i3];
        const oddIm = b[i1] + b[i3];
        const quarterRe = b[i1] - b[i3];
        const quarterIm = a[i3] - a[i1];
        const o = i + 3 * t;
        x[o] = sumRe + oddRe;
        y[o] = sumIm + oddIm;
        turn(x, y, o + done, difRe + quarterRe, difIm + quarterIm, c[t], s[t]);
        turn(x, y, o + 2 * done, sumRe - oddRe, sumIm - oddIm, c[2 * t], s[2 * t]);
        turn(x, y, o + 3 * done, difRe - quarterRe, difIm - quarterIm, c[3 * t], s[3 * t]);
      }
    }
  }

  /** @param {Complex} from @param {Complex} to @param {number} done */
  _passTwo({ re: a, im: b }, { re: x, im: y }, done) {
    const { re: c, im: s } = this.turns;
    const far = this.n / 2;
    for (let t = 0; t < far; t += done) {
      for (let i = t; i < t + done; i++) {
        x[i + t] = a[i] + a[i + far];
        y[i + t] = b[i] + b[i + far];
        turn(x, y, i + t + done, a[i] - a[i + far], b[i] - b[i + far], c[t], s[t]);
      }
    }
  }

  /** @param {Complex} from @param {Complex} to @param {number} done @param {number} factor */
  _pass({ re: a, im: b }, { re: x, im: y }, done, factor) {
    const { n, turns: { re: c, im: s } } = this;
    const far = n / factor;
    for (let t = 0; t < far; t += done) {
      for (let i = t; i < t + done; i++) {
        for (let q = 0; q < factor; q++) {
          let sumRe = 0;
          let sumIm = 0;
          for (let p = 0; p < factor; p++) {
            const w = ((p * q) % factor) * far;
            const from = i + p * far;
            sumRe += a[from] * c[w] - b[from] * s[w];
            sumIm += a[from] * s[w] + b[from] * c[w];
          }
          turn(x, y, i + (factor - 1) * t + q * done, sumRe, sumIm, c[(t * q) % n], s[(t * q) % n]);
        }
      }
    }
  }
}

/**
 * Write (re + i im) (c + i s) at a place.
 * @param {Float64Array} x @param {Float64Array} y @param {number} at
 * @param {number} re @param {number} im @param {number} c @param {number} s
 */
function turn(x, y, at, re, im, c, s) {
  x[at] = re * c - im * s;
  y[at] = re * s + im * c;
}

/** Transforms of real rows of one length. */
export class RealTransform {
  /** @param {number} n even */
  constructor(n) {
    this.n = n;
    this._half = new ComplexTransform(n / 2);
    this._points = zeros(n / 2);
    this._turns = circle(n, n / 2 + 1);
  }

  /**
   * Transform n reals into n / 2 + 1 bins.
   * @param {ArrayLike<number>} x
   * @param {Complex} bins written
   */
  forward(x, { re, im }) {
    const { _turns: { re: c, im: s }, _points: points } = this;
    const half = this.n / 2;
    for (let i = 0; i < half; i++) {
      points.re[i] = x[2 * i];
      points.im[i] = x[2 * i + 1];
    }
    const { re: a, im: b } = this._half.forward(points);
    for (let k = 0; k <= half; k++) {
      const i = k === half ? 0 : k;
      const j = k === 0 ? 0 : half - k;
      const oddRe = (b[i] + b[j]) / 2;
      const oddIm = (a[j] - a[i]) / 2;
      re[k] = (a[i] + a[j]) / 2 + oddRe * c[k] - oddIm * s[k];
      im[k] = (b[i] - b[j]) / 2 + oddRe * s[k] + oddIm * c[k];
    }
  }

  /**
   * Transform n / 2 + 1 bins into n reals. The imaginary parts of the first and the last bin count as 0.
   * @param {Complex} bins
   * @param {Float64Array} x written
   */
  inverse({ re, im }, x) {
    const { _turns: { re: c, im: s }, _points: points } = this;
    const half = this.n / 2;
    for (let k = 0; k < half; k++) {
      const j = half - k;
      const inner = k > 0 ? 1 : 0;
      const difRe = (re[k] - re[j]) / 2;
      const sumIm = (inner * (im[k] + im[j])) / 2;
      const oddRe = difRe * c[k] + sumIm * s[k];
      const oddIm = sumIm * c[k] - difRe * s[k];
      // conjugated: the transform back of a number is the conjugate of the transform of its conjugate
      points.re[k] = (re[k] + re[j]) / 2 - oddIm;
      points.im[k] = -((inner * (im[k] - im[j])) / 2 + oddRe);
    }
    const { re: a, im: b } = this._half.forward(points);
    for (let i = 0; i < half; i++) {
      x[2 * i] = a[i] / half;
      x[2 * i + 1] = -b[i] / half;
    }
  }
}
