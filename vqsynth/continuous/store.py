"""Find and load continuous models, those shipped with the package and those in folders."""

from collections.abc import Iterable
from pathlib import Path

from vqsynth.continuous.components import Components
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.folder import CONTINUOUS, leave_retired, unpack_vae, unpack_vocoders
from vqsynth.continuous.model import ContinuousModel
from vqsynth.errors import ModelError
from vqsynth.sound.mel import MelGrid
from vqsynth.storage.bundle import read_bundle
from vqsynth.storage.collection import bundles_at_hand, find_bundle
from vqsynth.storage.files import StrPath


def load(model: StrPath) -> ContinuousModel:
    """Load a continuous model.

    Parameters
    ----------
    model : str or path
        The name of a shipped model, `strings` or `choir`, or a folder.

    Returns
    -------
    ContinuousModel

    Raises
    ------
    ModelError
        Where there is no such model, or where it is damaged, incomplete or newer than this version.

    Examples
    --------
    >>> from vqsynth import continuous
    >>> continuous.load("strings").vocoders
    ('magnitude', 'melgan', 'griffin-lim')

    """
    folder = find_model(model)
    card, contents = read_bundle(folder, CONTINUOUS)
    card = leave_retired(card)
    parts, vocoders = unpack_vae(contents, folder), unpack_vocoders(card, contents, folder)
    try:
        return ContinuousModel(
            card=card,
            grid=MelGrid.from_dict(card["grid"]),
            components=Components.from_tensors(parts.get("components", {})),
            flattening=Flattening.from_tensors(parts.get("loudness", {})),
            vae_state=parts.get("vae", {}),
            vocoder_states=vocoders,
        )
    except ModelError as e:
        raise ModelError(f"'{folder}' cannot be used: {e}") from e


def list_models(folders: StrPath | Iterable[StrPath] = ()) -> list[ContinuousModel]:
    """Load the shipped models, and those in some folders.

    Parameters
    ----------
    folders : path or paths
        Folders that are models, or that directly hold some.

    Returns
    -------
    list of ContinuousModel
        The shipped ones first.

    Raises
    ------
    ModelError
        For a folder that does not exist, and for a damaged model.

    Examples
    --------
    >>> from vqsynth import continuous
    >>> [model.name for model in continuous.list_models()]
    ['choir', 'strings']

    """
    return [load(folder) for folder in models_at_hand(folders)]


def find_model(model: StrPath) -> Path:
    """Return the folder of a continuous model that is given by its path or by the name of a shipped one.

    Raises ModelError, which lists the shipped names, if no model is found.
    """
    return find_bundle(model, CONTINUOUS)


def models_at_hand(folders: StrPath | Iterable[StrPath] = ()) -> list[Path]:
    """List the folders of the shipped models, then of those that `folders` are or directly hold."""
    return bundles_at_hand(folders, CONTINUOUS)
