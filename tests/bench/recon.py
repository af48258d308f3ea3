"""How near held-out sounds come back, encoded and decoded with `refined`.

    python tests/bench/recon.py [BOOK]

Measured with librosa: log-spectral distance, spectral convergence and mel-cepstral distance at 22050 Hz, magnitudes
floored 80 dB under the loudest. The files are those that the recipe holds out, every fifth of each package.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
from _bars import finish, note, show
from _violins import read_sound, violin_job
from scipy.fft import dct

import vqsynth

SR = 22050
BARS = {"lsd": 5.0, "sc": 0.25, "mcd": 1.8}


def compare(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Measure how far `b` is from `a`, both at 22050 Hz."""
    sc, spectra = [], []
    for n_fft in (2048, 1024, 512, 256):
        p, q = (np.abs(librosa.stft(y, n_fft=n_fft, hop_length=n_fft // 4)) for y in (a, b))
        spectra.append((p, q))
        sc.append(np.linalg.norm(p - q) / np.linalg.norm(p))
    p, q = spectra[0]
    db = 20 * np.log10(np.maximum(p, p.max() * 1e-4) / np.maximum(q, p.max() * 1e-4))
    mel = [librosa.feature.melspectrogram(S=m**2, sr=SR, n_fft=2048, n_mels=80) for m in (p, q)]
    cep = [dct(np.log(np.maximum(m, mel[0].max() * 1e-8)), axis=0, norm="ortho")[1:14] / np.sqrt(160) for m in mel]
    mcd = 10 / np.log(10) * np.sqrt(2 * ((cep[0] - cep[1]) ** 2).sum(axis=0)).mean()
    return {"lsd": np.sqrt((db**2).mean(axis=0)).mean(), "sc": float(np.mean(sc)), "mcd": float(mcd)}


def main(name: str = "violin") -> None:
    """Print the means of the held-out files beside their bars, and those of each package."""
    book, job = vqsynth.load(name), violin_job()
    figures: dict[str, list[dict[str, float]]] = {"rendered": [], "recorded": []}
    for path in map(Path, job.validation or ()):
        y = read_sound(path, book.grid.sr)
        decoded = book.render(book.encode(y, book.grid.sr), excitation="refined")
        pair = (librosa.resample(s, orig_sr=book.grid.sr, target_sr=SR, res_type="soxr_vhq") for s in (y, decoded))
        one = compare(*pair)
        figures["recorded" if "node_modules" in path.parts else "rendered"].append(one)
        note(f"    {path.name}: " + ", ".join(f"{k} {v:.3f}" for k, v in one.items()), one["lsd"], "lsd")
    for metric, bar in BARS.items():
        show(f"held-out sounds, refined: {metric}", np.mean([f[metric] for g in figures.values() for f in g]), bar)
        for package, group in figures.items():
            note(f"    {package} alone", float(np.mean([f[metric] for f in group])))


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
