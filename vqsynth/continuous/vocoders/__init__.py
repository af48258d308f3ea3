"""Vocoders, mel spectra to sound: two trained ones and an untrained baseline, with one interface.

The modules, in order:

    interface    the interface: rendering whole or as a stream, held ends, fades, delay
    networks     code shared by the networks: standardised bands, sizes, weights, streams
    envelope     loudness applied to sound of unit loudness
    magnitude    a network for magnitudes; phases from an excitation
    melgan       a network for samples
    griffin_lim  the baseline: magnitudes by inverting the mel bands, phases by iteration
"""

from collections.abc import Callable, Mapping
from typing import Any

from vqsynth.continuous.vocoders.griffin_lim import GriffinLimVocoder
from vqsynth.continuous.vocoders.interface import Vocoder
from vqsynth.continuous.vocoders.magnitude import MagnitudeVocoder
from vqsynth.continuous.vocoders.melgan import MelGANVocoder
from vqsynth.errors import ModelError
from vqsynth.sound.mel import MelGrid
from vqsynth.storage.tensors import Arrays

VOCODERS: dict[str, Callable[[MelGrid, Mapping[str, Any], Arrays | None], Vocoder]] = {
    kind.name: kind for kind in (MagnitudeVocoder, MelGANVocoder, GriffinLimVocoder)
}


def make_vocoder(name: str, grid: MelGrid, config: Mapping[str, Any], state: Arrays | None = None) -> Vocoder:
    """Make a vocoder.

    Parameters
    ----------
    name : str
        A key of `VOCODERS`.
    grid : MelGrid
        Frames and mel bands.
    config : dict
        Sizes of the network; missing ones have their defaults.
    state : dict of name to array, optional
        Its weights. By default new ones, to be trained.

    Returns
    -------
    Vocoder

    Raises
    ------
    ModelError
        For an unknown name, sizes that make no network, and weights that do not fit.

    """
    if name not in VOCODERS:
        raise ModelError(f"a vocoder must be one of {', '.join(VOCODERS)} (got {name!r})")
    return VOCODERS[name](grid, config, state)
