"""An exported file and the patches beside it, each written whole or not at all, and none of anybody else's replaced."""

import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from vqsynth.errors import ParameterError
from vqsynth.export.abstractions import write_abstraction, write_feedback, write_help
from vqsynth.export.book import BookModule
from vqsynth.export.contract import Attribute, Method
from vqsynth.export.engine import ATTRIBUTES
from vqsynth.export.gliding import MODEL_ATTRIBUTES
from vqsynth.export.labels import find_range, name_methods, name_model_methods
from vqsynth.export.maxfiles import write_max_patch
from vqsynth.export.model import GlideModule
from vqsynth.export.pdfiles import MADE
from vqsynth.storage.files import StrPath, check_output, whole_file, write_whole

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord
    from vqsynth.continuous.model import ContinuousModel

WITHOUT_ABSTRACTION = "choose"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.ts")
_MOST_TEXT = 2**20


def export_codebook(book: "CodebookRecord", file: StrPath) -> list[Path]:
    """Write a codebook as a file for nn~, and patches beside it.

    Parameters
    ----------
    book : CodebookRecord
        The codebook. Its hop must be a power of two.
    file : str or Path
        The file, NAME.ts.

    Returns
    -------
    list of Path
        What was written: the file, then the patches.

    Raises
    ------
    CodebookError
        For a hop that is no power of two, and weights that cannot be used.
    ParameterError
        For a name that a patch cannot hold, and where a file is in the way that vqsynth did not write for this name.

    Examples
    --------
    >>> import vqsynth
    >>> from vqsynth.export.writing import export_codebook
    >>> made = export_codebook(vqsynth.load("percussion"), "drums.ts")
    >>> [one.name for one in made][:2]
    ['drums.ts', 'vqsynth.encode~.pd']

    """
    methods, middle = name_methods(book), find_range(book.table, "centroid")
    starts = [round(sum(middle) / 2) if middle else 0.0, 0.0, 0.0, -20.0]
    target = check_name(file)
    patches = write_patches(methods, ATTRIBUTES, target.name, book.grid.hop_length, starts)
    check_in_the_way(target, patches)
    return write_files(target, BookModule(book, methods), patches)


def export_model(model: "ContinuousModel", file: StrPath) -> list[Path]:
    """Write a continuous model as a file for nn~, and patches beside it.

    Parameters
    ----------
    model : ContinuousModel
        The model. It must have the vocoder `magnitude`.
    file : str or Path
        The file, NAME.ts.

    Returns
    -------
    list of Path
        What was written: the file, then the patches.

    Raises
    ------
    ModelError
        For a hop that is no power of two, and a model without that vocoder.
    ParameterError
        As `export_codebook` does.

    """
    methods, hop = name_model_methods(model), model.grid.frames.hop_length
    target = check_name(file)
    starts = [0.0] * len(model.components) + [0.1]
    patches = write_patches(methods, MODEL_ATTRIBUTES, target.name, max(2048, hop), starts)
    check_in_the_way(target, patches)
    return write_files(target, GlideModule(model, methods), patches)


def write_patches(
    methods: Sequence[Method], attributes: Sequence[Attribute], file: str, buffer: int, starts: Sequence[float]
) -> dict[str, str]:
    """Write the patches for a file, by file name."""
    shown = [method for method in methods if method.name != WITHOUT_ABSTRACTION]
    hop = max(max(method.in_ratio, method.out_ratio) for method in methods)
    patches = {f"vqsynth.{m.name}~.pd": write_abstraction(m, attributes, file, buffer) for m in shown}
    return patches | {
        "vqsynth-help.pd": write_help(shown, file, starts),
        "vqsynth-feedback.pd": write_feedback(methods, file, hop),
        "vqsynth.maxpat": write_max_patch(methods, attributes, file, buffer),
    }


def check_name(file: StrPath) -> Path:
    """Check that a file may be written and has a name that a patch can hold. Raises ParameterError."""
    target = Path(file)
    if not _NAME.fullmatch(target.name):
        raise ParameterError(
            f"the exported file must be named NAME.ts, of letters, digits, dots, dashes and underscores, since patches "
            f"hold its name (got '{target.name}'); rename it"
        )
    return check_output(target)


def check_in_the_way(target: Path, patches: Mapping[str, str]) -> None:
    """Raise ParameterError where a file is in the way that vqsynth did not write for a file of this name."""
    if target.exists() and not _is_exported(target):
        raise ParameterError(f"'{target}' exists, and vqsynth did not export it; choose another name")
    for name in patches:
        path = target.parent / name
        if not path.exists():
            continue
        made_for = _made_for(check_output(path))
        if made_for != target.name:
            whose = "vqsynth did not write it" if made_for is None else f"it belongs to '{made_for}'"
            raise ParameterError(f"'{path}' exists, and {whose}; export into a folder of its own")


def _is_exported(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/vqsynth/export/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _made_for(path: Path) -> str | None:
    """Return the name of the file that a patch was written for, or None for a patch of somebody else's."""
    try:
        with path.open(encoding="utf-8") as opened:
            found = re.search(rf"{MADE} (\S+?\.ts)\b", opened.read(_MOST_TEXT))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def write_files(target: Path, module: nn.Module, patches: Mapping[str, str]) -> list[Path]:
    """Script a module and write it, then its patches. Return what was written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is old, and what nn~ plays
        scripted = torch.jit.script(module.eval())
    with whole_file(target) as partial:
        torch.jit.save(scripted, str(partial))
    written = [target]
    for name, text in patches.items():
        write_whole(target.parent / name, text)
        written.append(target.parent / name)
    return written
