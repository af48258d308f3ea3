"""Ask the tables of several codebooks which is brightest, and how descriptors hang together.

    python examples/table_research.py [FOLDER]

Writes bright.csv, the brightest tenth of the violin's codes, into FOLDER.
"""

import sys
from pathlib import Path

import numpy as np

import vqsynth


def main(folder: str = ".") -> None:
    """Compare instruments by their tables."""
    for name in ("violin", "cello", "trumpet"):
        table = vqsynth.load(name).table
        low, high = (table.percentile("centroid", p) for p in (5, 95))
        both = np.log2(table["centroid"]), table["flatness"]
        used = table.used & np.isfinite(both).all(axis=0)
        together = np.corrcoef(both[0][used], both[1][used])[0, 1]
        print(f"{name}: centroid {low:.0f} to {high:.0f} Hz; its correlation with flatness {together:.2f}")
    table = vqsynth.load("violin").table
    bright = table.select(np.flatnonzero(table.filter("centroid>p90 and count>0")))
    bright.to_csv(Path(folder) / "bright.csv")
    print(bright)


if __name__ == "__main__":
    main(*sys.argv[1:])
