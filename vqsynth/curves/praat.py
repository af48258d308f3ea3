"""Curves in Praat's text files: tiers of points, such as PitchTier, and Pitch, whose frames hold candidates.

Praat reads such a file as a sequence of numbers and ignores the words between them. This module does the same, so it
reads the long, the short and the spreadsheet format.
"""

import re
from collections.abc import Iterator

from vqsynth.curves.tables import MOST_ROWS
from vqsynth.errors import ParameterError

TIERS = ("PitchTier", "IntensityTier", "DurationTier", "RealTier")
_KIND = re.compile(r'\s*(?:File type\s*=\s*)?"ooTextFile[^"]*"\s*(?:Object class\s*=\s*)?"(\w+)[^"]*"')
_FREE_NUMBER = re.compile(r"(?<!\S)(?:[+-]?[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|--undefined--)(?!\S)")
_ASIDE = re.compile(r'"[^"]*"|![^\n\r]*')


def is_praat(text: str) -> bool:
    """Return whether a text is an object of Praat."""
    return "ooTextFile" in text[:100]


def read_praat(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the points of a tier, or the frames of a Pitch.

    Parameters
    ----------
    text : str
        The whole file.

    Yields
    ------
    line : int
        Number of the line in the text.
    time, value : str
        Time in seconds, and the value. An unvoiced frame has the value "--undefined--".

    Raises
    ------
    ParameterError
        If the text holds another object, or is cut off.

    """
    found = _KIND.match(text)
    kind = found[1] if found else "an unknown object"
    if not found or kind not in (*TIERS, "Pitch"):
        raise ParameterError(
            f"a curve of Praat must be a {', a '.join(TIERS)} or a Pitch (got {kind}); save one of these"
        )
    numbers = _numbers(text, found.end())
    try:
        yield from _frames(numbers) if kind == "Pitch" else _points(numbers)
    except ParameterError:
        raise
    except (RuntimeError, ValueError) as e:  # the numbers ended early, or a count is a fraction
        raise ParameterError(f"the {kind} of Praat is incomplete or malformed; save it again as a text file") from e


def _numbers(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the numbers that stand alone from `start` on, each with its line."""
    plain = _ASIDE.sub(lambda aside: re.sub(r"[^\n\r]", " ", aside[0]), text[start:])
    line = 1 + len(re.findall(r"\r\n|\n|\r", text[:start]))
    for row in re.split(r"\r\n|\n|\r", plain):
        for number in _FREE_NUMBER.findall(row):
            yield line, number
        line += 1


def _points(numbers: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    _skip(numbers, 2)  # the times of start and end
    for _ in range(_count(numbers)):
        line, time = next(numbers)
        yield line, time, next(numbers)[1]


def _frames(numbers: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    _skip(numbers, 2)
    count, step_s, first_s = _count(numbers), float(next(numbers)[1]), float(next(numbers)[1])
    ceiling_hz = float(next(numbers)[1])
    _skip(numbers, 1)  # the largest number of candidates
    for i in range(count):
        _skip(numbers, 1)  # the intensity
        candidates = int(next(numbers)[1])
        line, best = next(numbers) if candidates else (0, "0")
        _skip(numbers, 2 * candidates - 1)
        unvoiced = not 0 < float(best) < ceiling_hz
        yield line, repr(first_s + i * step_s), "--undefined--" if unvoiced else best


def _count(numbers: Iterator[tuple[int, str]]) -> int:
    line, count = next(numbers)
    if int(count) > MOST_ROWS:
        raise ParameterError(f"line {line}: a file must have at most {MOST_ROWS} points (got {count}); thin them out")
    return int(count)


def _skip(numbers: Iterator[tuple[int, str]], count: int) -> None:
    for _ in range(count):
        next(numbers)
