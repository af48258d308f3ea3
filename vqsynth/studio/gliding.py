"""Latent paths for the glide page: sounds encoded, four mixed by a walk, one bent, two morphed, any heard.

The server keeps none of them. A request holds the paths that it is about, as the JSON of latent path files, so that
what the page has is all that is needed, also by another server.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from vqsynth.continuous.bending import bend
from vqsynth.continuous.latentfiles import FACTS
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.morphing import morph
from vqsynth.continuous.plane import walk_plane
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_kind
from vqsynth.running.observing import Advance, Observer
from vqsynth.sound import audio
from vqsynth.sound.frames import Floats
from vqsynth.storage.records import check_field
from vqsynth.studio.bodies import NUMBER, Fields, check_known, optional, read_list, read_number, read_row
from vqsynth.studio.bounds import MOST_BENDS, MOST_COMPONENTS, check_duration
from vqsynth.studio.hearing import check_length
from vqsynth.studio.scratch import sound_file, written_bytes

AMOUNTS = ("scale", "bias", "randomize", "draw")
"""Ways to bend that take a number, or a list of numbers over time."""
HOW: Mapping[str, tuple[type, ...]] = {"vocoder": (str,), "excitation": (str,), "seed": (int,)}
MOST_POINTS = 100_000
DECODED = ("stream", "wav", "path")


def encode(model: ContinuousModel, data: bytes, name: str, observer: Observer) -> bytes:
    """Encode a sound file to the JSON of a latent path. Raises AudioError for what is no sound, or over ten minutes."""
    with sound_file(data, name) as file:
        check_length(file, model.sr, observer)
        y, sr = audio.load(file)
        observer.advance(Advance("encoding", 0.5))
        return write_latents(model.encode(y, sr))


def walk(model: ContinuousModel, asked: Fields, observer: Observer) -> bytes:
    """Mix four paths by a walk.

    Parameters
    ----------
    model : ContinuousModel
        The model.
    asked : dict
        `corners`, four paths A, B, C and D; `at`, rows of seconds, x and y; `seconds`, by default as the walk and the
        sounds have it.
    observer : Observer
        Hears between the steps.

    Returns
    -------
    bytes
        The JSON of a latent path.

    """
    check_known(asked, ("corners", "at", "seconds"))
    corners = read_list(asked, "corners", 4, lambda fields: read_latents(model, fields))
    at = read_list(asked, "at", MOST_POINTS, lambda row: read_row(row, "at", 3))
    observer.advance(Advance("mixing", 0.5))
    return write_latents(walk_plane(corners, np.array(at), seconds=_read_seconds(asked)))


def bend_parts(model: ContinuousModel, asked: Fields, observer: Observer) -> bytes:
    """Bend a path: `path`, and `bends`, a list of `component` and what `vqsynth continuous bend` can do with it."""
    check_known(asked, ("path", "bends"))
    path = read_latents(model, check_field(asked, "path", dict))
    for how in read_list(asked, "bends", MOST_BENDS, _read_bend):
        observer.advance(Advance("bending", 0.5))
        path = bend(path, **how)
    return write_latents(path)


def morph_two(model: ContinuousModel, asked: Fields, observer: Observer) -> bytes:
    """Turn path `a` into path `b` along `weight`, with `align`, `of` and `seconds` as `vqsynth continuous morph`."""
    check_known(asked, ("a", "b", "weight", "align", "of", "seconds"))
    a, b = (read_latents(model, check_field(asked, name, dict)) for name in ("a", "b"))
    how = optional(asked, {"align": (str,), "of": (str,)})
    if asked.get("weight") is not None:
        how["weight"] = _read_amount(asked["weight"], "weight")
    observer.advance(Advance("morphing", 0.5))
    return write_latents(morph(a, b, seconds=_read_seconds(asked), **how))


def decode(model: ContinuousModel, asked: Fields, observer: Observer) -> Iterator[bytes]:
    """Make the sound of a path, part by part.

    Parameters
    ----------
    model : ContinuousModel
        The model.
    asked : dict
        `path`; `vocoder`, `excitation` and `seed`, by default those of the path; `as`: "stream" is float32 samples,
        little-endian, as they are made; "wav" and "path" are the files that `vqsynth continuous decode` writes.
    observer : Observer
        Hears of every block.

    Yields
    ------
    bytes

    """
    check_known(asked, ("path", "as", *HOW))
    path = model.direct(read_latents(model, check_field(asked, "path", dict)), **optional(asked, HOW))
    form = check_choice("as", asked.get("as", "stream"), DECODED)
    if form == "path":
        yield write_latents(path)
        return
    if form == "wav":
        observer.advance(Advance("decoding", 0.1))
        y = model.decode(path)
        yield written_bytes(lambda file: audio.save(file, y, path.sr), "sound.wav")
        return
    from vqsynth.continuous.streaming import decode_blocks  # and with it torch

    done = 0
    for block in decode_blocks(model, path):
        done += len(block)
        yield _to_bytes(block)
        observer.advance(Advance("decoding", done / path.n_samples))


def warm(model: ContinuousModel) -> None:
    """Load what the model needs, torch included, so that the first sound does not wait for it."""
    from vqsynth.continuous.streaming import decode_blocks

    path = model.encode(np.full(model.grid.frames.n_fft, 0.1, np.float32), model.sr)
    for _ in decode_blocks(model, path):
        pass


def read_latents(model: ContinuousModel, fields: Any) -> LatentPath:
    """Read the JSON of a latent path. Raises ParameterError and ModelError for what cannot be used."""
    found = check_kind("path", fields, dict, "an object with components and loudness_db")
    facts = {name: check_field(found, name, *kinds) for name, kinds in FACTS.items()}
    if facts["sr"] > 0:
        check_duration(facts["n_samples"] / facts["sr"])
    components = read_list(found, "components", MOST_COMPONENTS, lambda row: read_row(row, "components"))
    if len({len(row) for row in components}) > 1:
        raise ParameterError("'components' must hold rows of one length")
    loudness_db = read_row(found.get("loudness_db"), "loudness_db")
    path = LatentPath(**facts, components=np.array(components), loudness_db=loudness_db)
    model.check_path(path)
    return path


def write_latents(path: LatentPath) -> bytes:
    """Write the JSON of a latent path."""
    return written_bytes(path.save, "path.json")


def _read_bend(fields: Any) -> dict[str, Any]:
    how = check_kind("a bend", fields, dict, "an object such as {'component': 1, 'bias': 2}")
    check_known(how, ("component", "reverse", "seed", *AMOUNTS), "way to bend")
    amounts = {name: _read_amount(how[name], name) for name in AMOUNTS if how.get(name) is not None}
    return optional(how, {"component": (int, str), "reverse": (bool,), "seed": (int,)}) | amounts


def _read_amount(value: Any, name: str) -> Any:
    """Read a number, or numbers spread over the duration. A text is refused, since it may name a file."""
    if isinstance(value, list):
        return read_row(value, name)
    return read_number({name: value}, name)


def _read_seconds(asked: Fields) -> float | None:
    seconds = optional(asked, {"seconds": NUMBER}).get("seconds")
    return None if seconds is None else check_duration(seconds)


def _to_bytes(y: Floats) -> bytes:
    return np.ascontiguousarray(y, "<f4").tobytes()
