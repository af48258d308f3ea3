"""Folders of sounds to train on, which of them are held out, and which could not be used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vqsynth import audio
from vqsynth.errors import AudioError, ParameterError
from vqsynth.files import StrPath

HOLD_OUT_EVERY = 10
"""Of ten files or more, every tenth is held out where no validation sounds are named."""
NOT_SOUND = frozenset({".json", ".txt", ".md", ".csv", ".png", ".jpg", ".jpeg", ".pdf", ".js", ".ts", ".html", ".map"})
"""Companions of sound files that are passed over without a word."""


@dataclass(frozen=True)
class Skipped:
    """Name a file that was not used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Split:
    """Hold sounds to train on, and those that only the finished model hears."""

    training: tuple[Path, ...]
    held_out: tuple[Path, ...]


def find_sounds(paths: Iterable[StrPath]) -> list[Path]:
    """List the files that `paths` name, folders searched through and through, sorted, each once.

    Raises AudioError for a path that does not exist.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise AudioError(f"'{path}' does not exist; name sound files or folders of them")
        inside = sorted(p for p in path.rglob("*") if _may_be_sound(p)) if path.is_dir() else [path]
        for p in inside:
            found.setdefault(p.resolve(), p)
    return list(found.values())


def split_sounds(sounds: Sequence[StrPath], validation: Sequence[StrPath] | None = None) -> Split:
    """Find sounds and tell those to hold out from those to train on.

    validation: files and folders held out, also where they lie inside `sounds`; with None, every tenth file is, of ten
    or more. What is held out and cannot be read, or is silent, is left out.
    Raises AudioError where there is no sound or a path does not exist, ParameterError where none is left to train on.
    """
    found = find_sounds(sounds)
    if not found:
        raise AudioError(f"no sound in {', '.join(map(str, sounds))}; name files or folders that hold sound")
    held_out = find_sounds(validation) if validation else found[HOLD_OUT_EVERY - 1 :: HOLD_OUT_EVERY]
    apart = {path.resolve() for path in held_out}
    kept = tuple(path for path in found if path.resolve() not in apart)
    if not kept:
        raise ParameterError("every sound is held out as validation, none is left to train on")
    return Split(kept, tuple(path for path in held_out if _is_readable(path)))


def name_apart(paths: Sequence[Path]) -> list[str]:
    """Name files by folder and name, or by as many folders above as it takes to tell them all apart."""
    resolved = [path.resolve() for path in paths]
    deepest = max((len(path.parts) for path in resolved), default=2)
    for depth in range(2, max(3, deepest + 1)):
        names = ["/".join(path.parts[1:][-depth:]) for path in resolved]
        if len(set(names)) == len(set(resolved)):
            break
    return names


def summarize_sounds(n_files: int, seconds: float, skipped: Sequence[Skipped]) -> str:
    """Say in one line how many files are used, how long they are, and which are not used."""
    reasons = "; ".join(f"'{s.path.name}': {s.reason}" for s in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    because = f"; {len(skipped)} skipped because {reasons}{more}" if skipped else "; 0 skipped"
    return f"{n_files} files, {seconds / 60:.1f} minutes{because}"


def _may_be_sound(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in NOT_SOUND


def _is_readable(path: Path) -> bool:
    try:
        return bool(np.any(audio.load(path)[0]))
    except AudioError:
        return False
