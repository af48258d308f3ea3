"""The descriptors and the decorator `descriptor`, kept under the name by which people import them."""

from vqsynth.sound.analysis import Analysis
from vqsynth.sound.descriptors import REGISTRY, Descriptor, descriptor, lookup, measure

__all__ = ["REGISTRY", "Analysis", "Descriptor", "descriptor", "lookup", "measure"]
