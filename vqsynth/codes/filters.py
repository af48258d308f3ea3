"""The filter language of tables: `centroid>2000 and flatness<-20`, `200<pitch<400`, `not (crest>p90 or count==0)`.

A filter consists of comparisons between names, numbers and percentiles, joined by `and`, `or`, `not` and parentheses. A
percentile, `p5` or `p50.5`, is that of the column it is compared with. A comparison with an unusable value is false,
even `!=`; `not` turns that into true. Python's parser reads the text, and only a few kinds of nodes are accepted.
Nothing is ever executed.
"""

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_kind, unknown_name

Bools = NDArray[np.bool_]
MAX_LENGTH = 1000  # longer texts could nest deeper than Python's stack allows

_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_PERCENTILE = re.compile(r"p([0-9]+(?:_[0-9]+)?)")
_DECIMAL_PERCENTILE = re.compile(r"\bp([0-9]+)\.([0-9]+)\b")  # `p50.5` is not a Python name, but `p50_5` is


@dataclass(frozen=True)
class Columns:
    """Hold what a filter may name.

    Parameters
    ----------
    names : sequence of str
        The names that are known.
    column : callable
        Returns the column (K,) of a name.
    percentile : callable
        Returns the p-th percentile, p in 0 to 100, of a name's column.

    """

    names: Sequence[str]
    column: Callable[[str], NDArray[Any]]
    percentile: Callable[[str, float], float]


def match_rows(expression: str, columns: Columns) -> Bools:
    """Find the rows for which a filter holds.

    Parameters
    ----------
    expression : str
        The filter, at most 1000 characters long.
    columns : Columns
        The names in the filter, with their values.

    Returns
    -------
    (K,) bool

    Raises
    ------
    ParameterError
        If the text is not a filter, or a name is unknown.

    """
    check_kind("a filter", expression, str, "text")
    if len(expression) > MAX_LENGTH:
        raise ParameterError(f"a filter must have at most {MAX_LENGTH} characters (got {len(expression)})")
    try:
        tree = ast.parse(_DECIMAL_PERCENTILE.sub(r"p\1_\2", expression.strip()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise _unreadable(expression) from e
    return _rows(tree.body, columns, expression)


def _rows(node: ast.expr, columns: Columns, expression: str) -> Bools:
    if isinstance(node, ast.BoolOp):
        parts = np.stack([_rows(value, columns, expression) for value in node.values])
        return _all(parts) if isinstance(node.op, ast.And) else ~_all(~parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ~_rows(node.operand, columns, expression)
    if isinstance(node, ast.Compare) and all(type(op) in _OPERATORS for op in node.ops):
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return _all(np.stack([_compare(a, op, b, columns, expression) for a, op, b in pairs]))
    raise _unreadable(expression)


def _all(parts: Bools) -> Bools:
    return np.asarray(parts.all(axis=0), dtype=np.bool_)


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr, columns: Columns, expression: str) -> Bools:
    a, b = _operand(left, right, columns, expression), _operand(right, left, columns, expression)
    if not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray):
        raise ParameterError(
            f"each comparison in '{_shorten(expression)}' must hold a name; known are {', '.join(columns.names)}"
        )
    with np.errstate(over="ignore"):  # 1e300 becomes infinity beside a float32 column, and still compares correctly
        held: Bools = _OPERATORS[type(op)](a, b)
    return held & ~np.isnan(a) & ~np.isnan(b)


def _operand(node: ast.expr, other: ast.expr, columns: Columns, expression: str) -> NDArray[Any] | float:
    if isinstance(node, ast.Name):
        if node.id in columns.names:
            return columns.column(node.id)
        if found := _PERCENTILE.fullmatch(node.id):
            return _percentile(float(found[1].replace("_", ".")), other, columns, expression)
        raise unknown_name(node.id, columns.names, "name in the filter")
    number = _number(node)
    if number is None:
        raise _unreadable(expression)
    return number


def _percentile(p: float, other: ast.expr, columns: Columns, expression: str) -> float:
    if not isinstance(other, ast.Name) or other.id not in columns.names:
        raise ParameterError(
            f"p{p:g} in '{_shorten(expression)}' must be compared with a name, as in {columns.names[-1]}<p{p:g}"
        )
    return columns.percentile(other.id, p)


def _number(node: ast.expr) -> float | None:
    """Read a number with at most one sign. Return None if the node is not one."""
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign, node = (-1.0 if isinstance(node.op, ast.USub) else 1.0), node.operand
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float) or isinstance(node.value, bool):
        return None
    try:
        value = sign * float(node.value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _unreadable(expression: str) -> ParameterError:
    return ParameterError(
        f"cannot read the filter '{_shorten(expression)}'; write comparisons (< <= > >= == !=) joined "
        'by and, or, not, as in "centroid>2000 and flatness<-20"'
    )


def _shorten(expression: str) -> str:
    shown = " ".join(expression.split())
    return shown if len(shown) <= 80 else shown[:79] + "…"
