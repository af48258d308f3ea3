"""Descriptor-based concatenative synthesis with learned codebooks of timbre.

The modules, in the order in which data flows:

    errors        what can go wrong, in one sentence each
    checks        arguments, checked at the edge
    running/      processes forked, Ctrl-C, what is shown of long work
    storage/      files written whole or not at all, bundles with hashes, where they are found, records read from JSON
    sound/        sounds read, cut into frames, measured, and given their phase
    descriptors   the descriptors, for people to import
    notebook      what records show of themselves in a notebook
    codes/        the codes: their spectra, their descriptors, and the search among them
    curves/       curves as people write them, and what they ask of a codebook
    path          a row of codes and gains: the score
    render        a path to sound, whole or block by block
    model/        the VQ-VAE            (torch lives here)
    follow/       curves to a sound and its report: rendered, measured, corrected
    codebook      the record of one sound world with the methods that people use
    store         finding and loading codebooks
    continuous/   the continuous model: mel-spectrogram VAE and vocoders, on the ground floor of all this
    training/     sounds to a codebook or a continuous model
    plot/         the pictures          (matplotlib lives here)
    page/         self-contained HTML: a render, a table
    codebooks/    the shipped codebooks, and how each was made
    cli/          the command line: a file per verb

The public names below are loaded when they are first used, so that `import vqsynth` is quick.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vqsynth.codebook import Codebook as Codebook
    from vqsynth.codes.table import DescriptorTable as DescriptorTable
    from vqsynth.errors import AudioError as AudioError
    from vqsynth.errors import CodebookError as CodebookError
    from vqsynth.errors import ModelError as ModelError
    from vqsynth.errors import ParameterError as ParameterError
    from vqsynth.errors import VqsynthError as VqsynthError
    from vqsynth.errors import VqsynthWarning as VqsynthWarning
    from vqsynth.follow.limits import Limits as Limits
    from vqsynth.follow.record import Report as Report
    from vqsynth.follow.synthesis import Synthesis as Synthesis
    from vqsynth.follow.synthesis import synthesize as synthesize
    from vqsynth.follow.translation import Translation as Translation
    from vqsynth.path import CodePath as CodePath
    from vqsynth.running.observing import Observer as Observer
    from vqsynth.sound.descriptors import descriptor as descriptor
    from vqsynth.sound.measuring import measure as measure
    from vqsynth.store import list_codebooks as list_codebooks
    from vqsynth.store import load as load

__version__ = "0.1.0"

_HOMES = {
    "Codebook": "codebook",
    "list_codebooks": "store",
    "load": "store",
    "descriptor": "sound.descriptors",
    "VqsynthError": "errors",
    "CodePath": "path",
    "synthesize": "follow.synthesis",
    "DescriptorTable": "codes.table",
    "Synthesis": "follow.synthesis",
    "Report": "follow.record",
    "Limits": "follow.limits",
    "Translation": "follow.translation",
    "AudioError": "errors",
    "CodebookError": "errors",
    "ModelError": "errors",
    "ParameterError": "errors",
    "VqsynthWarning": "errors",
    "measure": "sound.measuring",
    "Observer": "running.observing",
}
__all__ = ["__version__", *_HOMES]

if not (Path(__file__).parent / "cli").is_dir():
    # In a checkout the folders `cli` and `codebooks` stand beside this one; an installation maps them into it.
    __path__.append(str(Path(__file__).parent.parent))


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"vqsynth.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'vqsynth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
