"""Arrays from safetensors: their dtypes and ranks are checked before any array is made."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import VqsynthError
from vqsynth.storage.files import StrPath
from vqsynth.storage.records import parse_json

Arrays = Mapping[str, NDArray[Any]]

_DTYPES = frozenset({"F16", "F32", "F64", "I32", "I64"})
"""The dtypes that vqsynth writes. NumPy has no bfloat16 and no 8-bit floats; bool and complex are never written."""
_MOST_HEADER_BYTES, _MOST_RANK, _MOST_LONG = 2**23, 4, 2**32


def read_header(data: bytes) -> dict[str, Any]:
    """Read the header of safetensors.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    dict
        The dtype, shape and place of every array, by name, and a dict of texts under "__metadata__".

    Raises
    ------
    ValueError
        If the bytes are not safetensors, or hold arrays of a dtype or rank that vqsynth never writes.

    """
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(len(data) - 8, _MOST_HEADER_BYTES):
        raise ValueError("it is not a safetensors file, or was cut off")
    header = parse_json(data[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    header["__metadata__"] = _check_texts(header.get("__metadata__", {}))
    for name, about in header.items():
        if name != "__metadata__":
            _check_entry(name, about)
    return header


def parse_tensors(data: bytes) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Return the metadata and the arrays of safetensors, both by name. Raises ValueError for other bytes."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    header = read_header(data)
    try:
        arrays: dict[str, NDArray[Any]] = parse(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as e:
        raise ValueError(str(e)[:200]) from e
    return header["__metadata__"], arrays


def parse_arrays(data: bytes, file: StrPath, *, error: type[VqsynthError]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file by name.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str or Path
        Name of the file, for the error.
    error : type
        The error that is raised if the file is damaged.

    Returns
    -------
    dict of str to ndarray

    """
    try:
        return parse_tensors(data)[1]
    except ValueError as e:
        raise error(f"'{file}' is damaged: {e}; get a fresh copy of the folder") from e


def parse_weights(data: bytes, file: StrPath, *, error: type[VqsynthError]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file as `parse_arrays` does. Raises `error` unless all are finite floats."""
    arrays = parse_arrays(data, file, error=error)
    check_weights(arrays, file, error=error)
    return arrays


def check_weights(arrays: Arrays, file: StrPath, *, error: type[VqsynthError]) -> None:
    """Check that all arrays of the file are finite floats. Raises `error` otherwise."""
    try:
        _check_floats(arrays)
    except ValueError as e:
        raise error(f"'{file}' is damaged: {e}; get a fresh copy of the folder") from e


def _check_floats(arrays: Arrays) -> None:
    """Check that all arrays are finite floats. Raises ValueError that names one that is not."""
    for name, values in arrays.items():
        if values.dtype.kind != "f":
            raise ValueError(f"{name!r} must hold floats (got {values.dtype})")
        if not np.isfinite(values).all():
            raise ValueError(f"NaN or infinite values in {name!r}")


def _check_texts(texts: Any) -> dict[str, str]:
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("its header has metadata that is not text")
    return texts


def _check_entry(name: str, about: Any) -> None:
    dtype, shape = (about.get("dtype"), about.get("shape")) if isinstance(about, dict) else (None, None)
    if dtype not in _DTYPES if isinstance(dtype, str) else True:
        raise ValueError(
            f"{name[:60]!r} must be of a dtype among {', '.join(sorted(_DTYPES))} (got {str(dtype)[:20]!r})"
        )
    if not isinstance(shape, list) or len(shape) > _MOST_RANK:
        raise ValueError(f"{name[:60]!r} must have a shape of up to {_MOST_RANK} sizes")
    if not all(type(size) is int and 0 <= size <= _MOST_LONG for size in shape):
        raise ValueError(f"{name[:60]!r} must have sizes that are whole numbers")
