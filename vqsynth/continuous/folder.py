"""The files of a continuous model's folder, and how its weights are stored.

    card.json                  name, mel grid, sizes, corpus, figures, licence, SHA-256 of each file
    vae.safetensors            the VAE, the principal components, the quantiles of loudness
    vocoder-NAME.safetensors   a vocoder, one file each

Weights are float16 on disk and float32 in memory. Statistics are float32 on disk too, since rounding them is audible.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.errors import ModelError, VqsynthWarning
from vqsynth.errors.checks import show
from vqsynth.storage.bundle import Card, Kind
from vqsynth.storage.tensors import Arrays, parse_weights

VAE_FILE = "vae.safetensors"
CONTINUOUS = Kind(
    noun="continuous model",
    fields={"name": str, "grid": dict, "vae": dict, "vocoders": dict, "vocoder": str},
    files=(VAE_FILE,),
    error=ModelError,
    name="continuous",
    more="vocoder-*.safetensors",
)
BASELINE = "griffin-lim"
"""The vocoder that every model has: it is not trained."""
EXACT = frozenset({"band_mean", "band_std"})
"""The weights that stay float32."""


RETIRED = frozenset({"istft"})
"""Vocoders of earlier versions that were removed: they sounded worse than Griffin-Lim, which needs no training."""


def vocoder_file(name: str) -> str:
    """Return the file name of a vocoder."""
    return f"vocoder-{name}.safetensors"


def round_weights(state: Arrays, what: str) -> dict[str, NDArray[Any]]:
    """Round weights to the precision they are stored in. Raises ModelError for values that are not finite then."""
    rounded = {}
    for name, values in state.items():
        with np.errstate(over="ignore"):
            kept = np.asarray(values).astype(np.float32 if name.rpartition(".")[2] in EXACT else np.float16)
        if not np.isfinite(kept).all():
            raise ModelError(f"the weights of {what} hold NaN or infinite values in {name!r}; train it again")
        rounded[name] = kept
    return rounded


def pack_model(parts: Mapping[str, Arrays], vocoders: Mapping[str, Arrays]) -> dict[str, bytes]:
    """Return the contents of the files by name, given the parts of the VAE's file and the weights of each vocoder."""
    arrays = {f"{part}.{name}": values for part, state in parts.items() for name, values in state.items()}
    return {VAE_FILE: _to_bytes(arrays)} | {vocoder_file(name): _to_bytes(state) for name, state in vocoders.items()}


def unpack_vae(contents: Mapping[str, bytes], folder: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Read the parts of the VAE's file. Raises ModelError for a damaged file and for NaN."""
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for key, values in parse_weights(contents[VAE_FILE], folder / VAE_FILE, error=ModelError).items():
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = values
    return parts


def unpack_vocoders(card: Card, contents: Mapping[str, bytes], folder: Path) -> dict[str, Arrays]:
    """Read the weights of the vocoders that the card names. Raises ModelError for missing or damaged ones."""
    states: dict[str, Arrays] = {}
    for name, config in card["vocoders"].items():
        file = vocoder_file(name)
        if not isinstance(config, dict) or file not in contents:
            raise ModelError(
                f"'{folder}' is damaged: the card names the vocoder {name!r}, but not its sizes and its file {file!r}; "
                "get a fresh copy of the folder"
            )
        states[name] = parse_weights(contents[file], folder / file, error=ModelError)
    return states


def leave_retired(card: Card) -> Card:
    """Return a card without the vocoders that were removed, and warn where the default is one of them."""
    if not RETIRED & set(card["vocoders"]):
        return card
    left = {name: config for name, config in card["vocoders"].items() if name not in RETIRED}
    default = card["vocoder"] if card["vocoder"] not in RETIRED else next(iter(left), BASELINE)
    if default != card["vocoder"]:
        about = (
            f"vocoder {card['vocoder']!r} of model {show(card['name'])} is played no more, {default!r} takes its place"
        )
        warnings.warn(f"the {about}", VqsynthWarning, stacklevel=3)
    return {**card, "vocoders": left, "vocoder": default}


def _to_bytes(state: Arrays) -> bytes:
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(values) for name, values in state.items()})
