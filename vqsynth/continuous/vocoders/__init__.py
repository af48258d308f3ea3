"""Mel spectra to sound: two generators that are trained, and a baseline that is not, behind one interface.

The room, from the interface up:

    interface    what they have in common: whole or streamed, held ends, fades, delay
    networks     what the networks share: standardised bands, sizes, weights, streams
    envelope     the gain of what is made at unit loudness
    magnitude    a network makes magnitudes, the library's excitations their phases
    melgan       a network makes samples
    griffin_lim  magnitudes by inverting the mel bands, phases by iteration: the baseline
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
    """Make a vocoder of the kind `name`, with the weights `state`, or with new ones to be trained.

    config: sizes of the network, those that are not given as by default.
    Raises ModelError for an unknown kind, sizes that make no network, and weights that do not fit.
    """
    if name not in VOCODERS:
        raise ModelError(f"a vocoder must be one of {', '.join(VOCODERS)} (got {name!r})")
    return VOCODERS[name](grid, config, state)
