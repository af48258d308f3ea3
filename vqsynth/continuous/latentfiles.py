"""Read and write files of latent paths: JSON, which people can edit, and safetensors, which is smaller.

Both hold the facts of a path and its two arrays, `components` (C, T) and `loudness_db` (T,). The types of a JSON file
are checked. A safetensors file has a SHA-256 of its contents and is refused where it has changed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vqsynth.errors import ModelError, ParameterError
from vqsynth.storage.files import MOST_BYTES, MOST_TEXT_BYTES, StrPath, read_regular, write_whole
from vqsynth.storage.records import check_field, parse_json, read_numbers
from vqsynth.storage.tensors import Arrays, parse_tensors

FORMAT = 1
KIND = "latent path"
SUFFIXES = (".json", ".safetensors")
FACTS: dict[str, tuple[type, ...]] = {
    "model": (str,), "sha256": (str,), "sr": (int,), "hop_length": (int,), "n_samples": (int,),
    "vocoder": (str, type(None)), "excitation": (str, type(None)), "seed": (int,),
}  # fmt: skip
ARRAYS = ("loudness_db", "components")
_DTYPES = ("float64", "float32")


def check_suffix(file: StrPath) -> str:
    """Return the suffix of a latent path's file in lower case. Raises ParameterError for an unknown one."""
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(f"a latent path must end in {' or '.join(SUFFIXES)} (got '{file}')")
    return suffix


def write_fields(file: StrPath, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Write facts and arrays in the format of the suffix, completely or not at all.

    Raises ParameterError for an unknown suffix, VqsynthError where the file cannot be written.
    """
    about = {"format": FORMAT, "kind": KIND, **facts}
    write_whole(file, _to_json(about, arrays) if check_suffix(file) == ".json" else _to_tensors(about, arrays))


def read_fields(file: StrPath) -> dict[str, Any]:
    """Read the facts and arrays of a file. Their types are checked, their values are not.

    Raises ParameterError for a file of another kind, ModelError where it cannot be read.
    """
    is_text = check_suffix(file) == ".json"
    most_bytes = MOST_TEXT_BYTES if is_text else MOST_BYTES
    data = read_regular(file, error=ModelError, what="the latent path", most_bytes=most_bytes)
    fields = _read_json(data) if is_text else _read_tensors(data)
    if fields.get("kind") != KIND:
        raise ParameterError(f"its kind is {str(fields.get('kind'))[:60]!r}, not {KIND!r}")
    if type(fields.get("format")) is not int or not 1 <= fields["format"] <= FORMAT:
        raise ParameterError(f"its format is {str(fields.get('format'))[:20]}, this version reads up to {FORMAT}")
    facts = {name: check_field(fields, name, *kinds) for name, kinds in FACTS.items()}
    return facts | {name: check_field(fields, name, np.ndarray) for name in ARRAYS}


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


def _read_json(data: bytes) -> dict[str, Any]:
    fields = _parse(data, "JSON with components and loudness_db")
    if "components" in fields:
        rows = check_field(fields, "components", list)
        components = [read_numbers(row, "components") for row in rows if isinstance(row, list)]
        if len(components) < len(rows) or len(set(map(len, components))) > 1:
            raise ParameterError("'components' must hold rows of numbers, all of one length")
        fields["components"] = np.array(components, np.float64)
    if "loudness_db" in fields:
        fields["loudness_db"] = read_numbers(fields["loudness_db"], "loudness_db")
    return fields


def _read_tensors(data: bytes) -> dict[str, Any]:
    try:
        about, arrays = parse_tensors(data)
    except ValueError as e:
        raise ParameterError(f"expected safetensors with components and loudness_db ({e})") from e
    known = {name: arrays[name] for name in ARRAYS if name in arrays}
    if len(known) < len(ARRAYS) or about.get("sha256") != _hash(about.get("facts", ""), known):
        raise ParameterError("it is damaged, or of another kind: its SHA-256 is not the one it names; get a fresh copy")
    if any(known[name].dtype != dtype for name, dtype in zip(ARRAYS, _DTYPES, strict=True)):
        raise ParameterError(f"{' and '.join(ARRAYS)} must be {' and '.join(_DTYPES)}; get a fresh copy")
    return _parse(about["facts"], "safetensors with the facts of a path") | known


def _parse(content: str | bytes, expected: str) -> dict[str, Any]:
    try:
        fields = parse_json(content)
    except ValueError as e:
        raise ParameterError(f"expected {expected} ({e})") from e
    if not isinstance(fields, dict):
        raise ParameterError(f"expected {expected} (got a {type(fields).__name__})")
    return fields
