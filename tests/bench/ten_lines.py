"""How well README's ten lines follow a centroid sine, on every shipped codebook.

    python tests/bench/ten_lines.py

The error is RMS over the range of the target, measured on the sound that comes back, edges left out.
"""

from _bars import finish, show

import vqsynth

TARGETS = {"centroid": "sin(p5,p95,0.2)", "loudness": -20}
SECONDS = 6.0
BAR = 0.003


def main() -> None:
    """Print the error of each codebook beside the bar."""
    for book in vqsynth.list_codebooks():
        sound = book.synthesize(targets=TARGETS, seconds=SECONDS)
        error = sound.report.descriptors["centroid"].nrmse
        show(f"{book.name}: ten lines, centroid {TARGETS['centroid']}: nrmse", error or 0.0, BAR)


if __name__ == "__main__":
    main()
    finish()
