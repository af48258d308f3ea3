"""`vqsynth continuous plane`: a point that moves between four sounds."""

from pathlib import Path
from typing import Any

import click

from vqsynth.cli.continuous import rendering
from vqsynth.continuous.plane import check_corners, read_walk, walk_plane
from vqsynth.continuous.store import find_model


@click.command("plane")
@rendering.model_argument
@click.argument("corners", nargs=-1, metavar="A B C D", type=rendering.SoundOrPath)
@rendering.render_options
@click.option("--at", required=True, metavar="WALK", help='Where the point is: "0:0.1,0.2 4:0.9,0.8", or @walk.csv.')
@click.option("--seconds", type=float, help="Length of the sound.  [default: until the walk and all sounds have ended]")
def plane_command(model: str, corners: tuple[Path, ...], at: str, seconds: float | None, **values: Any) -> None:
    """Mix four sounds, encoded by MODEL, by the position of a moving point. Each may also be a latent path.

    The corners of the square are A at 0,0, B at 1,0, C at 0,1 and D at 1,1. WALK is a list of seconds:x,y.

    \b
    Example:
      vqsynth continuous plane strings a.wav b.wav c.wav d.wav --at "0:0.1,0.2 4:0.9,0.8" -o walk.wav
    """
    check_corners(corners)
    folder = find_model(model)
    rendering.check(values, *corners, *folder.iterdir(), *rendering.curve_files(at))
    read_walk(at)
    loaded = rendering.load_model(folder, values)
    paths = [rendering.read_path(loaded, file) for file in corners]
    title = f"{loaded.name}: {', '.join(file.stem for file in corners)} at {at}"
    rendering.render(loaded, walk_plane(paths, at, seconds=seconds), values, title=title)
