"""Sound from codes, live or for a whole path: push codes and gains, get samples.

The first and the last frame are held for half a window, so that every sample is made of the same number of frames. A
raised cosine of half a hop at either end avoids clicks.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.controls import Controls
from vqsynth.codes.spectra import EXCITATIONS, CodeSpectra
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.errors.checks import check_choice, check_row, check_whole
from vqsynth.sound.excitation import Excitation, FrameSpectra, Spectra, check_seed
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd
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
        self._adder = OverlapAdd(spectra.grid)
        self._side = make_side(spectra.grid, excitation, seed=seed, spread=spread, place=place)
        self._held = HeldFrames(
            spectra.grid,
            play=self._sound,
            take=lambda frames, rows: take_frames(*frames, rows),
            channels=CHANNELS if self._side else None,
        )

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
        codes, gain, controls = frames
        spectra = self._spectra.look_up(codes[None], controls)
        return excite_frames(spectra, gain, self._excitation, self._adder, self._grid, self._side)


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


def excite_frames(
    spectra: FrameSpectra,
    gain: Floats,
    excitation: Excitation,
    adder: OverlapAdd,
    grid: FrameGrid,
    side: Side | None = None,
) -> Floats:
    """Excite frames, and add them up to sound.

    Parameters
    ----------
    spectra : FrameSpectra
        The spectra of T frames, (1, T, n_bins).
    gain : (T,) float32
        Their gains as factors.
    excitation : Excitation
        Gives the spectra their phases.
    adder : OverlapAdd
        Adds the frames up.
    grid : FrameGrid
        Window and hop.
    side : Side, optional
        Gives them their side.

    Returns
    -------
    (T * hop_length,) float32, or, with a side, (T * hop_length, 2)

    """
    middle = excitation.excite(spectra)
    if side is None:
        return adder.push(to_frames(middle[0], grid) * gain[:, None])
    both = np.concatenate([middle, side.excite(spectra, middle)])
    return join_sides(*adder.push(to_frames(both, grid) * gain[:, None]))


def to_frames(spectra: Spectra, grid: FrameGrid) -> Floats:
    """Transform complex spectra (..., n_bins) to frames (..., n_fft), not windowed."""
    return np.fft.irfft(spectra, grid.n_fft, axis=-1).astype(np.float32, copy=False)
