"""A sound that comes in, and what a player makes of it: its descriptors as targets, or its spectra as codes.

A frame is the last window of what has come in. So what comes in is heard in the middle of the window that is played a
window later: after n_fft samples, 46 ms at 2048 and 44.1 kHz, and the block of the sound card.
"""

import math
from collections import deque
from typing import Protocol

import numpy as np

from vqsynth.codes.controls import no_controls
from vqsynth.codes.encoding import FrameEncoder, hear_pitch
from vqsynth.codes.matching import SpectrumMatcher
from vqsynth.codes.reaching import NEAR_CENTS, find_distances, list_sure
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.table import DescriptorTable
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.listening import LIKE, LOWEST_DB, QUIET_DB
from vqsynth.curves.ranges import BRIDGED_CENTS, FEW, MOST_OCTAVES, map_range
from vqsynth.live.asking import Asked
from vqsynth.live.sounding import Frame, Sounding
from vqsynth.sound.analysis import Analysis
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.descriptors import lookup
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.loudness import k_weight
from vqsynth.sound.pitch import USABLE_CONFIDENCE, count_samples
from vqsynth.sound.resampling import make_resampler
from vqsynth.sound.tracking import FAIR_CONFIDENCE, MOST_PARTIALS, NEAREST_CENTS

MAPPED = {"centroid": "squeeze", "flatness": "relative"}
"""How descriptors are brought into the codebook's range, as where a whole sound is followed. The pitch is moved by
octaves."""
HISTORY = 256
"""Frames by which the range of the sound is judged, three seconds at a hop of 512."""
PITCH_EVERY_S = 0.02
"""A pitch is looked for no more often than this: it takes a third of a hop of 512, and all else a tenth."""
_MEMORY_S = 0.05
_FADES = 0.995
"""What a frame still counts for in the choice of the octave, one frame later: half after a second and a half."""


class Ear:
    """Keep the last samples that came in, at the rate of a codebook.

    Parameters
    ----------
    grid : FrameGrid
        Window and rate.
    sr : int
        Rate in Hz at which samples come.

    """

    def __init__(self, grid: FrameGrid, sr: int) -> None:
        self.grid, self._resample = grid, make_resampler(sr, grid.sr)
        self._pitch_every, self._n_frames = math.ceil(PITCH_EVERY_S * grid.sr / grid.hop_length), 0
        self._wide = max(grid.n_fft, count_samples(grid.sr))
        self._kept = np.zeros(self._wide + grid.samples(_MEMORY_S), np.float32)
        self._waiting: deque[Floats] = deque()

    def push(self, y: Floats) -> None:
        """Take the next samples (n,). Those that are no numbers are silence."""
        self._waiting.append(self._resample(np.nan_to_num(y, posinf=0.0, neginf=0.0)))

    def listen(self) -> Floats:
        """Take a hop of what has come in, and return the last samples, the newest last, (n,)."""
        missing = self.grid.hop_length
        while missing and self._waiting:
            y = self._waiting.popleft()
            if len(y) > missing:
                self._waiting.appendleft(y[missing:])
                y = y[:missing]
            self._kept = np.concatenate([self._kept[len(y) :], y])
            missing -= len(y)
        self._n_frames += 1
        return self._kept

    @property
    def hears_pitch(self) -> bool:
        """Tell whether a pitch is to be looked for in this frame; in others, that of the frame before goes on."""
        return self._n_frames % self._pitch_every == 1 % self._pitch_every

    def last(self, kept: Floats, n_samples: int) -> Floats:
        """Return the last samples as one frame, (1, 1, n_samples)."""
        return kept[None, None, len(kept) - n_samples :]

    @property
    def wide(self) -> int:
        """Return how many samples a pitch is looked for in."""
        return self._wide


class Source(Protocol):
    """The interface of what makes frames of a sound that comes in."""

    ear: Ear

    def frame(self, sounding: Sounding, asked: Asked) -> Floats:
        """Play the next frame, and return its hop of samples."""
        ...


class LikeSource:
    """Follow the loudness, centroid, flatness and pitch of a sound that comes in, brought into the codebook's range.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    sr : int
        Rate in Hz at which samples come.

    """

    def __init__(self, book: CodebookRecord, sr: int) -> None:
        self.ear, self._table = Ear(book.grid, sr), book.table
        self._names = [name for name in LIKE if name in book.table.names]
        self._octaves = OctaveShift(book.table) if "pitch" in book.table.names else None
        self._heard = {name: deque[float](maxlen=HISTORY) for name in MAPPED}
        self._loudest, self._pitch_hz = LOWEST_DB, math.nan

    def frame(self, sounding: Sounding, asked: Asked) -> Floats:
        """Ask for what is heard, and play the next frame."""
        heard = self.hear()
        for name in self._names:
            value = heard.get(name, math.nan)
            if math.isnan(value):
                asked.targets.pop(name, None)
            else:
                asked.targets[name] = value
        return sounding.frame(asked)

    def hear(self) -> dict[str, float]:
        """Return the targets that the last window gives, mapped, by descriptor."""
        kept = self.ear.listen()
        sound = Analysis(
            self.ear.last(kept, self.ear.grid.n_fft),
            lambda: self.ear.last(k_weight(kept, self.ear.grid.sr), self.ear.grid.n_fft),
            self.ear.grid,
            lambda n_samples: self.ear.last(kept, n_samples),
        )
        loudness_db = max(float(lookup("loudness").function(sound)[0, 0]), LOWEST_DB)
        self._loudest = max(loudness_db, self._loudest - 0.01)
        if loudness_db < max(self._loudest - QUIET_DB, LOWEST_DB + 1):
            self._pitch_hz = math.nan
            return {"loudness": loudness_db if loudness_db > LOWEST_DB else SILENT_DB}
        found = {name: float(lookup(name).function(sound)[0, 0]) for name in self._names if name in MAPPED}
        if self._octaves is not None:
            pitch_hz = self._hear_pitch(sound, found.get("centroid", 0.0))
            found["pitch"] = pitch_hz if math.isnan(pitch_hz) else pitch_hz * self._octaves.ratio(pitch_hz)
        return {name: self._map(name, value) for name, value in found.items()} | {"loudness": loudness_db}

    def _hear_pitch(self, sound: Analysis, centroid_hz: float) -> float:
        """Return the pitch, if it is sure, or goes on from the one before; NaN for none."""
        if not self.ear.hears_pitch:
            return self._pitch_hz
        f0_hz, confidence = (float(each[0, 0]) for each in sound.pitch)
        is_fair = confidence >= FAIR_CONFIDENCE and centroid_hz < MOST_PARTIALS * f0_hz
        goes_on = is_fair and abs(1200 * math.log2(f0_hz / self._pitch_hz)) <= NEAREST_CENTS
        self._pitch_hz = f0_hz if confidence >= USABLE_CONFIDENCE or goes_on else math.nan
        return self._pitch_hz

    def _map(self, name: str, value: float) -> float:
        if name not in MAPPED or math.isnan(value):
            return value
        self._heard[name].append(value)
        return float(map_range(np.array(self._heard[name]), self._table, name, MAPPED[name])[-1])


class OctaveShift:
    """Move pitches by as few octaves as bring the most of those heard lately within reach of a codebook.

    Parameters
    ----------
    table : DescriptorTable
        The codes with their pitches.

    """

    def __init__(self, table: DescriptorTable) -> None:
        self._have: Doubles = np.log2(list_sure(table, "pitch"))
        self._shifts = np.array(sorted(range(-MOST_OCTAVES, MOST_OCTAVES + 1), key=abs))
        self._missed, self._count = np.zeros(len(self._shifts)), 0.0

    def ratio(self, pitch_hz: float) -> float:
        """Take a pitch that was heard, and return by what it is to be multiplied."""
        if not len(self._have):
            return 1.0
        places = math.log2(pitch_hz) + self._shifts
        near = find_distances(places, self._have)
        self._missed = _FADES * self._missed + (near > (NEAR_CENTS + BRIDGED_CENTS) / 1200)
        self._count = _FADES * self._count + 1
        share = self._missed / self._count
        return float(2.0 ** self._shifts[int(np.argmax(share <= share.min() + FEW))])


class TransferSource:
    """Play the spectra of a sound that comes in by the nearest codes, at its level and pitch.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.
    sr : int
        Rate in Hz at which samples come.
    pitch, envelope : float
        How much of the sound's pitch and envelope is kept, 0 to 1.

    """

    def __init__(self, book: CodebookRecord, sr: int, *, pitch: float = 1.0, envelope: float = 0.0) -> None:
        self.ear = Ear(book.grid, sr)
        find = SpectrumMatcher(book.spectra, book.table).match
        self._encoder = FrameEncoder(find, book.spectra, book.table, pitch=pitch, envelope=envelope)
        self._f0_hz = np.full(1, np.nan, np.float32)

    def frame(self, sounding: Sounding, asked: Asked) -> Floats:
        """Encode the last window, and play its code."""
        kept = self.ear.listen()
        if self.ear.hears_pitch:
            self._f0_hz = hear_pitch(self.ear.last(kept, self.ear.wide)[0], self.ear.grid.sr)
        made = self._encoder.encode(self.ear.last(kept, self.ear.grid.n_fft)[0], self._f0_hz)
        controls = made.controls or no_controls(1)
        envelope_db = controls.envelope_db[0] if controls.envelope_db.any() else asked.envelope_db
        cents = float(controls.transpose_cents[0])
        gain_db = SILENT_DB if asked.stopped else float(made.gain_db[0]) + asked.gain_db
        return sounding.play(Frame(int(made.codes[0]), gain_db, cents + asked.transpose_cents, 0.0, envelope_db))
