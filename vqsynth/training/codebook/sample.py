"""A sound of the codebook, written beside it: its centroid swept up and down."""

import hashlib
import os
from pathlib import Path

from vqsynth.codebook import Codebook
from vqsynth.codes.record import CODEBOOK
from vqsynth.errors import VqsynthError
from vqsynth.follow.correction import ROUNDS
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.storage.bundle import read_card

SECONDS = 10.0
CURVE = "sin(p5,p95,0.2)"
CARD_ENTRY = "sample_sha256"
"""The card's entry with the hash of the sound; by it the next training knows that it may replace the sound."""


def sample_path(folder: Path) -> Path:
    """Return the file of a codebook's sound: FOLDER.wav beside FOLDER."""
    return folder.with_name(f"{folder.name}.wav")


def known_sample(folder: Path) -> str | None:
    """Return the hash of the sound that belongs to the codebook in `folder`, or None if there is no sound."""
    try:
        return read_card(folder, CODEBOOK).get(CARD_ENTRY)
    except VqsynthError:
        return None


def may_write_sample(file: Path, known: str | None) -> bool:
    """Tell whether `file` does not exist, or holds the sound whose hash is known."""
    try:
        return not os.path.lexists(file) or (file.is_file() and known is not None and known == _hash(file))
    except OSError:
        return False


def write_sample(book: Codebook, file: Path, seconds: float = SECONDS, rounds: int = ROUNDS) -> str:
    """Render the sweep, write it, and return the file's hash. Raises VqsynthError where a codebook cannot."""
    made = synthesize(book, seconds=seconds, rounds=rounds, centroid=CURVE)
    audio.save(file, made.y, made.path.sr)
    return _hash(file)


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
