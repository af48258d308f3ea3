"""Arguments at the public edge: whatever is given for any of them, it is refused in one sentence or means something."""

import ast
import math
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.continuous.latent_paths import make_path
from tests.continuous.small import make_small_model
from vqsynth import render, store
from vqsynth.codebook import Codebook
from vqsynth.codes import index
from vqsynth.codes.projection import project_codes
from vqsynth.codes.selection import Selection
from vqsynth.continuous import alignment, bending, morphing, plane, streaming
from vqsynth.continuous import store as models
from vqsynth.continuous.model import ContinuousModel
from vqsynth.curves import language as curves
from vqsynth.curves.ranges import map_range
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.errors.checks import check_flag, check_mapping, check_number, check_path, check_positive, check_whole
from vqsynth.follow import batch, correction
from vqsynth.follow import layers as layering
from vqsynth.follow import reach as preview
from vqsynth.follow.limits import Limits
from vqsynth.follow.synthesis import synthesize
from vqsynth.follow.translation import translate
from vqsynth.path import CodePath, load_layers, save_layers
from vqsynth.running.observing import Observer
from vqsynth.sound import audio
from vqsynth.sound.descriptors import descriptor, measure
from vqsynth.sound.frames import FrameGrid

HOSTILE = (
    None, True, 2.5, -1, 0, 2.0, "3", "", b"3", math.nan, math.inf, -math.inf, [], {}, set(), (), object(), 10**30,
    np.float32(1.5), np.array([1, 2]), np.array("a"), [None], {"a": 1}, lambda t: "x", 1j, Path("x"),
)  # fmt: skip


def public_calls(book: Codebook, model: ContinuousModel) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Yield a name, a public function, and arguments that do; each of them is then replaced by what does not."""
    short = {"seconds": 0.1}
    targets = book.sample_curves(seconds=0.1, centroid="p50")
    path = book.choose(targets, seconds=0.1)
    latents = make_path(0.2)
    y = np.sin(np.arange(2000) / 9).astype(np.float32)
    yield (
        "synthesize",
        partial(synthesize, book),
        {
            "book": book,
            **short,
            "like": None,
            "mapping": "clamp",
            "excitation": "noise",
            "seed": 1,
            "layers": 1,
            "spread": 0.5,
            "rounds": 1,
            "limits": Limits(),
            "centroid": "p50",
            "loudness": -20,
            "method": "best_path",
            "weights": {},
            "smoothness": 1.0,
            "style": 0.0,
            "rest": 0,
            "variation": 0.0,
            "pitch": None,
        },
    )
    yield "follow", book.follow, {**short, "mapping": "clamp", "centroid": 900, "weights": {"centroid": 1}, "rest": 1}
    yield "sample_curves", book.sample_curves, {**short, "mapping": {"centroid": "rank"}, "centroid": 900}
    yield "choose", book.choose, {"targets": targets, **short, "taken": None, "seed": 0, "method": "nearest"}
    yield "traverse", book.traverse, {"by": "centroid", "descending": False, "frames_per_code": 1}
    yield "render", lambda p, **o: book.render(p, **o), {"p": path, "excitation": "noise", "seed": 1, "spread": 1}
    yield "encode", book.encode, {"y": y, "sr": 16000, "observer": Observer()}
    yield (
        "Selection",
        Selection,
        {
            "method": "nearest",
            "weights": {},
            "smoothness": 1.0,
            "style": 0.0,
            "rest": 0,
            "variation": 0.0,
            "seed": 0,
        },
    )
    yield "Limits", Limits, {"envelope_db": 1.0, "transpose_cents": 1.0, "gain": True, "fundamental_db": 0.0}
    yield (
        "CodePath",
        CodePath,
        {
            "codebook": "a",
            "sha256": "b",
            "sr": 8000,
            "hop_length": 64,
            "n_samples": 63,
            "codes": [0],
            "gain_db": [0.0],
            "excitation": "noise",
            "seed": 0,
            "controls": None,
            "spread": 0.0,
        },
    )
    yield "with_codes", path.with_codes, {"codes": path.codes}
    yield (
        "render_path",
        partial(render.render_path, spectra=book.spectra),
        {
            "path": path,
            "excitation": "refined",
            "seed": 0,
            "spread": 0.5,
            "place": -1,
            "refinements": 1,
        },
    )
    yield (
        "render_blocks",
        lambda **o: list(render.render_blocks(path, book.spectra, **o)),
        {
            "excitation": "noise",
            "seed": 0,
            "spread": 0.5,
            "place": -1,
            "block_size": 64,
        },
    )
    yield "save_layers", save_layers, {"paths": [path], "file": "layers.json"}
    yield "translate", partial(translate, book), {"paths": [path], "source": book, "mapping": "clamp", "limits": None}
    yield "load_layers", load_layers, {"file": "layers.json"}
    yield (
        "correct_path",
        partial(correction.correct_path, path, book.spectra, targets),
        {
            "rounds": 1,
            "limits": None,
            "tried": None,
        },
    )
    yield (
        "choose_layers",
        partial(layering.choose_layers, book, targets),
        {
            "layers": 2,
            **short,
            "excitation": "noise",
            "seed": 0,
            "spread": 0.0,
        },
    )
    yield (
        "correct_layers",
        partial(layering.correct_layers, book, [path], targets),
        {
            "rounds": 1,
            "limits": None,
        },
    )
    yield (
        "find_candidates",
        partial(index.find_candidates, book.table, {"centroid": targets["centroid"]}),
        {"weights": None, "k": 2},
    )
    yield "preview_targets", partial(preview.preview_targets, book.table, targets), {"weights": None}
    yield "make_curve", lambda value, **o: curves.make_curve(value, **o).sample([0.0, 0.1], 0.1), {"value": 1}
    yield "sample", curves.make_curve("line(0,1)").sample, {"times_s": [0.0, 1.0], "seconds": 1.0}
    yield "table.percentile", book.table.percentile, {"name": "centroid", "p": 50}
    yield "table.sort", book.table.sort, {"by": "centroid", "descending": False}
    yield "table.filter", book.table.filter, {"expression": "centroid>p50"}
    yield "table.select", book.table.select, {"codes": [0, 1]}
    yield "table.ranges", book.table.ranges, {"low": 5.0, "high": 95.0}
    yield "map_range", partial(map_range, np.ones(3), book.table), {"name": "centroid", "how": "rank"}
    yield "FrameGrid", FrameGrid, {"sr": 16000, "n_fft": 1024, "hop_length": 256}
    yield "measure", partial(measure, y, book.grid), {"names": ["centroid"], "n_fft": 1024}
    yield (
        "descriptor",
        lambda **o: descriptor(**o)(lambda sound: sound.frames[..., 0]),
        {
            "name": "sharpness",
            "unit": "",
            "scale": "linear",
            "summary": "mean",
        },
    )
    yield "project_codes", partial(project_codes, book.spectra.magnitudes), {"method": "pca"}
    yield (
        "plan_batch",
        batch.plan_batch,
        {
            "books": ["violin"],
            "requests": [batch.Request("a", {"centroid": "900"})],
            "folder": "out",
            "resume": True,
        },
    )
    yield "Request", batch.Request, {"text": "a", "curves": {"centroid": "900"}, "like": None}
    yield "load", store.load, {"book": "violin-is-not-here"}
    yield "models.load", models.load, {"model": "strings-is-not-here"}
    yield "audio.load", audio.load, {"file": "a.wav", "sr": 16000}
    yield "audio.stream", lambda **o: list(audio.stream(**o)), {"file": "a.wav", "sr": 16000, "piece_s": 1.0}
    yield "audio.save", audio.save, {"file": "b.wav", "y": y, "sr": 16000}
    yield "resample", audio.resample, {"y": y, "orig_sr": 16000, "sr": 8000}
    yield "limit_peak", audio.limit_peak, {"y": y}
    yield (
        "bend",
        bending.bend,
        {
            "path": latents,
            "component": 1,
            "scale": 1,
            "bias": 0,
            "randomize": 0.1,
            "reverse": False,
            "draw": 0,
            "seed": 1,
        },
    )
    yield "parse_component", bending.parse_component, {"text": "1"}
    yield (
        "morph",
        morphing.morph,
        {
            "a": latents,
            "b": latents,
            "weight": 0.5,
            "align": "stretch",
            "of": "both",
            "seconds": 0.1,
        },
    )
    yield "walk_plane", plane.walk_plane, {"corners": [latents] * 4, "at": "0.5,0.5", "seconds": 0.1}
    yield "stretch", alignment.stretch, {"path": latents, "n_samples": 2000}
    yield "align_dtw", alignment.align_dtw, {"a": latents, "b": latents, "n_samples": 2000}
    yield "model.encode", model.encode, {"y": y, "sr": 16000}
    encoded = model.encode(y, model.sr)
    yield (
        "model.decode",
        model.decode,
        {
            "path": encoded,
            "vocoder": "griffin-lim",
            "excitation": None,
            "seed": 0,
        },
    )
    yield "model.transfer", model.transfer, {"y": y, "sr": model.sr, "vocoder": "griffin-lim", "seed": 0}
    yield (
        "ModelStream",
        lambda **o: streaming.ModelStream(model, **o),
        {
            "vocoder": None,
            "excitation": None,
            "seed": 0,
            "bend": None,
        },
    )


def test_public_functions_given_anything_refuse_it_in_one_sentence_or_take_it(
    book: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = []
    for name, call, good in public_calls(book, make_small_model()):
        for argument in good:
            for value in HOSTILE:
                if name == "synthesize" and argument == "pitch" and value is None:
                    continue
                given = {k: v for k, v in good.items() if v is not None or k != "pitch"} | {argument: value}
                began = time.monotonic()
                try:
                    with warnings.catch_warnings(), np.errstate(all="ignore"):
                        warnings.simplefilter("ignore")
                        call(**given)
                except VqsynthError as e:
                    if "\n" in str(e) or len(str(e)) > 600:
                        faults.append(f"{name}({argument}={value!r}): {len(str(e))} characters")
                except Exception as e:  # noqa: BLE001
                    faults.append(f"{name}({argument}={value!r}): {type(e).__name__}: {str(e)[:80]}")
                if time.monotonic() - began > 5:
                    faults.append(f"{name}({argument}={value!r}) took {time.monotonic() - began:.0f} s")
    assert not faults, f"{len(faults)} of them\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rounds": 2.5}, "rounds must be a whole number of 0 or more"),
        ({"rounds": True}, "rounds must be a whole number"),
        ({"layers": True}, "layers must be a whole number of 1 or more"),
        ({"layers": 1.0}, "layers must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number of 0 or more"),
        ({"limits": {"envelope_db": 1}}, "limits must be correction.Limits or None"),
        ({"seconds": "3"}, "seconds must be above 0"),
        ({"seconds": True}, "seconds must be above 0"),
        ({"rest": 2.5}, "rest must be a whole number of 0 or more, up to"),
        ({"style": True}, "style must be a number of 0 or more, up to 1"),
        ({"weights": 3}, "weights must be a dict by descriptor name"),
        ({"mapping": {"centroid": "rang"}}, "the mapping of centroid must be one of clamp"),
        ({"mapping": {"centroit": "rank"}}, "did you mean 'centroid'"),
        ({"excitation": "loud"}, "excitation must be one of noise, coherent, refined"),
        ({"method": 3}, "method must be one of nearest, best_path"),
    ],
)
def test_synthesize_with_what_is_not_meant_says_what_is(book: Codebook, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        synthesize(book, **{"seconds": 0.1, "centroid": "p50"} | options)


@pytest.mark.parametrize("frames", [2.5, 2.0, True, 0, "2", None])
def test_traverse_with_a_fraction_of_frames_is_refused(book: Codebook, frames: Any) -> None:
    with pytest.raises(ParameterError, match="frames_per_code must be a whole number of 1 or more"):
        book.traverse("centroid", frames_per_code=frames)


def test_numbers_of_numpy_are_as_good_as_those_of_python(book: Codebook) -> None:
    """Each by itself gives the very same path."""
    one, two = (
        synthesize(book, seconds=kind(0.5), seed=whole(3), rounds=whole(1), rest=whole(2), centroid="p50").path
        for kind, whole in ((float, int), (np.float64, np.int64))
    )
    assert one.to_fields() == two.to_fields()
    assert len(book.traverse("centroid", frames_per_code=np.int32(2))) == 2 * len(book)


@pytest.mark.parametrize("check", [check_whole, check_number, check_positive, check_flag, check_path, check_mapping])
def test_checks_say_name_and_value_in_one_short_line(check: Callable[..., Any]) -> None:
    with pytest.raises(ParameterError, match=r"^it must be .*got \[\[0, 0, 0"):
        check("it", [[0, 0, 0]] * 1000)
    with pytest.raises(ParameterError) as raised:
        check("it", ["a\nb"] * 1000)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 200


def raised_from_themselves(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that raise an error from that very error, which shows it twice."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.cause, ast.Name) and node.exc is not None:
            branches = [node.exc.body, node.exc.orelse] if isinstance(node.exc, ast.IfExp) else [node.exc]
            if any(isinstance(branch, ast.Name) and branch.id == node.cause.id for branch in branches):
                yield node.lineno


def test_no_error_is_raised_from_itself() -> None:
    root = Path(__file__).parent.parent
    files = [file for room in ("vqsynth", "cli", "codebooks") for file in (root / room).rglob("*.py")]
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    assert len(files) > 100 and not [
        f"{file}:{n}" for file, tree in trees.items() for n in raised_from_themselves(tree)
    ]
    sample = "try: f()\nexcept E as e:\n raise e if x else F() from e"
    assert list(raised_from_themselves(ast.parse(sample))) == [3]
