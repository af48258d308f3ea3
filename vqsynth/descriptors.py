"""The descriptors, at the place from which people have always imported them."""

from vqsynth.sound.analysis import Analysis
from vqsynth.sound.descriptors import REGISTRY, Descriptor, descriptor, lookup, measure

__all__ = ["REGISTRY", "Analysis", "Descriptor", "descriptor", "lookup", "measure"]
