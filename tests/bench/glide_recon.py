"""How near held-out sounds come back from a continuous model, by every vocoder, and by Griffin-Lim from the same mel.

    python tests/bench/glide_recon.py [MODEL]

Measured with librosa: log-spectral distance, spectral convergence and mel-cepstral distance at 22050 Hz, magnitudes
floored 80 dB under the loudest. The files are those that the recipe holds out, every fifth of each package, up to 20 s
of each.
"""

import sys

import librosa
import numpy as np
from _bars import finish, note, show
from _models import held_out
from recon import SR, compare

from vqsynth.continuous import load

BARS = {"lsd": 6.5, "sc": 0.40, "mcd": 2.5}
BASELINE = "griffin-lim"


def main(name: str = "strings") -> None:
    """Print the means of the default vocoder beside their bars, and those of the others."""
    model = load(name)
    best = model.card["vocoder"]
    figures: dict[str, dict[str, dict[str, float]]] = {vocoder: {} for vocoder in model.vocoders}
    for file, y in held_out(model).items():
        path = model.encode(y, model.sr)
        reference = librosa.resample(y, orig_sr=model.sr, target_sr=SR, res_type="soxr_vhq")
        for vocoder in model.vocoders:
            decoded = model.render(path, vocoder=vocoder)
            estimate = librosa.resample(decoded, orig_sr=model.sr, target_sr=SR, res_type="soxr_vhq")
            figures[vocoder][file] = compare(reference, estimate)
        one = figures[best][file]
        note(f"    {file}: " + ", ".join(f"{k} {v:.3f}" for k, v in one.items()), one["lsd"], "lsd")
    for metric, bar in BARS.items():
        means = {vocoder: float(np.mean([f[metric] for f in files.values()])) for vocoder, files in figures.items()}
        show(f"{name}, held-out sounds through VAE and {best}: {metric}", means[best], bar)
        if metric != "mcd":
            show("    less than Griffin-Lim from the same mel", means[best], means[BASELINE])
        for vocoder in means:
            note(f"    {vocoder}", means[vocoder])


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
