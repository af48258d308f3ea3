"""The code of each frame of a sound by search: the nearest spectrum in mel bands, of the codes in reach of the pitch.

Measured beside the encoder of the network, whose figures stand in brackets, on codes with their transposition. Sounds
from elsewhere (viola, oboe, clarinet, saxophone, double bass, speech): log-spectral distance 9.8 dB (10.1),
mel-cepstral distance 7.5 dB (7.8), frames whose pitch is kept within 50 cents 97 % (89). Held-out files of the training
sources, log-spectral distance: violin 10.8 and 5.5 dB (11.0, 5.4), cello 5.7 (5.7), percussion 6.3 (6.7). A cost of
steps between spectra, as curves are followed with, makes it no better.
"""

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.nearest import NearestConfig, band_logs, mel_features
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.sound.frames import Floats

REACH_CENTS = 400.0
"""How far a code may be transposed to the pitch of a frame. With 200 cents a saxophone through the violin, whose lowest
notes it has not, keeps 76 % of its pitch, with 400 99 %."""
CENT_COST = 0.001
"""What a cent of transposition costs, against the mean squared difference of the logarithms of the bands."""
UNREACHED_COST = 10.0
"""What a code out of reach costs: only where none is in reach is it taken."""


class SpectrumMatcher:
    """Find the nearest codes of frames.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of the K codes.
    table : DescriptorTable
        Their pitches, and which of them are used: no other is found.

    """

    def __init__(self, spectra: CodeSpectra, table: DescriptorTable) -> None:
        self._grid, self._config = spectra.grid, NearestConfig.for_grid(spectra.grid, len(spectra))
        # A windowed frame of unit energy has bins whose squares sum to the window's length.
        magnitudes = spectra.magnitudes.astype(np.float64) * np.sqrt(self._grid.n_fft)
        self._features = band_logs(magnitudes, self._grid, self._config)
        self._sizes = (self._features**2).mean(axis=1)
        self._pitches_hz = table.column("pitch").astype(np.float64) if "pitch" in table.names else None
        self._unused = ~table.used

    def match(self, frames: Floats, pitch_hz: NDArray[np.floating]) -> NDArray[np.int64]:
        """Find the codes of frames.

        Parameters
        ----------
        frames : array (T, n_fft)
            Raw frames, neither windowed nor level-normalised.
        pitch_hz : array (T,)
            Their pitch in Hz, NaN for frames without a pitch.

        Returns
        -------
        array (T,) of int64

        """
        features = mel_features(frames, self._grid, self._config)
        cost = (features**2).mean(axis=1)[:, None] - 2 / self._config.bands * features @ self._features.T + self._sizes
        if self._pitches_hz is not None:
            with np.errstate(invalid="ignore"):
                cents = np.abs(1200 * np.log2(pitch_hz.astype(np.float64)[:, None] / self._pitches_hz))
            away = np.where(cents <= REACH_CENTS, CENT_COST * cents, UNREACHED_COST)
            cost += np.where(np.isnan(pitch_hz)[:, None], 0, away)
        cost[:, self._unused] = np.inf
        return np.asarray(cost.argmin(axis=1), np.int64)
