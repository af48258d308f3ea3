"""The methods of a codebook and of a model in a patch, each inlet with its unit and its range."""

from typing import TYPE_CHECKING

import numpy as np

from vqsynth.codes.spreadsheet import format_value
from vqsynth.errors import CodebookError, ModelError
from vqsynth.export.choosing import DEFAULT_LOUDNESS_DB, TARGETS
from vqsynth.export.contract import Method

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord
    from vqsynth.codes.table import DescriptorTable
    from vqsynth.continuous.model import ContinuousModel

SOUND, GAIN = "sound", "gain, 0 is silence and 1 is RMS 1"
RANGE = (2.0, 98.0)
"""The percentiles of a descriptor over the codes that are told as its range."""


def name_methods(book: "CodebookRecord") -> list[Method]:
    """Name the methods of a codebook. Raises CodebookError for a hop that no patch can play."""
    hop, code = book.grid.hop_length, f"code, 0 to {len(book) - 1}"
    if hop & (hop - 1):
        raise CodebookError(
            f"codebook {book.name!r} has a hop of {hop} samples, and nn~ plays powers of two only; train it again with "
            f"a hop of {1 << (hop.bit_length() - 1)} samples (--hop-length), or export another codebook"
        )
    targets = tuple(describe_target(book.table, name) for name in (*TARGETS, "loudness"))
    return [
        Method("encode", (SOUND,), 1, (code, GAIN), hop),
        Method("decode", (code, GAIN), hop, (SOUND,), 1),
        Method("follow", targets, hop, (SOUND,), 1),
        Method("choose", targets, hop, (code, GAIN), hop),
        Method("forward", (SOUND,), 1, (f"{SOUND} in the timbre of {book.name}",), 1),
    ]


def name_model_methods(model: "ContinuousModel") -> list[Method]:
    """Name the methods of a continuous model. Raises ModelError for a hop or a vocoder that no patch can play."""
    hop = model.grid.frames.hop_length
    if hop & (hop - 1):
        raise ModelError(
            f"model {model.name!r} has a hop of {hop} samples, and nn~ plays powers of two only; train it again with a "
            f"hop of {1 << (hop.bit_length() - 1)} samples, or export another model"
        )
    if "magnitude" not in model.vocoder_states:
        raise ModelError(
            f"model {model.name!r} has no vocoder 'magnitude', the one that is exported; train it again with that "
            "vocoder, or export another model"
        )
    latents = (*describe_components(model), "loudness as a factor, 10^(LUFS / 20); 0 is silence")
    return [
        Method("encode", (SOUND,), 1, latents, hop),
        Method("decode", latents, hop, (SOUND,), 1),
        Method("forward", (SOUND,), 1, (f"{SOUND} in the timbre of {model.name}",), 1),
    ]


def describe_target(table: "DescriptorTable", name: str) -> str:
    """Describe an inlet for a target: its unit and the range of the codes."""
    if name == "loudness":
        return (
            f"loudness in LUFS, -60 to -6; 0 asks for {DEFAULT_LOUDNESS_DB:g}, or nothing where nothing else is asked"
        )
    span = find_range(table, name)
    if span is None:
        return f"{name}: no code of this codebook has one"
    unit = table.units[table.position(name)]
    return f"{name} in {unit}, {format_value(span[0])} to {format_value(span[1])}; 0 asks nothing"


def find_range(table: "DescriptorTable", name: str) -> tuple[float, float] | None:
    """Return the range of a descriptor over the codes, or None where no code has it."""
    if name not in table.names or np.isnan(table.column(name)).all():
        return None
    return table.percentile(name, RANGE[0]), table.percentile(name, RANGE[1])


def describe_components(model: "ContinuousModel") -> tuple[str, ...]:
    """Describe the components of a model by the descriptor that each follows most, as its card says."""
    found = model.card.get("components")
    known = {
        entry["component"]: f" follows {entry['descriptor']} ({entry['correlation']:+.2f})"
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, dict) and {"component", "descriptor", "correlation"} <= set(entry)
    }
    return tuple(
        f"component {i},{known.get(i, '')} in deviations, -3 to 3" for i in range(1, len(model.components) + 1)
    )
