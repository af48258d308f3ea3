"""`vqsynth continuous morph`: one sound into another."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli.continuous import rendering
from vqsynth.continuous.morphing import ALIGNMENTS, PARTS, morph
from vqsynth.continuous.store import find_model
from vqsynth.curves.language import make_curve


@click.command("morph")
@rendering.model_argument
@click.argument("a", type=rendering.SoundOrPath)
@click.argument("b", type=rendering.SoundOrPath)
@rendering.render_options
@click.option(
    "--weight",
    metavar="CURVE",
    default="line(0,1)",
    show_default=True,
    help="Curve of the weight, from 0, all A, to 1, all B.",
)
@click.option("--align", type=click.Choice(ALIGNMENTS), default="stretch", show_default=True,
              help="Way to bring both to one length: evenly, or so that similar frames coincide.")  # fmt: skip
@click.option(
    "--of",
    type=click.Choice(PARTS),
    default="both",
    show_default=True,
    help="Part that is mixed; the rest is taken from A.",
)
@click.option("--seconds", type=float, help="Length of the morph.  [default: that of the longer sound]")
def morph_command(
    model: str, a: Path, b: Path, weight: str, align: str, of: str, seconds: float | None, **values: Any
) -> None:
    """Turn sound A into sound B, both encoded by MODEL. Each may also be a latent path.

    \b
    Examples:
      vqsynth continuous morph strings violin.wav cello.wav -o morph.wav
      vqsynth continuous morph choir a.wav o.wav --weight "sin(0,1,0.5)" --align dtw --of latents -o vowels.wav
    """
    folder = find_model(model)
    rendering.check(values, a, b, *folder.iterdir(), *rendering.curve_files(weight))
    curve = make_curve(weight)
    loaded = rendering.load_model(folder, values)
    first, second = (rendering.read_path(loaded, file) for file in (a, b))
    path = morph(first, second, weight=curve, align=align, of=of, seconds=seconds)
    rendering.render(loaded, path, values, title=f"{loaded.name}: {a.stem} to {b.stem}, weight {weight}")
