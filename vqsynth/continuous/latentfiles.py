"""Files of latent paths: JSON, rows of numbers that a person can edit, and safetensors, small and sealed.

Both hold the facts of a path and its two arrays, `components` (C, T) and `loudness_db` (T,). A JSON file is checked for
types; a safetensors file has a SHA-256 of all that it says, so that it is what was written or it is refused.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ParameterError
from vqsynth.files import StrPath, write_whole

FORMAT = 1
KIND = "latent path"
SUFFIXES = (".json", ".safetensors")
FACTS: dict[str, tuple[type, ...]] = {
    "model": (str,), "sha256": (str,), "sr": (int,), "hop_length": (int,), "n_samples": (int,),
    "vocoder": (str, type(None)), "excitation": (str, type(None)), "seed": (int,),
}  # fmt: skip
ARRAYS = ("loudness_db", "components")

Arrays = Mapping[str, NDArray[Any]]


def check_suffix(file: StrPath) -> str:
    """Tell the suffix of a latent path's file, in small letters. Raises ParameterError for another one."""
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(f"a latent path must end in {' or '.join(SUFFIXES)} (got '{file}')")
    return suffix


def write_fields(file: StrPath, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Write facts and arrays in the format of the suffix, whole or not at all.

    Raises ParameterError for another suffix, VqsynthError where the system refuses.
    """
    about = {"format": FORMAT, "kind": KIND, **facts}
    write_whole(file, _to_json(about, arrays) if check_suffix(file) == ".json" else _to_tensors(about, arrays))


def read_fields(file: StrPath) -> dict[str, Any]:
    """Read the facts and arrays of a file, each of its type, their values unchecked.

    Raises ParameterError for what is no such file, OSError where the system refuses.
    """
    path = Path(file)
    fields = _read_json(path) if check_suffix(path) == ".json" else _read_tensors(path)
    if fields.get("kind") != KIND:
        raise ParameterError(f"its kind is {fields.get('kind')!r}, not {KIND!r}")
    if type(fields.get("format")) is not int or not 1 <= fields["format"] <= FORMAT:
        raise ParameterError(f"its format is {fields.get('format')!r}, this version reads up to {FORMAT}")
    missing = [name for name in (*FACTS, *ARRAYS) if name not in fields]
    if missing:
        raise ParameterError(f"{missing[0]!r} is missing")
    for name, kinds in FACTS.items():
        if type(fields[name]) not in kinds:
            raise ParameterError(f"{name!r} must be of type {kinds[0].__name__} (got {type(fields[name]).__name__})")
    return {name: fields[name] for name in FACTS} | {name: _as_numbers(fields[name], name) for name in ARRAYS}


def _to_json(about: Mapping[str, Any], arrays: Arrays) -> str:
    """Write a row of the file per fact and per component, its numbers as short as float32 allows."""
    rows = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in about.items()]
    rows.append(f'  "loudness_db": {json.dumps(arrays["loudness_db"].tolist())}')
    components = ",\n".join(f"    [{', '.join(map(str, row))}]" for row in arrays["components"])
    return "{\n" + ",\n".join(rows) + f',\n  "components": [\n{components}\n  ]\n}}\n'


def _to_tensors(about: Mapping[str, Any], arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    facts = json.dumps(about)
    return save({name: np.array(arrays[name]) for name in ARRAYS}, {"facts": facts, "sha256": _hash(facts, arrays)})


def _hash(facts: str, arrays: Arrays) -> str:
    content = (np.ascontiguousarray(arrays[name]).tobytes() for name in ARRAYS)
    return hashlib.sha256(facts.encode() + b"".join(content)).hexdigest()


def _read_json(file: Path) -> dict[str, Any]:
    return _parse(lambda: json.loads(file.read_text(encoding="utf-8")), "JSON with components and loudness_db")


def _read_tensors(file: Path) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    file.open("rb").close()  # what the system says of a folder, safetensors does not
    try:
        with safe_open(file, "numpy") as opened:
            names, about = set(opened.keys()), opened.metadata() or {}
            arrays = {name: opened.get_tensor(name) for name in names & {*ARRAYS}}
    except (SafetensorError, TypeError) as e:
        raise ParameterError(f"expected safetensors with components and loudness_db ({e})") from e
    if len(arrays) < len(ARRAYS) or about.get("sha256") != _hash(about.get("facts", ""), arrays):
        raise ParameterError("it is damaged, or of another kind: its SHA-256 is not the one it names; get a fresh copy")
    return _parse(lambda: json.loads(about["facts"]), "safetensors with the facts of a path") | arrays


def _parse(read: Callable[[], Any], expected: str) -> dict[str, Any]:
    try:
        fields = read()
    except (ValueError, RecursionError) as e:
        raise ParameterError(f"expected {expected} ({e})") from e
    if not isinstance(fields, dict):
        raise ParameterError(f"expected {expected} (got a {type(fields).__name__})")
    return fields


def _as_numbers(values: Any, name: str) -> NDArray[Any]:
    try:
        array = np.array(values)
    except ValueError as e:
        raise ParameterError(f"{name!r} must hold rows of numbers, all of one length") from e
    if array.dtype.kind not in "fiu" or not isinstance(values, list | np.ndarray):
        raise ParameterError(f"{name!r} must hold numbers only")
    return array
