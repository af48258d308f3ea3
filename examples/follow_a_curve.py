"""Follow a descriptor curve with a shipped codebook, and see how near the sound comes to it.

    python examples/follow_a_curve.py [FOLDER]

Writes sweep.wav and sweep.png into FOLDER, by default the current one.
"""

import sys
from pathlib import Path

import soundfile

import vqsynth


def main(folder: str = ".") -> None:
    """Sweep the brightness of a violin up and down at a steady loudness."""
    book = vqsynth.load("violin")
    sound = book.synthesize(targets={"centroid": "sin(p5,p95,0.5)", "loudness": -20}, seconds=4)
    print(sound.report.summary())
    soundfile.write(Path(folder) / "sweep.wav", sound.y, book.grid.sr)
    sound.plot(Path(folder) / "sweep.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
