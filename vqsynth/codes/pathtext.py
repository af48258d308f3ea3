"""Path files as text: JSON, for each path an entry and a line for each run of a code.

    {"format": 2, "kind": "path", "codebook": "violin", "sr": 44100, "hop_length": 512, "runs": [
    {"code": 12, "frames": 4, "gain_db": -20.5},
    {"code": null, "frames": 10}
    ]}

`n_samples`, `sha256`, `excitation`, `seed` and `spread` may stand there too. A path of very many runs is written as
rows instead, `"codes"`, `"gain_db"` and the controls, a number per frame, as all were written once; its envelope as 24
such rows, one for each band.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vqsynth.codes.controls import CONTROLS, ENVELOPE, read_controls
from vqsynth.codes.runs import MOST_FRAMES, count_brackets, fill_silence, read_runs, write_runs
from vqsynth.errors import ParameterError, VqsynthWarning
from vqsynth.errors.checks import check_whole
from vqsynth.storage.records import MOST_BRACKETS, check_field, read_integers, read_numbers

ROWS, RUNS = 1, 2
"""The format: rows of codes and gains, or runs."""
FORMAT, KIND = RUNS, "path"
MOST_SAMPLES = 2**40


def write_text(paths: Sequence[Mapping[str, Any]]) -> str:
    """Write paths, each given as `CodePath.to_fields` lists it, as the text of a file; several are layers."""
    changes = sum(int(np.count_nonzero(np.diff(path["codes"]))) for path in paths)
    frames = sum(len(path["codes"]) for path in paths)
    runs = [list(_list_runs(path)) for path in paths] if changes < MOST_BRACKETS // 2 and frames <= MOST_FRAMES else []
    as_runs = bool(runs) and sum(map(count_brackets, runs)) < MOST_BRACKETS // 2
    texts = map(_runs_text, paths, runs) if as_runs else map(_rows_text, paths)
    layers = ",\n".join(texts)
    if not paths[1:]:
        return layers + "\n"
    version = RUNS if as_runs else ROWS
    return f'{{\n"format": {version},\n"kind": "{KIND}",\n"layers": [\n{layers}\n]\n}}\n'


def read_layers(fields: Any) -> Iterator[dict[str, Any]]:
    """Yield the fields of each path of what a file holds: the arguments of a `CodePath`.

    Raises ParameterError, which says what is wrong. Warns of a length that does not fit the frames.
    """
    if not isinstance(fields, dict) or "layers" not in fields:
        yield _check_fields(fields)
        return
    _check_format(fields)
    left = MOST_FRAMES
    for layer in check_field(fields, "layers", list):
        found = _check_fields(layer, left)
        left -= len(found["codes"]) if "runs" in layer else 0
        yield found


def _list_runs(file: Mapping[str, Any]) -> Iterator[str]:
    controls = {name: file[name] for name in file if name in CONTROLS}
    return write_runs(np.array(file["codes"], np.int64), np.array(file["gain_db"], np.float64), controls)


def _rows_text(file: Mapping[str, Any]) -> str:
    rows = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in file.items())
    return "{\n" + ",\n".join(rows) + "\n}"


def _runs_text(file: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Write a path with its runs; how long it is goes without saying where its last frame is whole."""
    left_out = {"codes", "gain_db", *CONTROLS}
    left_out |= {"n_samples"} if file["n_samples"] == _whole_frames(len(file["codes"]), file["hop_length"]) else set()
    facts = {name: value for name, value in file.items() if name not in left_out} | {"format": RUNS}
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in facts.items()]
    return "\n".join(["{", *lines, '  "runs": [', ",\n".join(f"    {run}" for run in runs), "  ]", "}"])


def _whole_frames(frames: int, hop_length: int) -> int:
    """Count the samples of frames of which the last is as long as the others."""
    return frames * hop_length - 1


_FACTS: dict[str, type] = {"codebook": str, "sr": int, "hop_length": int}
_DEFAULTS: dict[str, tuple[Any, tuple[type, ...]]] = {
    "sha256": ("", (str,)), "excitation": ("coherent", (str,)), "seed": (0, (int,)), "spread": (0.0, (float, int)),
}  # fmt: skip


def _check_format(fields: dict[str, Any]) -> None:
    if type(fields.get("format")) is not int or not 1 <= fields["format"] <= FORMAT:
        raise ParameterError(f"its format is {str(fields.get('format'))[:20]}, this version reads up to {FORMAT}")


def _check_fields(fields: Any, most: int = MOST_FRAMES) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise ParameterError("expected an object with codes and gain_db")
    if fields.get("kind", KIND) != KIND:
        raise ParameterError(f"its kind is {str(fields['kind'])[:60]!r}, not {KIND!r}")
    _check_format(fields)
    blends = fields.get("blend")
    if isinstance(blends, list) and any(blends):
        warnings.warn("the path blends codes, which is no longer done; it plays without", VqsynthWarning, stacklevel=2)
    facts = {name: check_field(fields, name, kind) for name, kind in _FACTS.items()}
    facts |= {name: check_field({name: said} | fields, name, *kinds) for name, (said, kinds) in _DEFAULTS.items()}
    rows = read_runs(check_field(fields, "runs", list), most) if "runs" in fields else _check_rows(fields)
    codes, gain_db = fill_silence(rows.pop("codes"), rows.pop("gain_db"))
    return facts | {
        "n_samples": _count_samples(fields, len(codes)),
        "codes": read_integers(codes, "codes"),
        "gain_db": read_numbers(gain_db, "gain_db"),
        "controls": read_controls(rows, len(codes)) if rows else None,
    }


def _check_rows(fields: dict[str, Any]) -> dict[str, Any]:
    """Take rows of T numbers each. Raises ParameterError, which says what else to shorten, where they differ."""
    rows = {name: check_field(fields, name, list) for name in ("codes", "gain_db", *sorted(CONTROLS & set(fields)))}
    lengths = {name: len(row) for name, row in rows.items() if name != ENVELOPE}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ParameterError(f"its rows hold different numbers of frames ({said}); shorten the longer ones too")
    return rows


def _count_samples(fields: dict[str, Any], frames: int) -> int:
    """Tell how long a path is: as its file says, or, where that does not fit its frames or is not said, as these are.

    Raises ParameterError for what is no duration.
    """
    if not frames:
        raise ParameterError("it has no frames; give at least one run or code")
    hop_length = check_whole("hop_length", fields["hop_length"], 1, MOST_SAMPLES)
    whole = _whole_frames(frames, hop_length) or 1
    said = check_field({"n_samples": whole} | fields, "n_samples", int)
    if 1 + check_whole("n_samples", said, 1, MOST_SAMPLES) // hop_length == frames:
        return int(said)
    warnings.warn(
        f"a path of {frames} frames does not last {said} samples, as its n_samples says; it is taken to last {whole}, "
        "leave n_samples away",
        VqsynthWarning,
        stacklevel=6,
    )
    return whole
