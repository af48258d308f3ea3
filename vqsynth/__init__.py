"""Descriptor-based concatenative synthesis with learned codebooks of timbre.

There are two models. The discrete one is a codebook: a finite set of spectra, learned by a VQ-VAE. The continuous one
is a VAE of mel spectra with vocoders.

The modules, in the order in which data flows:

    errors/       the exceptions, the warning, and checks of arguments that raise them
    running/      forked processes, Ctrl-C, progress bars
    storage/      files written whole or not at all, folders with hashes, JSON records
    sound/        sounds: reading, frames, descriptors, phases
    descriptors   the descriptors, for users to import
    notebook      HTML and SVG pieces for notebooks, escaped and bounded
    codes/        the codes of a codebook: spectra, descriptor table, search
    curves/       curves in text and files, and the targets per frame that they give
    path          a path: codes and gains over time
    render        a path to sound, whole or block by block
    plot/         pictures; imports matplotlib
    model/        the discrete model, a VQ-VAE; imports torch
    follow/       curves to a sound and its report: choose, render, measure, correct
    codebook      a codebook and its methods
    store         finding and loading codebooks
    continuous/   the continuous model: a VAE and vocoders; uses no codebook, imports torch
    export/       codebooks and models as files for nn~ in Pd and Max; imports torch
    training/     sounds to a codebook or a continuous model; imports torch
    live/         a codebook played live: OSC, MIDI and sound in, sound out
    page/         self-contained HTML pages of a render, a table and a map
    studio/       the page in the browser, and the server that it asks; imports starlette and uvicorn
    codebooks/    the shipped codebooks and the recipes that made them
    cli/          the command line, one file per verb

The public names are loaded when they are first used, so that `import vqsynth` is quick.
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
