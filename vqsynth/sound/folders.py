"""Folders of sounds to train on: which sounds are found, which are held out, and which cannot be used."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vqsynth.errors import AudioError, ParameterError
from vqsynth.sound import audio
from vqsynth.sound.offset import SILENT, is_silent, offset_free_pieces
from vqsynth.storage.files import StrPath

HOLD_OUT_EVERY = 10
"""Every tenth file is held out, if there are ten or more and no validation sounds are named."""
NOT_SOUND = frozenset({
    ".asd", ".cfg", ".csv", ".cue", ".db", ".gz", ".html", ".ini", ".jpeg", ".jpg", ".js", ".json", ".log",
    ".m3u", ".map", ".md", ".mid", ".midi", ".nfo", ".ovw", ".pdf", ".peak", ".pek", ".pk", ".pkf", ".png",
    ".py", ".reapeaks", ".rpp", ".safetensors", ".sfk", ".sfv", ".sha256", ".svg", ".toml", ".ts", ".tsv",
    ".txt", ".wfm", ".xml", ".yaml", ".yml", ".zip",
})  # fmt: skip
"""Extensions of files that are skipped silently: lists, notes, pictures, and the peak files of sound editors."""
HEARD_AT_HZ = 44100
HIDDEN = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information")
"""System folders. They are skipped, as are folders whose names begin with a dot."""


@dataclass(frozen=True)
class Skipped:
    """Hold the path of a file that was not used, and the reason."""

    path: Path
    reason: str

    @classmethod
    def because(cls, file: Path, error: Exception) -> "Skipped":
        """Make one from an error whose message names the file."""
        return cls(file, str(error).replace(f"'{file}'", "it"))


@dataclass(frozen=True)
class Found:
    """Hold the sound files that were found, and the files that cannot be read."""

    sounds: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Split:
    """Hold the files to train on, the held-out files, and the files of either that cannot be used."""

    training: tuple[Path, ...]
    held_out: tuple[Path, ...]
    skipped: tuple[Skipped, ...] = field(default=())


def find_sounds(paths: Iterable[StrPath]) -> Found:
    """List the sound files that paths lead to.

    Folders are searched at any depth, in sorted order, and links are followed. Hidden files and folders are left out.

    Parameters
    ----------
    paths : iterable of paths
        Files and folders.

    Returns
    -------
    Found
        Each file once. Broken links, and files and folders that cannot be opened, are listed as skipped.

    Raises
    ------
    AudioError
        If a path does not exist.

    """
    found: dict[Path, Path] = {}
    skipped: list[Skipped] = []
    searched: set[Path] = set()
    for path in map(Path, paths):
        if not path.exists():
            what = "is a broken link" if path.is_symlink() else "does not exist"
            raise AudioError(f"'{path}' {what}; name sound files or folders of them")
        inside = _search(path, searched, skipped) if path.is_dir() else [path]
        for p in inside:
            found.setdefault(p.resolve(), p)
    return Found(tuple(found.values()), tuple(skipped))


def split_sounds(sounds: Sequence[StrPath], validation: Sequence[StrPath] | None = None) -> Split:
    """Find sounds, and split them into those to train on and those to hold out.

    Parameters
    ----------
    sounds : sequence of paths
        Files and folders.
    validation : sequence of paths, optional
        Files and folders to hold out, also from inside `sounds`. By default every tenth file is held out, if there are
        ten or more.

    Returns
    -------
    Split
        Held-out sounds that are silent or cannot be read are listed as skipped.

    Raises
    ------
    AudioError
        If no sound is found, or a path does not exist.
    ParameterError
        If no sound is left to train on.

    """
    found = find_sounds(sounds)
    if not found.sounds:
        why = f" ('{found.skipped[0].path}': {found.skipped[0].reason})" if found.skipped else ""
        raise AudioError(f"found no sound in {', '.join(map(str, sounds))}{why}; name files or folders that hold sound")
    named = find_sounds(validation) if validation else Found(found.sounds[HOLD_OUT_EVERY - 1 :: HOLD_OUT_EVERY], ())
    apart = {path.resolve() for path in named.sounds}
    kept = tuple(path for path in found.sounds if path.resolve() not in apart)
    if not kept:
        raise ParameterError(
            "at least one sound must be left to train on (all are held out as validation); hold out fewer"
        )
    held_out, unheard = read_each(named.sounds, _check_audible)
    skipped = dict.fromkeys((*found.skipped, *named.skipped, *unheard))
    return Split(kept, held_out, tuple(skipped))


def read_each(paths: Iterable[Path], read: Callable[[Path], Any]) -> tuple[tuple[Path, ...], tuple[Skipped, ...]]:
    """Read files one by one, and go on when one fails.

    Parameters
    ----------
    paths : iterable of Path
        The files.
    read : callable
        Reads one file. AudioError and OSError count as a failure.

    Returns
    -------
    used : tuple of Path
        The files that could be read.
    skipped : tuple of Skipped
        The files that could not, with the reasons.

    """
    used, skipped = [], []
    for path in paths:
        try:
            read(path)
            used.append(path)
        except (AudioError, OSError) as e:
            skipped.append(Skipped.because(path, e))
    return tuple(used), tuple(skipped)


def check_usable(used: Sequence[Path], unread: Sequence[Skipped]) -> None:
    """Check that there is at least one usable sound. Raises AudioError, which says why the first one cannot be used."""
    if not used:
        why = f": {unread[0].path.name}: {unread[0].reason}" if unread else ""
        raise AudioError(f"no usable sound among {len(unread)} files{why}; name files or folders that hold sound")


def plan_training(split: Split, say: Callable[[str], object]) -> None:
    """Report what of a split would be used: a line with its length for each sound, then what is skipped.

    Parameters
    ----------
    split : Split
        The sounds.
    say : callable
        Takes each line.

    Raises
    ------
    AudioError
        If no sound is usable.

    """
    lengths_s: dict[Path, float] = {}

    def measure(file: Path) -> None:
        lengths_s[file] = _measure_length(file)
        say(f"{lengths_s[file]:9.2f} s  {file}")

    used, unread = read_each(split.training, measure)
    check_usable(used, unread)
    for path in split.held_out:
        say(f" held out    {path}")
    say(summarize_sounds(len(used), sum(lengths_s.values()), (*split.skipped, *unread)))


def name_apart(paths: Sequence[Path]) -> list[str]:
    """Name each file by its folder and its file name, or by as many folders more as make all names differ."""
    resolved = [path.resolve() for path in paths]
    deepest = max((len(path.parts) for path in resolved), default=2)
    for depth in range(2, max(3, deepest + 1)):
        names = ["/".join(path.parts[1:][-depth:]) for path in resolved]
        if len(set(names)) == len(set(resolved)):
            break
    return names


def summarize_sounds(n_files: int, seconds: float, skipped: Sequence[Skipped]) -> str:
    """Return a summary of the files that are used, with a line for each that is skipped, and the reason.

    Parameters
    ----------
    n_files : int
        Number of files that are used.
    seconds : float
        How long they are together.
    skipped : sequence of Skipped
        The files that are not used.

    Returns
    -------
    str

    """
    lines = [f"{n_files} files, {seconds / 60:.1f} minutes; {len(skipped)} skipped" + (" because" if skipped else "")]
    return "\n".join([*lines, *(f"  '{s.path}': {s.reason}" for s in skipped)])


def _search(folder: Path, searched: set[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Walk through a folder in sorted order.

    `searched` holds the real folders that are done, so links may form a circle.
    """
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
    """Yield a file that may be a sound, or the files of a folder. Raises OSError if the system refuses."""
    if child.name.startswith(".") or child.name in HIDDEN or (child.suffix.lower() in NOT_SOUND and child.is_file()):
        return
    if child.is_symlink() and not os.path.exists(child):  # noqa: PTH110 - no error for a link to itself
        skipped.append(Skipped(child, f"it is a broken link ({os.readlink(child)})"))  # noqa: PTH115
    elif child.is_dir():
        yield from _search(child, searched, skipped)
    elif child.is_file():
        yield child
    else:
        skipped.append(Skipped(child, "it is not a regular file"))


def _check_audible(file: Path) -> None:
    """Read a sound up to the first sample that can be heard. Raises AudioError if it is silent or not a sound."""
    if is_silent(audio.stream(file, sr=HEARD_AT_HZ), HEARD_AT_HZ):
        raise AudioError(f"'{file}' holds only silence")


def _measure_length(file: Path) -> float:
    """Return the length of a sound in seconds. Raises AudioError if it is silent or not a sound."""
    n_samples, peak = 0, 0.0
    for piece in offset_free_pieces(audio.stream(file, sr=HEARD_AT_HZ), HEARD_AT_HZ):
        n_samples, peak = n_samples + len(piece), max(peak, audio.measure_peak(piece))
    if peak <= SILENT:
        raise AudioError(f"'{file}' holds only silence")
    return n_samples / HEARD_AT_HZ
