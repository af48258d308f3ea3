"""How fast a path is rendered, and how long a whole `vqsynth synth` takes.

    python tests/bench/speed.py [BOOK]

Run with OMP_NUM_THREADS=1 (`make bench` does): one thread.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from _bars import finish, median_seconds, note, show

import vqsynth
from vqsynth.codes.controls import no_controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.render import render_path

HEAVY = ("torch", "librosa", "sklearn", "matplotlib")


def synth(name: str, folder: str, *, then: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    script = f"import sys\nfrom vqsynth.cli.main import main\nmain()\n{then}"
    arguments = ["synth", name, "--target", "centroid=sin(p5,p95,0.2)", "--seconds", "10", "-o", f"{folder}/a.wav"]
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)


def main(name: str = "violin") -> None:
    """Print speeds beside their bars."""
    book = vqsynth.load(name)
    path = book.follow(centroid="random(p5,p95,4,1)", seconds=60)
    book.spectra.partials  # noqa: B018  (what a codebook computes once, when it is first played)
    for excitation, bar in (("coherent", 100.0), ("noise", None)):
        speed = 60 / median_seconds(lambda e=excitation: render_path(path, book.spectra, excitation=e))
        if bar:
            show(f"{excitation}: 60 s, one thread, times faster than real time", speed, bar, better="higher")
        else:
            note(f"    {excitation}", speed)
    rows = np.random.default_rng(0).normal(0, 3, (len(path), BANDS))
    bent = replace(path, controls=replace(no_controls(len(path)), envelope_db=rows))
    speed = 60 / median_seconds(lambda: render_path(bent, book.spectra))
    show("    with an envelope, times faster than real time", speed, 150.0, better="higher")
    note("    refined", 60 / median_seconds(lambda: render_path(path, book.spectra, excitation="refined"), times=1))
    with tempfile.TemporaryDirectory() as folder:
        show(
            "vqsynth synth --seconds 10, the whole process", median_seconds(lambda: synth(name, folder)), 1.5, unit="s"
        )
        done = synth(name, folder, then=f"print(sorted(set({HEAVY!r}) & set(sys.modules)))")
        loaded = Path(folder, "a.wav").exists() and done.stdout.strip().splitlines()[-1]
    show("    of torch, librosa, sklearn, matplotlib it loads", 0 if loaded == "[]" else 1, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
