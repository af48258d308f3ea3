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
@click.option("-o", "--output", type=options.OutputFile, required=True, help="The bent path, JSON or safetensors.")
@click.option("--component", metavar="N", help="A number from 1, `all`, or `loudness`.  [default: all]")
@click.option("--scale", metavar="CURVE", help="Multiply by it; the loudness is scaled around its loudest frame.")
@click.option("--bias", metavar="CURVE", help="Add it: standard deviations, of the loudness dB.")
@click.option("--randomize", metavar="CURVE", help="Add a random number to each frame, of this standard deviation.")
@click.option("--reverse", is_flag=True, help="Backwards; without --component the whole sound.")
@click.option("--draw", metavar="CURVE", help="Replace it by the curve.")
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
