"use strict";

/**
 * Read a filter such as `centroid>2000 and not p10<pitch<p50` and return what says whether it holds for row i.
 *
 * The language is that of `vqsynth table --where`: comparisons, also in chains, of names, numbers and percentiles,
 * joined by and, or, not and parentheses. No comparison with a missing value holds.
 */
function compileFilter(text, names, rows) {
  const token = /p\d+\.\d+(?!\w)|[A-Za-z_]\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|<=|>=|==|!=|\S/g;
  const tokens = text.match(token) || [];
  let next = 0;
  const columns = new Map(names.map((name, i) => [name, rows.map((row) => row[i])]));
  for (const [word, name] of [["brightness", "centroid"], ["noisiness", "flatness"]]) // as in `table --where`
    if (!columns.has(word) && columns.has(name)) columns.set(word, columns.get(name));
  const operators = {
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b,
    ">=": (a, b) => a >= b, "==": (a, b) => a === b, "!=": (a, b) => a !== b,
  };

  function fail() {
    throw new Error('Write comparisons (< <= > >= == !=) joined by and, or, not, as in "centroid>2000 and flatness<-20".');
  }
  function readOr() {
    let found = readAnd();
    while (tokens[next] === "or") { next++; const a = found, b = readAnd(); found = (i) => a(i) || b(i); }
    return found;
  }
  function readAnd() {
    let found = readNot();
    while (tokens[next] === "and") { next++; const a = found, b = readNot(); found = (i) => a(i) && b(i); }
    return found;
  }
  function readNot() {
    if (tokens[next] === "not") { next++; const a = readNot(); return (i) => !a(i); }
    if (tokens[next] === "(") {
      next++;
      const inner = readOr();
      if (tokens[next++] !== ")") fail();
      return inner;
    }
    return readChain();
  }
  function readChain() {
    const sides = [readOperand()], signs = [];
    while (operators[tokens[next]]) { signs.push(operators[tokens[next++]]); sides.push(readOperand()); }
    if (!signs.length) fail();
    const pairs = signs.map((sign, k) => compare(sides[k], sign, sides[k + 1]));
    return (i) => pairs.every((holds) => holds(i));
  }
  function readOperand() {
    const sign = { "-": -1, "+": 1 }[tokens[next]];
    if (sign) next++;
    const word = tokens[next++];
    if (/^\.?\d/.test(word)) return { number: (sign || 1) * Number(word) };
    if (sign || word === undefined) fail();
    if (columns.has(word)) return { column: columns.get(word) };
    if (/^p\d+(\.\d+)?$/.test(word)) return { percent: Number(word.slice(1)) };
    if (/^[A-Za-z_]\w*$/.test(word)) throw new Error(`Unknown name “${word}”; known are ${names.join(", ")}.`);
    return fail();
  }
  function compare(left, sign, right) {
    if (!left.column && !right.column) throw new Error(`Each comparison needs a name; known are ${names.join(", ")}.`);
    const [a, b] = [valueOf(left, right), valueOf(right, left)];
    return (i) => a(i) !== null && b(i) !== null && sign(a(i), b(i));
  }
  function valueOf(operand, other) {
    if (operand.column) return (i) => operand.column[i];
    const number = operand.percent === undefined ? operand.number : findPercentile(other.column, operand.percent);
    return () => number;
  }

  const holds = readOr();
  if (next < tokens.length) fail();
  return holds;
}

/** Take a percentile of the values that are there, between two of them in proportion; null where there are none. */
function findPercentile(values, percent) {
  if (percent > 100) throw new Error("A percentile must lie between 0 and 100.");
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const place = (percent / 100) * (sorted.length - 1), low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}
