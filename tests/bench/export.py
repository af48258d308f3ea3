"""Exported files: whether they play what the library renders, how well they follow, how long they take, how large.

    python tests/bench/export.py [BOOK [SOUND ...]]

SOUNDs are encoded by the file and by the library; by default some minutes rendered by other codebooks. Latency is told
for nn~ without a thread, in Pd's blocks of 64 samples: a buffer of one hop is gathered, and the first of its samples go
out with the last block that came in. The time per block is CPU time of one thread, on a quiet machine.
"""

import os
import sys
import tempfile
import time
from functools import cache, partial
from pathlib import Path

import librosa
import numpy as np
import torch
from _bars import finish, note, show

import vqsynth
from vqsynth import continuous
from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.export.writing import export_codebook, export_model
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound import audio
from vqsynth.sound.descriptors import measure

SECONDS, VECTOR, MODEL = 20, 64, "strings"
TARGETS = ("centroid", "flatness", "pitch", "loudness")
OTHERS = ("violin", "flute", "choir", "trumpet")
FOLDER = tempfile.TemporaryDirectory()


@cache
def exported(name: str) -> Path:
    """Export a codebook, or the continuous model."""
    file = Path(FOLDER.name) / name / f"{name}.ts"
    file.parent.mkdir()
    return (
        export_model(continuous.load(name), file)[0] if name == MODEL else export_codebook(vqsynth.load(name), file)[0]
    )


def play(file: Path, method: str, x: np.ndarray, *, block: int = 8192, times: list[float] | None = None,
         **attributes: float | tuple[float, ...]) -> np.ndarray:  # fmt: skip
    """Load a file, set attributes, and run a method over rows (channels, T), `block` samples at a time."""
    module = torch.jit.load(str(file))
    module.get_methods()
    for name, value in attributes.items():
        assert getattr(module, f"set_{name}")(*np.atleast_1d(value).tolist()) == 0
    size = max(1, block // int(getattr(module, f"{method}_params")[1]))
    run, parts = getattr(module, method), []
    rows = torch.tensor(np.asarray(x, np.float32))[None]
    with torch.inference_mode():
        for i in range(0, rows.shape[2] // size * size, size):
            part = rows[:, :, i : i + size].contiguous()
            start = time.thread_time()
            parts.append(run(part)[0].numpy())
            if times is not None:
                times.append(time.thread_time() - start)
    return np.concatenate(parts, axis=1)


def follow(book: Codebook, block: int = 8192, **curves: np.ndarray | float) -> np.ndarray:
    """Follow curves, a value per frame, and return the sound from the centre of the first frame on."""
    n = int(SECONDS * book.grid.sr / book.grid.hop_length)
    rows = np.stack([np.broadcast_to(curves.get(name, 0.0), n) for name in TARGETS])
    rows = np.pad(rows, ((0, 0), (0, 8)), mode="edge")
    return play(exported(book.name), "follow", rows, block=block)[0][book.grid.n_fft // 2 :][: n * book.grid.hop_length]


def bench_parity(book: Codebook, sounds: list[Path]) -> None:
    """Print how far the file is from the library."""
    rng, t, hop = np.random.default_rng(0), 1600, book.grid.hop_length
    codes, gain_db = np.repeat(rng.integers(0, len(book), t // 4), 4), rng.uniform(-45, -10, t).round(3)
    rows, zeros, file = np.stack([codes, 10 ** (gain_db / 20)]), np.zeros(t), exported(book.name)
    for cents, tilt, band_db in ((0.0, 0.0, 0.0), (137.12, 0.0, 0.0), (-350.5, 1.5, 12.5)):
        controls = Controls(zeros + tilt, zeros + cents, zeros, zeros, np.where(np.arange(BANDS) == 6, band_db, 0))
        path = CodePath(book.name, book.sha256, book.grid.sr, hop, (t - 1) * hop, codes, gain_db, controls=controls)
        wanted = render_path(path, book.spectra)
        got = play(file, "decode", rows, transpose=cents, tilt=tilt, envelope=(7.0, band_db))[0][book.grid.n_fft // 2 :]
        n = min(len(got), len(wanted)) - hop
        missed = 10 * np.log10(np.mean((got[:n] - wanted[:n]) ** 2) / np.mean(wanted[:n] ** 2))
        show(
            f"{book.name}: decode against render, {cents:g} cents, tilt {tilt:g}, band {band_db:g} dB",
            missed,
            -120,
            unit="dB",
        )
    blocks = [play(file, "decode", rows, block=block) for block in (512, 2048, 8192)]
    same = all(np.array_equal(blocks[0], other) for other in blocks)
    show("    blocks of 512, 2048 and 8192 equal to the bit", same, 1, better="higher")
    between = play(file, "encode", blocks[0], block=2048)
    apart = play(file, "decode", between, block=512)
    together = play(file, "forward", blocks[0], block=8192)
    show(
        "    encode then decode against forward, equal to the bit", np.array_equal(apart, together), 1, better="higher"
    )
    bench_codes(book, file, sounds)


def bench_codes(book: Codebook, file: Path, sounds: list[Path]) -> None:
    """Print how many frames of sounds have the codes that the library finds."""
    heard, same, seconds, first = 0, 0, 0.0, book.grid.n_fft // 2 // book.grid.hop_length - 1
    for y, sr in map(audio.load, sounds) if sounds else map(make_sound, OTHERS):
        y = audio.resample(audio.to_mono(y), orig_sr=sr, sr=book.grid.sr)
        path = book.encode(y, book.grid.sr, codes_by="encoder", keep={"pitch": 0, "envelope": 0})
        codes = play(file, "encode", y[None], block=8192)[0][first:]
        n = min(len(codes), len(path))
        heard, same, seconds = (
            heard + n,
            same + int(np.sum(codes[:n] == path.codes[:n])),
            seconds + len(y) / book.grid.sr,
        )
    show(f"    the same codes in {heard} frames, {seconds / 60:.1f} minutes", 100 * same / heard, 99.9, better="higher",
         unit="%")  # fmt: skip


def make_sound(name: str) -> tuple[np.ndarray, int]:
    """Render 45 s of random curves with another codebook."""
    book = vqsynth.load(name)
    path = book.follow(targets={"centroid": "random(p5,p95,3,1)", "pitch": "random(p20,p80,2,2)",
                                "loudness": "random(-40,-12,2,3)"}, seconds=45)  # fmt: skip
    return book.render(path), book.grid.sr


def bench_following(book: Codebook) -> None:
    """Print how well curves are followed."""
    grid, low, high = book.grid, *(book.table.percentile("centroid", p) for p in (5, 95))
    t = grid.times_s(int(SECONDS * grid.sr / grid.hop_length))
    sine = partial(lambda a, b, hz: (a + b) / 2 + (b - a) / 2 * np.sin(2 * np.pi * hz * t))
    centroid = sine(low, high, 0.2)
    error = rms(brightness(follow(book, centroid=centroid, loudness=-20.0), grid.sr), centroid) / np.ptp(centroid)
    show(f"{book.name}: centroid sine, p5 to p95, nrmse", error, 0.015)
    loud, pitch = sine(-44, -20, 0.3), 440 * 2 ** np.sin(2 * np.pi * 0.2 * t)
    got = measure(follow(book, pitch=pitch, loudness=loud), grid, ["loudness", "pitch"])
    show("    loudness sine, -44 to -20, beside a moving pitch, RMS error", rms(got["loudness"], loud), 0.2, unit="dB")
    show_pitch("pitch sine, 220 to 880 Hz", got["pitch"], pitch, 5)
    glide = 220 * 4 ** (t / t[-1])
    show_pitch("pitch glide, 220 to 880 Hz", measure(follow(book, pitch=glide), grid, ["pitch"])["pitch"], glide, 5)
    slow = np.geomspace(*(book.table.percentile("pitch", p) for p in (25, 60)), len(t))
    near = (book.table["pitch"] > slow[0]) & (book.table["pitch"] < slow[-1])
    bright = sine(*np.percentile(book.table["centroid"][near], (20, 80)), 0.2)
    y = follow(book, pitch=slow, centroid=bright, loudness=-20.0)
    show_pitch("pitch and centroid at once: pitch", measure(y, grid, ["pitch"])["pitch"], slow, 10)
    show("    pitch and centroid at once: centroid, nrmse", rms(brightness(y, grid.sr), bright) / np.ptp(bright), 0.03)


def brightness(y: np.ndarray, sr: int) -> np.ndarray:
    """Measure the centroid by librosa, in Hz."""
    return np.asarray(librosa.feature.spectral_centroid(y=y, sr=sr, n_fft=2048, hop_length=512)[0])


def rms(got: np.ndarray, wanted: np.ndarray) -> float:
    """Return the RMS error of a curve without its ends; the curves are brought to one number of frames."""
    wanted = np.interp(np.arange(len(got)) / len(got), np.arange(len(wanted)) / len(wanted), wanted)
    return float(np.sqrt(np.nanmean((got - wanted)[3:-3] ** 2)))


def show_pitch(what: str, got: np.ndarray, wanted: np.ndarray, bar: float) -> None:
    """Print the error of a pitch, and where there is one."""
    n = min(len(got), len(wanted))
    cents = 1200 * np.abs(np.log2(got[3 : n - 3] / wanted[3 : n - 3]))
    show(f"    {what}, median error", float(np.nanmedian(cents)), bar, unit="ct")
    show("        voiced", 100 * float(np.mean(~np.isnan(cents))), 98, better="higher", unit="%")


def bench_latency(book: Codebook) -> None:
    """Print what is stated of the latency beside what is measured on a step of loudness and on a burst of noise."""
    hop, n_fft, sr, file = book.grid.hop_length, book.grid.n_fft, book.grid.sr, exported(book.name)
    code = int(book.table.sort("pitch")[len(book) // 3])
    rows = np.stack([np.full(80, code), np.where(np.arange(80) < 40, 0.001, 0.1)])
    y = play(file, "decode", rows)[0]
    envelope = np.sqrt(np.convolve(y**2, np.ones(256) / 256, "same"))
    settled = float(np.median(envelope[60 * hop : 75 * hop]))
    crossed = int(np.argmax(envelope > settled / 2)) - 40 * hop  # from the start of the block that brought the step
    show(f"{book.name}: a step is half-way after, a mean wait for the next frame included",
         1000 * (crossed - VECTOR + hop / 2) / sr, 25, unit="ms")  # fmt: skip
    show("    latency of follow, stated", 1000 * (n_fft // 2 - VECTOR) / sr, 22, unit="ms")
    show("    latency of forward, stated", 1000 * (n_fft - VECTOR) / sr, 46, unit="ms")
    burst = np.zeros(100 * hop)
    burst[30 * hop : 38 * hop] = 0.1 * np.random.default_rng(0).standard_normal(8 * hop)
    heard = play(file, "forward", burst[None])[0]
    places = [np.sum(np.arange(len(one)) * one**2) / np.sum(one**2) for one in (burst, heard)]
    show(
        "    latency of forward, measured on a burst", 1000 * (places[1] - places[0] + hop - VECTOR) / sr, 46, unit="ms"
    )


def bench_time(name: str, methods: dict[str, np.ndarray], block: int, bar: float, sr: int) -> None:
    """Print the share of a block that a method takes. Of five runs over the same blocks, each block's median counts."""
    for method, x in methods.items():
        runs = []
        for _ in range(5):
            times: list[float] = []
            play(exported(name), method, x, block=block, times=times)
            runs.append(times[8:])
        late, middle = 100 * np.percentile(np.median(runs, axis=0), (99, 50)) * sr / block
        show(f"{name}: {method}, CPU of a block of {block}, 99th percentile", float(late), bar, unit="%")
        note("    median", float(middle), "%")
        note("    99th percentile of single runs, with what else the machine does",
             100 * float(np.median(np.percentile(runs, 99, axis=1))) * sr / block, "%")  # fmt: skip


def main(name: str = "violin", *sounds: str) -> None:
    """Print all figures beside their bars."""
    torch.set_num_threads(1)
    book, model = vqsynth.load(name), continuous.load(MODEL)
    show(f"{name}: size of the file", exported(name).stat().st_size / 1e6, 18, unit="MB")
    show(f"{MODEL}: size of the file", exported(MODEL).stat().st_size / 1e6, 24, unit="MB")
    bench_parity(book, [Path(sound) for sound in sounds])
    bench_following(book)
    bench_latency(book)
    y, n, rng = make_sound(name)[0][None, : 1200 * 512], 1200, np.random.default_rng(0)
    low, high = (book.table.percentile("centroid", p) for p in (5, 95))
    curves = np.stack([rng.uniform(low, high, n), np.zeros(n), 440 * 2 ** np.sin(np.arange(n) / 40), np.full(n, -20)])
    codes = np.stack([rng.integers(0, len(book), n), np.full(n, 0.1)])
    methods = {"encode": y, "decode": codes, "choose": curves, "follow": curves, "forward": y}
    bench_time(name, methods, max(512, book.grid.hop_length), 12, book.grid.sr)
    bench_time(MODEL, {"forward": y}, 2048, 20, model.sr)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(*sys.argv[1:])
    finish()
