"""Folders of sounds to train on, which of them are held out, and which could not be used."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vqsynth.errors import AudioError, ParameterError
from vqsynth.sound import audio
from vqsynth.sound.offset import SILENT, is_silent_in_pieces, offset_free_pieces
from vqsynth.storage.files import StrPath

HOLD_OUT_EVERY = 10
"""Of ten files or more, every tenth is held out where no validation sounds are named."""
NOT_SOUND = frozenset({
    ".asd", ".cfg", ".csv", ".cue", ".db", ".gz", ".html", ".ini", ".jpeg", ".jpg", ".js", ".json", ".log",
    ".m3u", ".map", ".md", ".mid", ".midi", ".nfo", ".ovw", ".pdf", ".peak", ".pek", ".pk", ".pkf", ".png",
    ".py", ".reapeaks", ".rpp", ".safetensors", ".sfk", ".sfv", ".sha256", ".svg", ".toml", ".ts", ".tsv",
    ".txt", ".wfm", ".xml", ".yaml", ".yml", ".zip",
})  # fmt: skip
"""Companions of sound files that are passed over without a word: lists, notes, pictures, what editors keep of peaks."""
HEARD_AT_HZ = 44100
HIDDEN = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information")
"""Folders that a system keeps for itself, beside those whose names begin with a dot."""


@dataclass(frozen=True)
class Skipped:
    """Name a file that was not used, and why."""

    path: Path
    reason: str

    @classmethod
    def because(cls, path: Path, error: Exception) -> "Skipped":
        """Take the reason from an error that names the file."""
        return cls(path, str(error).replace(f"'{path}'", "it"))


@dataclass(frozen=True)
class Found:
    """Hold the sounds that were found, and what was found that cannot be read."""

    sounds: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Split:
    """Hold sounds to train on, those that only the finished model hears, and what of either cannot be used."""

    training: tuple[Path, ...]
    held_out: tuple[Path, ...]
    skipped: tuple[Skipped, ...] = field(default=())


def find_sounds(paths: Iterable[StrPath]) -> Found:
    """List the files that `paths` name, folders searched through and through, links followed, sorted, each once.

    Links to nowhere, and folders and files that cannot be opened, are listed as skipped. Hidden ones are left out.
    Raises AudioError for a path that does not exist.
    """
    found: dict[Path, Path] = {}
    skipped: list[Skipped] = []
    searched: set[Path] = set()
    for path in map(Path, paths):
        if not path.exists():
            what = "is a link to nowhere" if path.is_symlink() else "does not exist"
            raise AudioError(f"'{path}' {what}; name sound files or folders of them")
        inside = _search(path, searched, skipped) if path.is_dir() else [path]
        for p in inside:
            found.setdefault(p.resolve(), p)
    return Found(tuple(found.values()), tuple(skipped))


def split_sounds(sounds: Sequence[StrPath], validation: Sequence[StrPath] | None = None) -> Split:
    """Find sounds and tell those to hold out from those to train on.

    validation: files and folders held out, also where they lie inside `sounds`; with None, every tenth file is, of ten
    or more. What is held out and cannot be read, or is silent, is listed as skipped.
    Raises AudioError where there is no sound or a path does not exist, ParameterError where none is left to train on.
    """
    found = find_sounds(sounds)
    if not found.sounds:
        why = f" ('{found.skipped[0].path}': {found.skipped[0].reason})" if found.skipped else ""
        raise AudioError(f"no sound in {', '.join(map(str, sounds))}{why}; name files or folders that hold sound")
    named = find_sounds(validation) if validation else Found(found.sounds[HOLD_OUT_EVERY - 1 :: HOLD_OUT_EVERY], ())
    apart = {path.resolve() for path in named.sounds}
    kept = tuple(path for path in found.sounds if path.resolve() not in apart)
    if not kept:
        raise ParameterError("every sound is held out as validation, none is left to train on")
    held_out, unheard = read_each(named.sounds, _check_audible)
    skipped = dict.fromkeys((*found.skipped, *named.skipped, *unheard))
    return Split(kept, held_out, tuple(skipped))


def read_each(paths: Iterable[Path], read: Callable[[Path], Any]) -> tuple[tuple[Path, ...], tuple[Skipped, ...]]:
    """Read files one by one: those that could be read, and those that could not. One bad file stops nothing."""
    used, skipped = [], []
    for path in paths:
        try:
            read(path)
            used.append(path)
        except (AudioError, OSError) as e:
            skipped.append(Skipped.because(path, e))
    return tuple(used), tuple(skipped)


def check_usable(used: Sequence[Path], unread: Sequence[Skipped]) -> None:
    """Refuse to go on with no sound at all. Raises AudioError, which tells why the first could not be used."""
    if not used:
        why = f": {unread[0].path.name}: {unread[0].reason}" if unread else ""
        raise AudioError(f"no usable sound among {len(unread)} files{why}; name files or folders that hold sound")


def plan_training(split: Split, say: Callable[[str], object]) -> None:
    """Tell what of a split would be used: a line for each sound with its seconds, and what is skipped.

    Raises AudioError where nothing is usable.
    """
    lengths_s: dict[Path, float] = {}

    def measure(path: Path) -> None:
        lengths_s[path] = _measure_length(path)
        say(f"{lengths_s[path]:9.2f} s  {path}")

    used, unread = read_each(split.training, measure)
    check_usable(used, unread)
    for path in split.held_out:
        say(f" held out    {path}")
    say(summarize_sounds(len(used), sum(lengths_s.values()), (*split.skipped, *unread)))


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
    """Say how many files are used, how long they are, and in a line each which are not used, and why."""
    lines = [f"{n_files} files, {seconds / 60:.1f} minutes; {len(skipped)} skipped" + (" because" if skipped else "")]
    return "\n".join([*lines, *(f"  '{s.path}': {s.reason}" for s in skipped)])


def _search(folder: Path, searched: set[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Walk through a folder in order. searched: the real folders that are done, so that links may go in a circle."""
    real = folder.resolve()
    if real in searched:
        return
    searched.add(real)
    try:
        children = sorted(folder.iterdir())
    except OSError as e:
        skipped.append(Skipped(folder, f"the folder cannot be opened: {e.strerror}"))
        return
    for child in children:
        try:
            yield from _sort_out(child, searched, skipped)
        except OSError as e:
            skipped.append(Skipped(child, f"it cannot be opened: {e.strerror}"))


def _sort_out(child: Path, searched: set[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Yield a file that may be a sound, or those of a folder. Raises OSError where the system refuses."""
    if child.name.startswith(".") or child.name in HIDDEN or (child.suffix.lower() in NOT_SOUND and child.is_file()):
        return
    if child.is_symlink() and not os.path.exists(child):  # noqa: PTH110 - no error for a link to itself
        skipped.append(Skipped(child, f"it is a link to nowhere ({os.readlink(child)})"))  # noqa: PTH115
    elif child.is_dir():
        yield from _search(child, searched, skipped)
    elif child.is_file():
        yield child
    else:
        skipped.append(Skipped(child, "it is no regular file"))


def _check_audible(path: Path) -> None:
    """Read a sound up to where it can be heard. Raises AudioError for what is no sound, or silent all through."""
    if is_silent_in_pieces(audio.stream(path, sr=HEARD_AT_HZ), HEARD_AT_HZ):
        raise AudioError(f"'{path}' holds only silence")


def _measure_length(path: Path) -> float:
    """Read a sound for its seconds. Raises AudioError for what is no sound, or silent all through."""
    n_samples, peak = 0, 0.0
    for piece in offset_free_pieces(audio.stream(path, sr=HEARD_AT_HZ), HEARD_AT_HZ):
        n_samples, peak = n_samples + len(piece), max(peak, audio.measure_peak(piece))
    if peak <= SILENT:
        raise AudioError(f"'{path}' holds only silence")
    return n_samples / HEARD_AT_HZ
