"""The continuous model: glide between sounds, through a space of latents that does not know how loud they are.

The modules, in the order in which data flows:

    flattening    loudness brought to a uniform distribution
    blocks        causal networks, whole and block by block
    vae           mel spectra to latents and back
    components    latents to principal components and back
    latentfiles   what a file of a latent path says, checked
    latents       a latent path: components and loudness over time
    bending       a path scaled, shifted, reversed, drawn
    alignment     two paths brought to one length
    morphing      one path turned into another
    plane         four paths at the corners, and a point that moves
    vocoders/     mel spectra to sound
    bounds        how far from the sounds of the world a model goes
    folder        what a model's folder holds, and how weights are stored
    model         all of it as one thing with a card: encode, decode, transfer
    streaming     the same, block by block
    store         finding and loading models

The public names below are loaded when they are first used; what bends, morphs and lists does so without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vqsynth.continuous.bending import bend as bend
    from vqsynth.continuous.latents import LatentPath as LatentPath
    from vqsynth.continuous.model import ContinuousModel as ContinuousModel
    from vqsynth.continuous.morphing import morph as morph
    from vqsynth.continuous.plane import walk_plane as walk_plane
    from vqsynth.continuous.store import list_models as list_models
    from vqsynth.continuous.store import load as load
    from vqsynth.continuous.streaming import ModelStream as ModelStream

_HOMES = {
    "load": "store",
    "list_models": "store",
    "ContinuousModel": "model",
    "LatentPath": "latents",
    "ModelStream": "streaming",
    "bend": "bending",
    "morph": "morphing",
    "walk_plane": "plane",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"vqsynth.continuous.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'vqsynth.continuous' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
