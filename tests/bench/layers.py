"""How well several layers together follow a line of the centroid, and what becomes of them in stereo.

    python tests/bench/layers.py

The error is that of the mix over the range of the target, the loudness that of the mix in dB. The mono sum is half the
sum of left and right at spread 1; it is compared with the mono sound in every third of an octave. Left and right are
correlated over time bin by bin: in bins that all layers sound with partials, and in bins without any.
"""

import numpy as np
from _bars import finish, note, show
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.path import CodePath
from vqsynth.sound.audio import to_mono
from vqsynth.sound.frames import frame_signal

EXCITATIONS = ("coherent", "noise", "refined")


def main() -> None:
    """Print one to three layers of choir and violin, then the stereo of them and of what is mostly noise."""
    for name in ("choir", "violin"):
        book = vqsynth.load(name)
        for layers in (1, 2, 3):
            made = book.synthesize(centroid="line(p10,p90)", seconds=4, layers=layers)
            rows = made.report.descriptors
            show(f"{name}: centroid line, layers {layers}: nrmse of the mix", rows["centroid"].nrmse or 0.0, 0.015)
            note("    loudness, error", rows["loudness"].error or 0.0, "dB")
            show_stereo(name, book, *made.paths)
    book = vqsynth.load("percussion")
    for layers in (1, 2, 3):
        show_stereo("percussion", book, *book.synthesize(centroid="line(p10,p90)", seconds=4, layers=layers).paths)


def show_stereo(name: str, book: Codebook, *paths: CodePath) -> None:
    """Print by how much the mono sum is off in its worst band, and how alike left and right are."""
    for excitation in EXCITATIONS:
        y = book.render(*paths, excitation=excitation, spread=1)
        mono = book.render(*paths, excitation=excitation)
        scale = np.std(mono) / np.std(to_mono(y))  # peaks of left or right may have been turned down
        off_db = third_octaves_db(to_mono(y) * scale, book.grid.sr) - third_octaves_db(mono, book.grid.sr)
        what = f"{name}, layers {len(paths)}, {excitation}"
        show(f"    {what}: mono sum, worst band", float(np.abs(off_db).max()), 0.5, unit="dB")
        noise, tone = correlate(book, y, paths, pure=excitation == "noise")
        show(f"    {what}: left and right, noise", noise, 0.5)
        if len(paths) == 1 and excitation != "noise":
            show(f"    {what}: left and right, partials", tone, 0.9, better="higher")


def third_octaves_db(y: NDArray[np.float32], sr: int) -> NDArray[np.float64]:
    """Take the level of a sound in every third of an octave from 40 Hz on."""
    power, hz = np.abs(np.fft.rfft(y.astype(np.float64))) ** 2, np.fft.rfftfreq(len(y), 1 / sr)
    edges = 40 * 2 ** (np.arange(int(3 * np.log2(sr / 80)) + 1) / 3)
    bands = [power[(hz >= low) & (hz < high)].sum() for low, high in zip(edges, edges[1:], strict=False)]
    return np.asarray(10 * np.log10(np.maximum(bands, 1e-20)))


def correlate(
    book: Codebook, y: NDArray[np.float32], paths: tuple[CodePath, ...], *, pure: bool
) -> tuple[float, float]:
    """Correlate left and right where all is noise, and where all is partials, by how loud each is."""
    frames = np.fft.rfft(frame_signal(y.T, book.grid) * book.grid.window)
    tonal = np.stack([book.spectra.look_up(path.codes[None], path.controls).tonal[0] for path in paths])
    settled = [_settle(rows, book.grid.n_fft // book.grid.hop_length) for rows in (~tonal, tonal)]
    where = [np.ones_like(tonal[0]), tonal[0] & False] if pure else [rows.all(axis=0) for rows in settled]
    return tuple(_alike(frames[0][some], frames[1][some]) for some in where)  # type: ignore[return-value]


def _settle(rows: NDArray[np.bool_], around: int) -> NDArray[np.bool_]:
    """Keep what holds in the frames around, too, and in the next bins, (layers, T, n_bins)."""
    kept = rows.copy()
    for by in range(-around, around + 1):
        kept &= np.roll(rows, by, axis=1)
    return kept & np.roll(rows, 1, axis=2) & np.roll(rows, -1, axis=2)


def _alike(left: NDArray[np.complex64], right: NDArray[np.complex64]) -> float:
    powers = (np.abs(left) ** 2).sum() * (np.abs(right) ** 2).sum()
    return float(np.real(left * right.conj()).sum() / np.sqrt(powers)) if powers else float("nan")


if __name__ == "__main__":
    main()
    finish()
