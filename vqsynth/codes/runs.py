"""Rows of codes as a person writes them: an entry for each run of a code, silence as null.

    {"code": 12, "frames": 4, "gain_db": -20.5}            four frames, equally loud
    {"code": 17, "gain_db": [-20.1, -20.4], "tilt_db": 1}  two frames, as many as the lists hold
    {"code": null, "frames": 10}                           ten frames of silence

What is not said is one frame, and a control of nothing. An envelope is a list of 24 numbers for the whole run, or for
each frame such a list or 0:

    {"code": 17, "frames": 4, "gain_db": -20, "envelope_db": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5]}
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import CONTROLS, ENVELOPE
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.voice import SILENT_DB
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import unknown_name
from vqsynth.storage.records import read_numbers

MOST_FRAMES = 2**21
"""Frames of all runs of a file, several hours: a short text may ask for any number of them."""
CODE, FRAMES, GAIN = "code", "frames", "gain_db"
_FLAT = np.zeros(BANDS)
_KNOWN = (CODE, FRAMES, GAIN, *sorted(CONTROLS))


def write_runs(
    codes: NDArray[np.int64], gain_db: NDArray[np.float64], controls: Mapping[str, Sequence[float]]
) -> Iterator[str]:
    """Write the JSON of each run.

    Parameters
    ----------
    codes, gain_db : array (T,)
        Of each frame.
    controls : dict of name to list (T,)
        Those that are used; the envelope as 24 lists (T,).

    Yields
    ------
    str
        An entry, in the order of the frames.

    """
    rows = {GAIN: gain_db} | {name: np.asarray(values).T for name, values in controls.items()}
    silent = gain_db == SILENT_DB
    for name in controls:
        silent &= ~rows[name].any(axis=1) if name == ENVELOPE else rows[name] == 0
    begins = np.flatnonzero((np.diff(codes) != 0) | (np.diff(silent) != 0)) + 1
    edges = [0, *begins.tolist(), len(codes)]
    lists = {name: values.tolist() for name, values in rows.items()}
    if ENVELOPE in lists:
        lists[ENVELOPE] = [row if any(row) else 0 for row in lists[ENVELOPE]]
    for start, stop in zip(edges, edges[1:], strict=False):
        near = codes[start - 1] if start else codes[min(stop, len(codes) - 1)]
        entry: dict[str, Any] = {CODE: int(codes[start])}
        if silent[start] and codes[start] == near and (start or stop < len(codes)):
            entry[CODE] = None
        else:
            entry |= {name: _join(values[start:stop]) for name, values in lists.items()}
            entry = {name: value for name, value in entry.items() if name in (CODE, GAIN) or value != 0}
        if stop - start > 1 and not any(_is_per_frame(name, value) for name, value in entry.items()):
            entry = {CODE: entry.pop(CODE), FRAMES: stop - start} | entry
        yield json.dumps(entry)


def read_runs(runs: Sequence[Any], most: int = MOST_FRAMES) -> dict[str, Any]:
    """Read entries of runs.

    Parameters
    ----------
    runs : list
        What a file holds.
    most : int
        Frames that they may have, all together.

    Returns
    -------
    dict of name to list (T,)
        `codes` and `gain_db`, None in silence, and the controls that are used; the envelope as an array (T, 24).

    Raises
    ------
    ParameterError
        For what is no entry; it names the run. Of what the numbers are, only how many is checked.

    """
    said = sorted({name for run in runs if isinstance(run, dict) for name in run} & CONTROLS)
    rows: dict[str, Any] = {name: [] for name in ("codes", GAIN, *said)}
    for number, run in enumerate(runs, 1):
        try:
            frames = _count_frames(run)
            if len(rows["codes"]) + frames > most:
                raise ParameterError(f"with it the runs have more than {MOST_FRAMES} frames; use fewer")
            rows["codes"].extend(repeat(run[CODE], frames))
            for name in (GAIN, *said):
                value = run.get(name, 0 if name in CONTROLS else None)
                value = _read_envelope(value) if name == ENVELOPE else value
                rows[name].extend(value if _is_per_frame(name, value) else repeat(value, frames))
        except ParameterError as e:
            raise ParameterError(f"run {number}: {e}") from e
    return rows | ({ENVELOPE: np.array(rows[ENVELOPE], np.float64)} if ENVELOPE in rows else {})


def _is_per_frame(name: str, value: Any) -> bool:
    """Tell whether a value of an entry holds something for each frame, and is not meant for all."""
    if name == ENVELOPE and isinstance(value, list):
        return any(isinstance(row, list | np.ndarray) for row in value)
    return isinstance(value, list)


def _read_envelope(value: Any) -> Any:
    """Read the envelope of an entry: rows (24,) for each frame as a list, or one for all. Raises ParameterError."""
    if _is_per_frame(ENVELOPE, value):
        return [_read_row(row) for row in value]
    return _read_row(value)


def _read_row(row: Any) -> NDArray[np.float64]:
    if type(row) is int and row == 0:
        return _FLAT
    if not isinstance(row, list) or len(row) != BANDS:
        raise ParameterError(
            f"{ENVELOPE} must be {BANDS} numbers in dB, or for each frame such a list or 0 (got {row!r:.40})"
        )
    return read_numbers(row, ENVELOPE)


def fill_silence(codes: Sequence[Any], gain_db: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Turn None among codes and gains, (T,) each, into silence: the code before it, or the first, goes on unheard."""
    if None not in codes and None not in gain_db:
        return list(codes), list(gain_db)
    code = next((code for code in codes if code is not None), 0)
    filled, gains = [], []
    for given, gain in zip(codes, gain_db, strict=True):
        code = code if given is None else given
        filled.append(code)
        gains.append(SILENT_DB if given is None or gain is None else gain)
    return filled, gains


def count_brackets(lines: Sequence[str]) -> int:
    """Count the lists and objects of lines of JSON."""
    return sum(line.count("[") + line.count("{") for line in lines)


def _join(values: list[Any]) -> Any:
    return values[0] if values.count(values[0]) == len(values) else values


def _count_frames(run: Any) -> int:
    """Tell how many frames an entry has. Raises ParameterError for an entry that is none."""
    if not isinstance(run, dict):
        raise ParameterError(f'expected an entry such as {{"code": 12, "frames": 4, "gain_db": -20}} (got {run!r:.40})')
    for name in run:
        if name not in _KNOWN:
            raise unknown_name(name[:40], _KNOWN, "field")
    _check_code(run)
    lengths = {name: len(value) for name, value in run.items() if _is_per_frame(name, value)}
    frames = run.get(FRAMES, next(iter(lengths.values()), 1))
    if type(frames) is not int or frames < 1:
        raise ParameterError(f"frames must be a whole number of 1 or more (got {frames!r:.40})")
    for name, length in lengths.items():
        if length != frames:
            many, one = ("envelopes", f"{BANDS} numbers") if name == ENVELOPE else ("numbers", "one number")
            raise ParameterError(
                f"{name} holds {length} {many}, and the run has {frames} frames; make them {frames}, or give {one} "
                "for all"
            )
    return frames


def _check_code(run: Mapping[str, Any]) -> None:
    if CODE not in run:
        raise ParameterError("'code' is missing; silence is null")
    if run[CODE] is None:
        if extra := next((name for name in run if name not in (CODE, FRAMES)), None):
            raise ParameterError(f"silence, a code of null, has no {extra}; leave it away")
    elif type(run[CODE]) is not int:
        raise ParameterError(f"code must be a whole number, or null for silence (got {run[CODE]!r:.40})")
    elif GAIN not in run:
        raise ParameterError("'gain_db' is missing; give the level in dB")
