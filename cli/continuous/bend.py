"""`vqsynth continuous bend`: a latent path bent by hand."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli import options
from vqsynth.cli.continuous.rendering import PathFile, check_latents, curve_files, load_path
from vqsynth.cli.streams import say, written
from vqsynth.continuous.bending import bend, parse_component
from vqsynth.errors import ParameterError


@click.command("bend")
@click.argument("path", metavar="PATH.json", type=PathFile)
@click.option("-o", "--output", type=options.OutputFile, required=True, help="Bent path to write, JSON or safetensors.")
@click.option(
    "--component", metavar="N", help="Component to bend: a number from 1, `all`, or `loudness`.  [default: all]"
)
@click.option("--scale", metavar="CURVE", help="Curve to multiply by; the loudness is scaled around its loudest frame.")
@click.option("--bias", metavar="CURVE", help="Curve to add: in standard deviations, or in dB to the loudness.")
@click.option(
    "--randomize", metavar="CURVE", help="Curve of the standard deviation of a random number that each frame gets."
)
@click.option("--reverse", is_flag=True, help="Play it backwards; without --component, the whole sound.")
@click.option("--draw", metavar="CURVE", help="Curve to replace it by.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of --randomize.")
def bend_command(path: Path, output: Path, component: str | None, **ways: Any) -> None:
    """Bend one component of a latent path, all of them, or its loudness, and write the result as another path.

    Curves are written as for `synth`, numbers among them. They are applied in this order: reverse, draw, scale, bias,
    randomize.

    \b
    Examples:
      vqsynth continuous bend violin.json --component 1 --scale 1.5 --bias 0.2 -o bent.json
      vqsynth continuous bend violin.json --component loudness --draw "0:-60 2:-15 4:-60" -o swell.json
    """
    check_latents(output)
    curves = (text for text in ways.values() if isinstance(text, str))
    options.check_outputs(output, inputs=(*options.named(path), *curve_files(*curves)))
    if not any(value for name, value in ways.items() if name != "seed"):
        raise ParameterError("there is nothing to bend; give --scale, --bias, --randomize, --reverse or --draw")
    part = None if component is None else parse_component(component)
    bent = bend(load_path(path), component=part, **ways)
    with written(output, ".json") as file:
        bent.save(file)
    say(f"{len(bent)} frames of {bent.n_components} components, {bent.seconds:.2f} s\nwrote {output}")
