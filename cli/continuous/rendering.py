"""Options, inputs and outputs of the verbs that make a sound."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.cli.given import LATENTS, MODEL, SOUND
from vqsynth.cli.outputs import dark
from vqsynth.cli.streams import STANDARD, FilePath, Name, readable, say, written
from vqsynth.codes.spectra import EXCITATIONS
from vqsynth.continuous.latentfiles import SUFFIXES, check_suffix
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.store import load
from vqsynth.curves.sources import source_file
from vqsynth.errors import AudioError
from vqsynth.sound import audio

_OPTIONS = (
    options.output,
    click.option(
        "--vocoder", metavar="NAME", help="Vocoder, one of the model's; `info` lists them.  [default: the model's best]"
    ),
    click.option(
        "--excitation", type=click.Choice(EXCITATIONS), help="Phases, where the vocoder makes magnitudes only."
    ),
    click.option("--seed", type=click.IntRange(min=0), help="Seed of the noise.  [default: the path's]"),
    click.option("--path", "path_file", type=options.OutputFile, help="Latent path to write, JSON or safetensors."),
    click.option(
        "--plot", "plot_file", type=options.File, help="Picture of the latent path to write, PNG, SVG or PDF."
    ),
    dark,
)
Model = Name(MODEL)
SoundOrPath, PathFile = FilePath(SOUND, LATENTS), FilePath(LATENTS, standard="input")
model_argument = click.argument("model", type=Model)


def render_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options -o, --vocoder, --excitation, --seed, --path and --plot, for `check` and `render`."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def check(values: dict[str, Any], *inputs: Path) -> None:
    """Raise an error, before any work, for outputs that cannot be written or are inputs."""
    options.check_sound(values["output"])
    if values["path_file"]:
        check_latents(values["path_file"])
    options.check_outputs(values["output"], values["path_file"], picture=values["plot_file"], inputs=inputs)


def check_latents(output: Path) -> None:
    """Raise ParameterError for a latent path to write in an unknown format; on standard output it is JSON."""
    if output != STANDARD:
        check_suffix(output)


def curve_files(*texts: str) -> tuple[Path, ...]:
    """List the files that curves and walks are read from."""
    return tuple(filter(None, map(source_file, texts)))


def load_model(folder: Path, values: dict[str, Any]) -> ContinuousModel:
    """Load a model, and raise ParameterError, before any work, for a vocoder that it does not have."""
    model = load(folder)
    if values["vocoder"] is not None:
        model.check_vocoder(values["vocoder"])
    return model


def read_path(model: ContinuousModel, file: Path) -> LatentPath:
    """Return the latent path of a file, or encode a sound file. Raises ModelError for another model's path."""
    if file.suffix.lower() not in SUFFIXES:
        return encode_file(model, file)
    path = LatentPath.load(file)
    model.check_path(path)
    return path


def load_path(file: Path) -> LatentPath:
    """Read a latent path, also from standard input."""
    with readable(file, ".json") as there:
        return LatentPath.load(there)


def encode_file(model: ContinuousModel, file: Path) -> LatentPath:
    """Encode a sound file. Raises AudioError with its name, so that one knows which of several sounds is wrong."""
    y, sr = audio.load(file)
    try:
        return model.encode(y, sr)
    except AudioError as e:
        raise AudioError(f"'{file}' cannot be encoded: {e}") from e


def render(model: ContinuousModel, path: LatentPath, values: dict[str, Any], *, title: str | None = None) -> None:
    """Decode a path, write the sound and, if asked for, the path as decoded and a picture of it."""
    path = model.direct(path, **{name: values[name] for name in ("vocoder", "excitation", "seed")})
    with written(values["output"], ".wav") as file:
        audio.save(file, model.decode(path), path.sr)
    say(f"{path.seconds:.2f} s\nwrote {values['output']}")
    if values["path_file"]:
        with written(values["path_file"], ".json") as file:
            path.save(file)
        say(f"wrote {values['path_file']}")
    if values["plot_file"]:
        path.plot(values["plot_file"], title=title, dark=values["dark"])
        say(f"wrote {values['plot_file']}")
