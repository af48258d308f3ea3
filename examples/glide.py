"""Glide between two sounds through the latents of the continuous model.

    python examples/glide.py [FOLDER]

Writes violin.wav, cello.wav and glide.wav into FOLDER.
"""

import sys
from pathlib import Path

import soundfile

import vqsynth
from vqsynth import continuous


def main(folder: str = ".") -> None:
    """Play a note of each instrument, then let one turn into the other and grow rough on the way."""
    model, ends = continuous.load("strings"), []
    for name, pitch_hz in (("violin", 440), ("cello", 220)):
        book = vqsynth.load(name)
        note = book.synthesize(targets={"pitch": pitch_hz, "loudness": -20}, seconds=2)
        soundfile.write(Path(folder) / f"{name}.wav", note.y, book.grid.sr)
        ends.append(model.encode(note.y, book.grid.sr))
    glide = continuous.morph(*ends, weight="0:0 0.5:0 1.5:1")
    glide = continuous.bend(glide, component=1, bias="0:0 1:2 2:0")  # a new path: nothing is changed in place
    soundfile.write(Path(folder) / "glide.wav", model.decode(glide), model.sr)
    print(glide)


if __name__ == "__main__":
    main(*sys.argv[1:])
