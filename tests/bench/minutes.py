"""How long `train --minutes` takes, from the command to the finished codebook, beside what was asked for.

    python tests/bench/minutes.py [MINUTES ...]

The sounds are made by a shipped codebook, so that nothing needs to be installed. With one thread.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _bars import finish, note, show

import vqsynth
from vqsynth.sound import audio

FILES, FILE_S = 12, 30.0


def write_sounds(folder: Path) -> None:
    """Write six minutes of sound that changes in brightness, pitch and loudness."""
    book = vqsynth.load("violin")
    for seed in range(FILES):
        curves = {
            "centroid": f"random(p5,p95,2,{seed})",
            "pitch": f"random(p5,p95,1,{seed})",
            "loudness": "random(-40,-15,1,1)",
        }
        path = book.follow(seconds=FILE_S, **curves)  # type: ignore[arg-type]
        audio.save(folder / f"{seed:02d}.wav", book.render(path), book.grid.sr)


def main(minutes: list[float]) -> None:
    """Train for so many minutes each, and print how far off the time was."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sounds").mkdir()
        write_sounds(folder / "sounds")
        for asked in minutes:
            command = [
                Path(sys.executable).with_name("vqsynth"),
                "train",
                "sounds",
                "--name",
                "timed",
                "-o",
                f"book{asked:g}",
            ]
            begun = time.monotonic()
            subprocess.run([*command, "--minutes", f"{asked:g}"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
            taken = (time.monotonic() - begun) / 60
            note(f"--minutes {asked:g} took", taken, "min")
            show("    off by", 100 * abs(taken - asked) / asked, 20.0, unit="%")


if __name__ == "__main__":
    main([float(text) for text in sys.argv[1:]] or [3.0, 10.0])
    finish()
