"""Encode a sound, edit the row of codes that it becomes, and play it again.

    python examples/edit_a_score.py [FOLDER]

Writes before.wav, after.wav and score.json into FOLDER.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

import vqsynth


def main(folder: str = ".") -> None:
    """Play a percussion loop, and then the same with the codes of its second half in reverse order."""
    book = vqsynth.load("percussion")
    beat = book.synthesize(targets={"centroid": "steps(p90,p10,p60,p10,p80,p20,p50,p10)", "loudness": -18}, seconds=2)
    path = book.encode(beat.y, book.grid.sr)
    soundfile.write(Path(folder) / "before.wav", book.render(path), book.grid.sr)

    half = len(path) // 2
    edited = path.with_codes(np.concatenate([path.codes[:half], path.codes[half:][::-1]]))
    edited.save(Path(folder) / "score.json")
    again = vqsynth.CodePath.load(Path(folder) / "score.json")
    soundfile.write(Path(folder) / "after.wav", book.render(again), book.grid.sr)
    print(again)


if __name__ == "__main__":
    main(*sys.argv[1:])
