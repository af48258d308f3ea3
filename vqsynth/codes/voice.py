"""Sound from codes, live or for a whole path: push codes and gains, get samples.

The first and the last frame are held for half a window, so that every sample is made of the same number of frames. A
raised cosine of half a hop at either end avoids clicks.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.controls import Controls
from vqsynth.codes.spectra import EXCITATIONS, CodeSpectra
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.errors.checks import check_choice, check_row, check_whole
from vqsynth.sound.attacks import AttackAdd, ramp_samples
from vqsynth.sound.excitation import Excitation, FrameSpectra, Spectra, check_seed
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.streams import HeldFrames
from vqsynth.sound.width import CHANNELS, Side, check_place, check_spread, join_sides

SILENT_DB = -120.0
"""A gain of this or less is silence: the level of the last bit of a 20-bit sound."""
LOUDEST_DB = 120.0
Frames = tuple[NDArray[np.int64], Floats, Controls | None]
"""Codes (T,), linear gains (T,), and controls of T frames, or None."""


class CodeVoice:
    """Turn codes into sound as they come: every frame gives a hop of samples, half a window later.

    How frames are split into pushes changes no sample.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of the codes, `book.spectra`.
    excitation : {"coherent", "noise"}
        How spectra get their phases. "refined" needs the whole sound and is refused.
    seed : int
        Seed of the noise and of the first phases.
    spread : float
        0 to 1. Above 0 the sound is stereo, (n, 2), and the wider, the larger the spread is.
    place : float
        -1 to 1: where the voice stands between the left and the right end of the spread.

    Raises
    ------
    ParameterError
        If the excitation, the seed, the spread or the place is not as above.

    Examples
    --------
    >>> import vqsynth
    >>> from vqsynth.codes.voice import CodeVoice
    >>> voice = CodeVoice(vqsynth.load("violin").spectra)
    >>> voice.push([12, 12, 40], [-20, -20, -26]).shape
    (1536,)
    >>> voice.finish().shape  # up to the centre of the last frame
    (512,)

    """

    def __init__(
        self,
        spectra: CodeSpectra,
        *,
        excitation: str = "coherent",
        seed: int = 0,
        spread: float = 0.0,
        place: float = 0.0,
    ) -> None:
        check_choice("excitation", excitation, EXCITATIONS)
        if excitation == "refined":
            raise ParameterError(
                "the excitation must be noise or coherent to render block by block (got refined); use coherent"
            )
        self._spectra, self._grid = spectra, spectra.grid
        self._excitation = spectra.make_excitation(excitation, rng=check_seed(seed))
        self._adder = AttackAdd(spectra.grid)
        self._side = make_side(spectra.grid, excitation, seed=seed, spread=spread, place=place)
        self._last: Frames | None = None
        channels = CHANNELS if self._side else None
        self._held = HeldFrames(spectra.grid, play=self._sound, take=_hold_frames, channels=channels)

    @property
    def delay_samples(self) -> int:
        """Return by how many samples the sound is behind the frames: half a window."""
        return self._held.delay_samples

    def push(self, codes: ArrayLike, gain_db: ArrayLike, controls: Controls | None = None) -> Floats:
        """Play the next frames.

        Parameters
        ----------
        codes : (T,) int
            The code of each frame.
        gain_db : (T,) float
            The gain of each frame in dB, -120 to 120. At 0 a code sounds at RMS 1; -120 and less is silence.
        controls : Controls, optional
            Controls of T frames.

        Returns
        -------
        y : (T * hop_length,) float32, or (T * hop_length, 2)
            The samples that are final now. Sample i of all that is returned is sample i - `delay_samples` of the sound.
            It may exceed full scale.

        Raises
        ------
        ParameterError
            If the rows differ in length, or do not hold numbers.
        CodebookError
            If a code does not exist. The voice goes on as if the push had not been made.

        """
        frames = self._check(codes, gain_db, controls)
        return self._held.push(frames, len(frames[0]))

    def finish(self, n_samples: int | None = None) -> Floats:
        """End the sound, and return the rest of it.

        Parameters
        ----------
        n_samples : int, optional
            Length of the sound, which must fit the number of frames pushed. By default the sound ends at the centre of
            its last frame.

        Returns
        -------
        y : (n,) float32, or (n, 2)
            The samples that are left, up to sample n_samples of the sound.

        Raises
        ------
        ParameterError
            If a sound of `n_samples` has another number of frames.

        """
        held = self._held
        n_samples = held.end_samples() if n_samples is None else check_whole("n_samples", n_samples)
        if not held.is_empty and self._grid.count(n_samples) != held.n_frames:
            raise ParameterError(
                f"a sound of {n_samples} samples has {self._grid.count(n_samples)} frames (got {held.n_frames})"
            )
        y = held.finish(n_samples)
        held.n_frames = 0
        return y

    def _check(self, codes: ArrayLike, gain_db: ArrayLike, controls: Controls | None) -> Frames:
        codes, gain_db = check_row("codes", codes, whole=True), check_row("gain_db", gain_db)
        lengths = {len(codes), len(gain_db), len(codes if controls is None else controls)}
        if len(lengths) > 1 or not (gain_db <= LOUDEST_DB).all():
            raise ParameterError(
                f"codes, gain_db and controls must have the same length, and gain_db be at most {LOUDEST_DB:g}"
            )
        if len(codes) and not 0 <= codes.min() <= codes.max() < len(self._spectra):
            raise CodebookError(f"codes must lie between 0 and {len(self._spectra) - 1} (got {codes.tolist()[:8]})")
        return codes.astype(np.int64), amplify(gain_db), controls

    def _sound(self, frames: Frames) -> Floats:
        parts, start = list[Floats](), 0
        for t in [*find_attacks(frames[2]), len(frames[0])]:
            if t > start:
                parts.append(self._adder.push(self._excite(take_frames(*frames, slice(start, t)))))
                self._last = take_frames(*frames, slice(t - 1, t))
            if t < len(frames[0]) and self._last is not None:
                self._strike(take_frames(*frames, slice(t, t + 1)))
            start = t
        y = np.concatenate(parts, axis=-1)
        return join_sides(*y) if self._side else y

    def _strike(self, first: Frames) -> None:
        """Let the sound of a frame set in, and that of the one before end."""
        assert first[2] is not None
        assert self._last is not None
        n_ramp = ramp_samples(float(first[2].attack_ms[0]), self._grid.sr)
        held, lead = (np.zeros(n, np.int64) for n in self._adder.count_held(n_ramp))
        self._adder.strike(
            self._excite(take_frames(*self._last, held)), self._excite(take_frames(*first, lead)), n_ramp
        )

    def _excite(self, frames: Frames) -> Floats:
        codes, gain, controls = frames
        spectra = self._spectra.look_up(codes[None], controls)
        return excite_frames(spectra, gain, self._excitation, self._grid, self._side)


def amplify(gain_db: NDArray[np.float64]) -> Floats:
    """Convert gains in dB to factors, float32. Silence becomes 0."""
    gain: Floats = np.where(gain_db > SILENT_DB, 10 ** (gain_db / 20), 0.0).astype(np.float32)
    return gain


def take_frames(codes: NDArray[np.int64], gain: Floats, controls: Controls | None, frames: Any) -> Frames:
    """Take some frames, by a slice or an array of indices."""
    return codes[frames], gain[frames], controls.take(frames) if controls else None


def make_side(grid: FrameGrid, excitation: str, *, seed: int, spread: float, place: float) -> Side | None:
    """Make the side of a voice, None where there is no spread. Raises ParameterError."""
    check_place(place)
    if not check_spread(spread):
        return None
    return Side(grid, spread=spread, place=place, seed=seed, partials=excitation != "noise")


def find_attacks(controls: Controls | None) -> list[int]:
    """Return the frames in which a new sound begins."""
    return [] if controls is None else np.flatnonzero(controls.attack_ms).tolist()


def _hold_frames(frames: Frames, rows: NDArray[np.int64]) -> Frames:
    """Take frames of which some are held: a sound that is held does not begin anew."""
    codes, gain, controls = take_frames(*frames, rows)
    if controls is not None and controls.attack_ms.any():
        controls = replace(controls, attack_ms=np.where(rows == rows[0], 0.0, controls.attack_ms))
    return codes, gain, controls


def excite_frames(
    spectra: FrameSpectra, gain: Floats, excitation: Excitation, grid: FrameGrid, side: Side | None = None
) -> Floats:
    """Excite frames, and bring them back to samples.

    Parameters
    ----------
    spectra : FrameSpectra
        The spectra of T frames, (1, T, n_bins).
    gain : (T,) float32
        Their gains as factors.
    excitation : Excitation
        Gives the spectra their phases.
    grid : FrameGrid
        Window and hop.
    side : Side, optional
        Gives them their side.

    Returns
    -------
    (T, n_fft) float32, or, with a side, (2, T, n_fft): the middle and the side
        The frames, not windowed.

    """
    middle = excitation.excite(spectra)
    both = middle[0] if side is None else np.concatenate([middle, side.excite(spectra, middle)])
    return np.asarray(to_frames(both, grid) * gain[:, None])


def to_frames(spectra: Spectra, grid: FrameGrid) -> Floats:
    """Transform complex spectra (..., n_bins) to frames (..., n_fft), not windowed."""
    return np.fft.irfft(spectra, grid.n_fft, axis=-1).astype(np.float32, copy=False)
