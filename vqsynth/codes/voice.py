"""A voice that frames are pushed into: codes and gains in, samples out, live or for a whole path.

Before the first frame and after the last one the frames are held for half a window, so that every sample is made of as
many frames as any other; half a hop of raised cosine at both ends keeps them from clicking.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_choice, check_row, check_whole
from vqsynth.codes.controls import Controls
from vqsynth.codes.spectra import EXCITATIONS, CodeSpectra
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.excitation import Excitation, FrameSpectra, check_seed
from vqsynth.sound.frames import Floats, FrameGrid, OverlapAdd
from vqsynth.sound.streams import HeldFrames

SILENT_DB = -120.0
"""A gain of this or less is silence: the level of the last bit of a 20-bit sound."""
LOUDEST_DB = 120.0
Frames = tuple[NDArray[np.int64], Floats, Controls | None]
"""Codes (T,), linear gains (T,), and controls of T frames or none."""


class CodeVoice:
    """Turn codes into sound as they come: every frame that is pushed gives a hop of samples, half a window later.

    How frames are split into pushes changes no sample.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of the codes, `book.spectra`.
    excitation : str
        `coherent` or `noise`. `refined` needs the whole sound.
    seed : int
        Seed of the noise and of the first phases.

    Raises
    ------
    ParameterError
        For another excitation, and for a seed that is none.

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

    def __init__(self, spectra: CodeSpectra, *, excitation: str = "coherent", seed: int = 0) -> None:
        check_choice("excitation", excitation, EXCITATIONS)
        if excitation == "refined":
            raise ParameterError("refined cannot be rendered block by block; use coherent")
        self._spectra, self._grid = spectra, spectra.grid
        self._excitation = spectra.make_excitation(excitation, rng=check_seed(seed))
        self._adder = OverlapAdd(spectra.grid)
        self._held = HeldFrames(spectra.grid, play=self._sound, take=lambda frames, rows: take_frames(*frames, rows))

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples the sound runs behind the frames: half a window."""
        return self._held.delay_samples

    def push(self, codes: ArrayLike, gain_db: ArrayLike, controls: Controls | None = None) -> Floats:
        """Play the next frames.

        Parameters
        ----------
        codes : (T,) int
            A code for each frame.
        gain_db : (T,)
            By how much its unit-power spectrum is scaled, in dB up to 120; -120 and less is silence.
        controls : Controls, optional
            T frames of controls.

        Returns
        -------
        y : (T * hop_length,) float32
            Sample i of all that is returned is sample i - `delay_samples` of the sound. It may exceed full scale.

        Raises
        ------
        ParameterError
            For rows that are not of one length, or hold no numbers.
        CodebookError
            For codes that are not there. The voice goes on as if the push had not been made.

        """
        frames = self._check(codes, gain_db, controls)
        return self._held.push(frames, len(frames[0]))

    def finish(self, n_samples: int | None = None) -> Floats:
        """End the sound.

        Parameters
        ----------
        n_samples : int, optional
            How long the sound is. By default it ends at the centre of its last frame.

        Returns
        -------
        y : (n,) float32
            What is still to be heard, up to sample n_samples of the sound.

        Raises
        ------
        ParameterError
            Where the frames that were pushed are not those of a sound of `n_samples`.

        """
        held = self._held
        n_samples = held.end_samples() if n_samples is None else check_whole("n_samples", n_samples)
        if not held.is_empty and self._grid.count(n_samples) != held.n_frames:
            raise ParameterError(f"{held.n_frames} frames are not those of a sound of {n_samples} samples")
        y = held.finish(n_samples)
        held.n_frames = 0
        return y

    def _check(self, codes: ArrayLike, gain_db: ArrayLike, controls: Controls | None) -> Frames:
        codes, gain_db = check_row("codes", codes, whole=True), check_row("gain_db", gain_db)
        lengths = {len(codes), len(gain_db), len(codes if controls is None else controls)}
        if len(lengths) > 1 or not (gain_db <= LOUDEST_DB).all():
            raise ParameterError(f"codes, gain_db up to {LOUDEST_DB:g} and controls must be of one length")
        if len(codes) and not 0 <= codes.min() <= codes.max() < len(self._spectra):
            raise CodebookError(f"codes must lie between 0 and {len(self._spectra) - 1} (got {codes.tolist()[:8]})")
        return codes.astype(np.int64), amplify(gain_db), controls

    def _sound(self, frames: Frames) -> Floats:
        codes, gain, controls = frames
        spectra = self._spectra.look_up(codes[None], controls)
        return excite_frames(spectra, gain, self._excitation, self._adder, self._grid)


def amplify(gain_db: NDArray[np.float64]) -> Floats:
    """Turn gains in dB into factors, float32; silence into 0."""
    gain: Floats = np.where(gain_db > SILENT_DB, 10 ** (gain_db / 20), 0.0).astype(np.float32)
    return gain


def take_frames(codes: NDArray[np.int64], gain: Floats, controls: Controls | None, frames: Any) -> Frames:
    """Take some frames, by a slice or an array of indices."""
    return codes[frames], gain[frames], controls.take(frames) if controls else None


def excite_frames(
    spectra: FrameSpectra, gain: Floats, excitation: Excitation, adder: OverlapAdd, grid: FrameGrid
) -> Floats:
    """Excite frames (1, T, n_bins) at their gain (T,) and add them up: (T * hop_length,)."""
    frames = np.fft.irfft(excitation.excite(spectra)[0], grid.n_fft, axis=-1).astype(np.float32, copy=False)
    return adder.push(frames * gain[:, None])
