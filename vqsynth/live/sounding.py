"""A codebook that sounds: what is asked becomes codes, gains and controls, and these become samples, hop by hop."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from vqsynth.codes.controls import MAX_TRANSPOSE_CENTS, Controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB, CodeVoice
from vqsynth.live.asking import Asked
from vqsynth.live.choice import Chooser, Pace
from vqsynth.live.metering import Meter
from vqsynth.live.shaping import Shape, Shaper
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats

GAIN_DECIMALS = 4
"""Gains are rounded as in a path, so that a path gives the same samples."""


STEP_OCTAVES = 1 / 12
"""A pitch that moves by more than a semitone in a frame steps."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold a frame as it was played: code, gain and tilt in dB, cents, and an envelope (24,) in dB or None."""

    code: int
    gain_db: float
    cents: float = 0.0
    tilt_db: float = 0.0
    envelope_db: Doubles | None = None

    def controls(self) -> Controls | None:
        """Return the controls of this one frame, None where nothing is moved."""
        if not self.cents and not self.tilt_db and self.envelope_db is None:
            return None
        none = np.zeros(1)
        bands = np.zeros(BANDS) if self.envelope_db is None else self.envelope_db
        return Controls(np.array([self.tilt_db]), np.array([self.cents]), none, none, bands)


Keep = Callable[[Frame], object]


class Instrument:
    """A codebook with all that is prepared of it, so that nothing is left to be made while it plays.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    def __init__(self, book: CodebookRecord) -> None:
        self.book = book
        self.chooser, self.shaper = Chooser(book), Shaper(book)
        first = Sounding(self)  # what is made at the first use of it is made now
        for cents in (0.0, 100.0):
            first.frame(Asked({"loudness": -20.0}, transpose_cents=cents))


class Sounding:
    """Play one codebook, frame after frame.

    Parameters
    ----------
    instrument : Instrument
        The codebook, prepared.
    seed : int
        Seed of the noise and of the first phases.
    pace : Pace, optional
        How often codes change, see `Chooser.make_pace`.
    keep : function, optional
        Is given every frame as it is played.

    """

    def __init__(
        self, instrument: Instrument, *, seed: int = 0, pace: Pace | None = None, keep: Keep | None = None
    ) -> None:
        self.instrument, self.seed, self.grid = instrument, seed, instrument.book.grid
        self.voice, self.meter = CodeVoice(instrument.book.spectra, seed=seed), Meter(self.grid)
        self.pace = pace or instrument.chooser.pace
        self.keep = keep
        self.code: int | None = None
        self.last: Frame | None = None
        self.shape: Shape | None = None
        self.n_frames = 0
        self._pitch_hz = math.nan

    def frame(self, asked: Asked) -> Floats:
        """Play the next frame as it is asked for, and return the hop of samples (hop_length,) that is final now."""
        if asked.is_silent:
            code = self.instrument.chooser.usual if self.code is None else self.code
            return self._play(Frame(code, SILENT_DB))
        chooser, shaper = self.instrument.chooser, self.instrument.shaper
        if asked.hold is None or asked.hold >= len(self.instrument.book):
            self.code = chooser.choose(asked, self.code, self.pace, self.n_frames)
        else:
            self.code = asked.hold
        pitch_hz, centroid_hz = self._glide(asked.target("pitch")), asked.target("centroid")
        shape = self.shape = shaper.shape(self.code, asked, pitch_hz, centroid_hz * self.meter.centroid_ratio)
        loudness_db = asked.loudness_db + asked.gain_db
        gain_db = loudness_db - shape.loudness_db + self.meter.correction_db
        rounded = round(min(max(gain_db, SILENT_DB), LOUDEST_DB), GAIN_DECIMALS)
        frame = Frame(self.code, rounded, shape.cents, shape.tilt_db, asked.envelope_db)
        return self._play(frame, loudness_db, centroid_hz)

    def _glide(self, pitch_hz: float) -> float:
        """Return the pitch between the one before and the one asked for: a phase runs from frame to frame."""
        before, self._pitch_hz = self._pitch_hz, pitch_hz
        is_step = not abs(math.log2(pitch_hz / before)) < STEP_OCTAVES
        return pitch_hz if is_step else math.sqrt(before * pitch_hz)

    def play(self, frame: Frame) -> Floats:
        """Play a frame that was chosen elsewhere, and return the hop of samples (hop_length,) that is final now."""
        self.code = frame.code
        gain_db = round(min(max(frame.gain_db, SILENT_DB), LOUDEST_DB), GAIN_DECIMALS)
        cents = min(max(frame.cents, -MAX_TRANSPOSE_CENTS), MAX_TRANSPOSE_CENTS)
        return self._play(replace(frame, gain_db=gain_db, cents=cents))

    def got(self, names: Iterable[str]) -> dict[str, float]:
        """Tell what was got of some descriptors; from any thread. See `Status`."""
        code, shape, table = self.code, self.shape, self.instrument.book.table
        if code is None or shape is None:
            return {}
        known = {"loudness": self.meter.loudness_db, "centroid": self.meter.centroid_hz}
        if "pitch" in table.names:
            known["pitch"] = float(table.column("pitch")[code]) * 2 ** (shape.cents / 1200)
        return {
            name: known[name] if name in known else float(table.column(name)[code])
            for name in names
            if name in table.names
        }

    def end(self, n_frames: int) -> Floats:
        """Hold the last frame for some frames, end the sound, and return all that is left of it."""
        parts = [self._push(self.last) for _ in range(n_frames)] if self.last else []
        return np.concatenate([*parts, self.voice.finish(max(self.n_frames * self.grid.hop_length - 1, 0))])

    def _play(self, frame: Frame, loudness_db: float = math.nan, centroid_hz: float = math.nan) -> Floats:
        y = self._push(frame)
        self.meter.take(y, loudness_db, centroid_hz)
        return y

    def _push(self, frame: Frame) -> Floats:
        self.last = frame
        self.n_frames += 1
        if self.keep is not None:
            self.keep(frame)
        return self.voice.push(np.array([frame.code]), np.array([frame.gain_db]), frame.controls())
