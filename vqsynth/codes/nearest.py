"""The model of a codebook that has no network: a frame has the code whose centre is nearest, in mel bands.

Level is no part of a code here either: each window is divided by its RMS, so that a sound turned up or down has the
codes it had. Neither torch nor a network is needed.

Features that were tried, clustered to a code for every 20 frames, 1024 at most. Held-out sounds, encoded and decoded
with `refined`, mean of four corpora (drums, recorded violin, recorded cello, ten minutes of guitar): log-spectral
distance in dB, spectral convergence and mel-cepstral distance in dB; the log-spectral distance where the encoder hears
noise 20 dB under the sound; and the seconds that features and k-means took.

    features                                   lsd     sc    mcd    noise   seconds
    192 bands, floor .1, 48 components         9.03    .66   5.5    14.4    1.8
    192 bands, floor .1                        9.06    .65   5.7    14.3    2.5
    128 bands                                  9.10    .66   5.5    14.3    1.9
    384 bands                                  9.02    .67   5.6    14.4    4.8
    192 bands of power instead of magnitude    9.17    .66   5.6    13.4    2.6
    192 bands, floor .007, 48 components       8.92    .69   5.0    18.7    2.0
    192 bands, floor .03, 48 components        9.06    .68   5.4    17.1    1.8
    192 bands, floor .3, 48 components         9.22    .63   5.6    12.9    1.8
    log spectrum, floor .1, 64 components      8.96    .68   5.9    17.2    4.5
    log spectrum, floor .02, 64 components     8.95    .71   5.7    18.7    4.6
    40 cepstra of 192 bands                   10.27    .70   4.4    16.9    1.2
    13 cepstra of 80 bands                    11.62    .87   4.2    16.7     .6

What a low floor or the whole spectrum gains on clean sounds, a little noise takes away many times over. The centres
lie in the plane of the 48 components, and are looked for among the 192 bands, which gives the same codes but for
rounding.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.index import CodeIndex
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.mel import MAX_MELS, MelGrid

KIND, NEAREST = "kind", "nearest spectrum"
"""What a card's model says of itself; that of a network names no kind."""
CENTRES = "centres"
BANDS = 192
HIGHEST_HZ = 18000.0
FLOOR = 0.1
"""Added to the bands before their logarithm, where those of white noise are about 1: 20 dB under it."""
MOST_CODES = 2**16
FRAMES_AT_ONCE = 512


@dataclass(frozen=True)
class NearestConfig:
    """Describe a model of centres.

    Parameters
    ----------
    n_fft : int
        Window in samples.
    codes : int
        Number of centres, 2 to 65536.
    bands : int
        Mel bands of a centre, 4 or more.
    floor : float
        What is added to a band before its logarithm, above 0.

    Raises
    ------
    ParameterError
        For sizes that make no model.

    """

    n_fft: int
    codes: int
    bands: int = BANDS
    floor: float = FLOOR

    def __post_init__(self) -> None:
        if not 2 <= self.codes <= MOST_CODES:
            raise ParameterError(f"codes must be 2 or more, up to {MOST_CODES} (got {self.codes})")
        most = min(MAX_MELS, self.n_fft // 2 + 1)
        if not 4 <= self.bands <= most:
            raise ParameterError(f"bands must lie between 4 and {most} (got {self.bands})")
        if not 0 < self.floor <= 1:
            raise ParameterError(f"floor must lie above 0, up to 1 (got {self.floor})")

    @classmethod
    def for_grid(cls, grid: FrameGrid, codes: int) -> "NearestConfig":
        """Describe a model of so many codes on the frames of a grid; short windows have fewer bands."""
        return cls(grid.n_fft, codes, bands=min(BANDS, grid.n_bins))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NearestConfig":
        """Read a config from a card. Raises CodebookError for a missing, unknown or mistyped entry."""
        expected = {f.name: f.type for f in fields(cls)}
        given = {name: value for name, value in values.items() if name != KIND}
        if set(given) != set(expected) or any(type(given[k]) is not t for k, t in expected.items()):
            raise CodebookError(
                f"a model of the kind {NEAREST!r} must have exactly {', '.join(expected)} (got {given}); "
                "the card is damaged or of another version"
            )
        try:
            return cls(**given)
        except ParameterError as e:
            raise CodebookError(f"the model's config is impossible: {e}; the card is damaged") from e

    def to_dict(self) -> dict[str, Any]:
        """Return the config as a card holds it, with its kind."""
        return {KIND: NEAREST, **asdict(self)}


def is_nearest(model: Mapping[str, Any]) -> bool:
    """Tell whether the model of a card is one of centres, and no network.

    Raises CodebookError for a kind that this version does not know.
    """
    kind = model.get(KIND)
    if kind is not None and kind != NEAREST:
        raise CodebookError(
            f"the model is of the kind {str(kind)[:60]!r}, which this version of vqsynth does not know; "
            "update vqsynth to encode, or to train on; the codebook plays as it is"
        )
    return kind == NEAREST


def mel_features(frames: Floats, grid: FrameGrid, config: NearestConfig) -> Doubles:
    """Take raw frames (T, n_fft) to the logarithms of their mel bands, their level taken out: (T, bands).

    The magnitudes of white noise are about 1, those of a frame of zeros 0. Computed in float64, where the result
    depends neither on the level nor on how many frames there are.
    """
    windows = frames * grid.window.astype(np.float64)
    size = np.sqrt((windows**2).sum(axis=1, keepdims=True))
    magnitudes = np.abs(np.fft.rfft(windows / np.where(size > 0, size, 1)))
    return band_logs(magnitudes, grid, config)


def band_logs(magnitudes: Doubles, grid: FrameGrid, config: NearestConfig) -> Doubles:
    """Take magnitudes (T, n_bins), those of white noise about 1, to the logarithms of mel bands (T, bands)."""
    return np.log(magnitudes @ _mel_filters(grid, config.bands) + config.floor)


class NearestModel:
    """Find the codes of frames by their nearest centres.

    Parameters
    ----------
    config : NearestConfig
        As the card tells it.
    state : mapping of name to array
        The centres (K, bands), as the codebook holds them.
    grid : FrameGrid
        The frames of the codebook.
    used : array (K,) of bool, optional
        The codes that may be found; all by default.

    Raises
    ------
    CodebookError
        For centres that are missing, of other sizes, NaN or infinite.

    """

    def __init__(
        self,
        config: NearestConfig,
        state: Mapping[str, NDArray[Any]],
        grid: FrameGrid,
        *,
        used: NDArray[np.bool_] | None = None,
    ) -> None:
        centres = _check_centres(config, state)
        if used is not None:
            centres[~used] = np.nan  # the index takes such rows for no candidates
        self._config, self._grid, self._index = config, grid, CodeIndex(centres)

    def encode(self, frames: Floats) -> NDArray[np.int64]:
        """Find the codes (T,) of raw frames (T, n_fft), neither windowed nor level-normalised."""
        codes = np.empty(len(frames), np.int64)
        for i in range(0, len(frames), FRAMES_AT_ONCE):
            block = slice(i, i + FRAMES_AT_ONCE)
            codes[block] = self.find(mel_features(frames[block], self._grid, self._config))
        return codes

    def find(self, features: Doubles) -> NDArray[np.int64]:
        """Find the codes (T,) of features (T, bands), as `mel_features` gives them."""
        return self._index.search(features, 1).codes[:, 0]


def _check_centres(config: NearestConfig, state: Mapping[str, NDArray[Any]]) -> Doubles:
    """Copy the centres, (K, bands). Raises CodebookError."""
    centres = state.get(CENTRES)
    if set(state) != {CENTRES} or centres is None or centres.shape != (config.codes, config.bands):
        found = ", ".join(f"{name} {array.shape}" for name, array in state.items()) or "nothing"
        raise CodebookError(
            f"the model must hold {CENTRES} ({config.codes}, {config.bands}) alone (got {found[:80]}); "
            "get a complete copy of the codebook"
        )
    if not np.isfinite(centres).all():
        raise CodebookError(f"the model's {CENTRES} hold NaN or infinite values; get a good copy of the codebook")
    return centres.astype(np.float64)


@lru_cache(maxsize=4)
def _mel_filters(grid: FrameGrid, bands: int) -> Doubles:
    """Make the filters as columns, (n_bins, bands)."""
    mel = MelGrid(grid, n_mels=bands, f_max_hz=min(HIGHEST_HZ, grid.sr / 2))
    return np.ascontiguousarray(mel.filters.T, np.float64)
