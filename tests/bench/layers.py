"""How well several layers together follow a line of the centroid.

    python tests/bench/layers.py

The error is that of the mix over the range of the target, the loudness that of the mix in dB.
"""

from _bars import finish, note, show

import vqsynth


def main() -> None:
    """Print one to three layers of choir and violin."""
    for name in ("choir", "violin"):
        book = vqsynth.load(name)
        for layers in (1, 2, 3):
            rows = book.synthesize(centroid="line(p10,p90)", seconds=4, layers=layers).report.descriptors
            show(f"{name}: centroid line, layers {layers}: nrmse of the mix", rows["centroid"].nrmse or 0.0, 0.015)
            note("    loudness, error", rows["loudness"].error or 0.0, "dB")


if __name__ == "__main__":
    main()
    finish()
