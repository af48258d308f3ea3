"""The continuous model: a VAE of mel spectra whose latents carry timbre but not loudness, and vocoders.

Beside it stands the discrete model, the codebook. Neither uses the other.

The modules, in the order in which data flows:

    flattening    loudness to a uniform distribution
    blocks        layers of causal networks, whole and block by block
    vae           mel spectra to latents and back
    components    latents to principal components and back
    latentfiles   reading and writing files of latent paths
    latents       a latent path: components and loudness over time
    bending       a path scaled, shifted, reversed, drawn
    alignment     two paths brought to one length
    morphing      one path turned into another
    plane         four paths mixed by a moving point
    vocoders/     mel spectra to sound
    bounds        limits of decoded mel spectra
    folder        the files of a model's folder, and how weights are stored
    model         a continuous model and its methods: encode, decode, transfer
    streaming     a model played live, block by block
    store         finding and loading models

The public names are loaded when they are first used. Bending, morphing and listing do not import torch.
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
