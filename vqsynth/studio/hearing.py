"""A sound to curves: what it has of each descriptor, and what a codebook can follow of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from vqsynth.codebook import Codebook
from vqsynth.curves.listening import hear_sound
from vqsynth.curves.targets import Mappings
from vqsynth.errors import AudioError
from vqsynth.follow.synthesis import gather_targets
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound import audio
from vqsynth.sound.descriptors import REGISTRY
from vqsynth.storage.records import list_numbers
from vqsynth.studio.bounds import LONGEST_S
from vqsynth.studio.scratch import sound_file


def hear(book: Codebook, data: bytes, name: str, mapping: Mappings | None, observer: Observer) -> dict[str, Any]:
    """Measure a sound in the frames of a codebook.

    Parameters
    ----------
    book : Codebook
        The codebook.
    data : bytes
        A sound file.
    name : str
        Its name, of which the suffix counts.
    mapping : str or dict, optional
        How the targets are brought into the codebook's range, by default as `--like` does.
    observer : Observer
        Hears between the steps.

    Returns
    -------
    dict
        `seconds`; `curves`, what the sound has of each descriptor of the table, null where it has nothing; `targets`
        and `weights`, what `vqsynth synth --like` would ask for.

    Raises
    ------
    AudioError
        For what is no sound, for silence, and for more than ten minutes.

    """
    with sound_file(data, name) as file:
        check_length(file, book.grid.sr, observer)
        names = tuple(n for n in book.table.names if n in REGISTRY)
        heard = hear_sound(file, book.grid, names)
        observer.advance(Advance("hearing", 0.6))
        targets, weights, seconds = gather_targets(book, targets={}, like=file, mapping=mapping)
    return {
        "seconds": seconds,
        "curves": _list_rows(heard.values.items()),
        "targets": _list_rows(targets.items()),
        "weights": {n: weight if isinstance(weight, float | int) else list_numbers(np.asarray(weight)) for n, weight in
                    weights.items()},
    }  # fmt: skip


def check_length(file: Path, sr: int, observer: Observer) -> float:
    """Decode a sound file piece by piece and return its duration. Raises AudioError for more than ten minutes."""
    n_samples = 0
    for piece in audio.stream(file, sr=sr, piece_s=10.0):
        n_samples += len(piece)
        observer.advance(Advance("hearing", 0.3 * min(1.0, n_samples / (LONGEST_S * sr))))
        if n_samples > LONGEST_S * sr:
            raise AudioError(f"'{file}' lasts more than {LONGEST_S:g} s; cut it in parts")
    return n_samples / sr


def _list_rows(rows: Iterable[tuple[str, Any]]) -> dict[str, list[float | None]]:
    return {name: list_numbers(np.asarray(row)) for name, row in rows}
