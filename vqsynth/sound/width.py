"""The width of a stereo sound: a middle that is the mono sound, and a side that is added to the right and taken left.

The middle of left and right, half their sum, is the mono sound whatever the side is. So nothing is lost or coloured
where a stereo sound is played in mono. The side holds what the equal-power law of panning gives for the place of a
layer: the sine of the angle from the centre, at most 45 degrees. Noise is placed by half of this power. The other half,
and for a central layer all of it, is another noise of the same spectrum. So every layer's noise has the same power at
all places, and the noises of left and right have a correlation of 1/3 at spread 1 in the centre. Partials of a central
layer have no side. Noise and outermost layers are up to 1.8 dB stronger in stereo than in the mono sound.
"""

from typing import Any

import numpy as np

from vqsynth.errors.checks import check_number
from vqsynth.sound.excitation import FrameSpectra, Spectra, WhiteNoise
from vqsynth.sound.frames import Floats, FrameGrid

CHANNELS = 2
_OUTERMOST = np.pi / 4
_OF_SEED = 1  # which of the streams that a seed can give is that of the side


def check_spread(spread: Any) -> float:
    """Check that a spread is a number from 0 to 1, and return it. Raises ParameterError otherwise."""
    return check_number("spread", spread, 0, 1)


def check_place(place: Any) -> float:
    """Check that a place is a number from -1 to 1, and return it. Raises ParameterError otherwise."""
    return check_number("place", place, -1, 1)


def place_layers(n_layers: int) -> list[float]:
    """Return the places of layers from -1, the left, to 1: evenly apart and symmetric, those in the middle first.

    Examples
    --------
    >>> from vqsynth.sound.width import place_layers
    >>> place_layers(1), place_layers(2), place_layers(3)
    ([0.0], [-1.0, 1.0], [0.0, -1.0, 1.0])

    """
    return [step / max(1, n_layers - 1) for step in sorted(range(1 - n_layers, n_layers, 2), key=abs)]


class Side:
    """Give the frames of one layer their side. Frames that come block by block get the same as all at once.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.
    spread : float
        0 to 1: how far apart the outermost places are.
    place : float
        -1 to 1: the place of the layer.
    seed : int
        Seed of the layer. The noise of the side is another stream of the same seed.
    partials : bool
        Whether tonal bins are partials. Otherwise everything is noise.

    Raises
    ------
    ParameterError
        If the spread or the place is not as above.

    """

    def __init__(
        self, grid: FrameGrid, *, spread: float, place: float = 0.0, seed: int = 0, partials: bool = True
    ) -> None:
        whole, part = np.sin(_OUTERMOST * check_spread(spread) * np.array([1, check_place(place)])).tolist()
        self._of_partials, self._of_noise = part, part / np.sqrt(2)
        self._of_other = float(np.sqrt(whole**2 - self._of_noise**2))
        self._partials = partials
        sequence = np.random.SeedSequence(seed, spawn_key=(_OF_SEED,))
        self._noise = WhiteNoise(grid, np.random.default_rng(sequence))

    def excite(self, frames: FrameSpectra, middle: Spectra) -> Spectra:
        """Return the side of the next frames, (1, T, n_bins), whose middle is given in the same shape."""
        side = np.float32(self._of_other) * frames.amplitudes * self._noise.spectra(middle.shape[1])
        side += np.float32(self._of_noise) * middle
        if self._partials:
            side[frames.tonal] = np.float32(self._of_partials) * middle[frames.tonal]
        return side


def join_sides(middle: Floats, side: Floats) -> Floats:
    """Return left and right, (n, 2), of a middle and a side, (n,) each."""
    return np.stack([middle - side, middle + side], axis=-1)


def add_layer(mix: Floats, y: Floats) -> Floats:
    """Add a sound, (n,) or (n, 2), to another. If one of them is mono, it stands in the middle."""
    if mix.ndim == y.ndim:
        return mix + y
    stereo, mono = (mix, y) if mix.ndim > y.ndim else (y, mix)
    return stereo + mono[:, None]
