"""Print how well a live player follows, how soon, how much of its time it takes, and how many OSC messages it bears.

    python tests/bench/live.py [CODEBOOK]

The judges are librosa (centroid, pyin) and the project's own loudness. Time is CPU time of one thread.
"""

import gc
import socket
import sys
import time

import librosa
import numpy as np
from _bars import finish, note, show

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.live.desk import Desk
from vqsynth.live.player import LivePlayer
from vqsynth.live.session import Session, play_null, undisturbed
from vqsynth.sound.descriptors import measure

SECONDS, OSC_SECONDS, A_SECOND = 12.0, 15.0, 1000
Curves = dict[str, np.ndarray]


def play(book: Codebook, curves: Curves, **asked: float) -> np.ndarray:
    """Play curves, a value per frame, and return the sound that belongs to them."""
    player, parts = LivePlayer(book, **asked), []
    for values in zip(*curves.values(), strict=True):
        player.asked.targets.update(zip(curves, values, strict=True))
        parts.append(player.read(book.grid.hop_length))
    return np.concatenate(parts)[player.sounding.voice.delay_samples :]


def judge(y: np.ndarray, name: str, book: Codebook) -> np.ndarray:
    """Measure a descriptor, frame by frame."""
    frames = {"hop_length": book.grid.hop_length}
    if name == "centroid":
        return librosa.feature.spectral_centroid(y=y, sr=book.grid.sr, n_fft=2048, **frames)[0]
    if name == "pitch":
        return librosa.pyin(y, fmin=60, fmax=1600, sr=book.grid.sr, frame_length=2048, **frames)[0]
    return measure(y, book.grid, ["loudness"], n_fft=2048)["loudness"]


def bench_following(book: Codebook) -> None:
    """Print how near targets are met that move, alone and together."""
    table, t = book.table, np.arange(book.grid.count(book.grid.samples(SECONDS))) * book.grid.hop_length / book.grid.sr
    sine, rise = np.sin(2 * np.pi * 0.2 * t), t / t[-1]
    low, high = (table.percentile("centroid", p) for p in (5, 95))
    centroid, loudness = (low + high) / 2 + (high - low) / 2 * sine, -32 + 12 * np.sin(2 * np.pi * 0.3 * t)
    first, last = (table.percentile("pitch", p) for p in (25, 60))
    near = (table["pitch"] > first) & (table["pitch"] < last)
    dark, bright = np.percentile(table["centroid"][near], (10, 90))
    together = {"pitch": first + (last - first) * rise, "centroid": (dark + bright) / 2 + (bright - dark) / 2 * sine}
    show_misses(
        f"{book.name}: centroid sine p5 to p95", play(book, {"centroid": centroid}), {"centroid": centroid}, book
    )
    for what, pitch in (("glide 220 to 880 Hz", 220 * 4**rise), ("sine 220 to 880 Hz", 440 * 2**sine)):
        curves = {"pitch": pitch, "loudness": loudness}
        show_misses(f"{book.name}: pitch {what}, loudness -44 to -20", play(book, curves), curves, book)
    show_misses(f"{book.name}: pitch and centroid at once", play(book, together), together, book, cents=10, nrmse=0.03)


def show_misses(
    what: str, y: np.ndarray, curves: Curves, book: Codebook, *, cents: float = 5, nrmse: float = 0.015
) -> None:
    """Print the errors of each target."""
    for name, asked in curves.items():
        got = judge(y, name, book)[: len(asked)][4:-8]
        missed = (got - asked[: len(got) + 4][4:])[~np.isnan(got)]
        if name == "pitch":
            away = 1200 * np.abs(np.log2(got / asked[4 : len(got) + 4]))
            show(f"{what}: pitch, median", float(np.nanmedian(away)), cents, unit="ct")
            show("    voiced", 100 * float(np.mean(~np.isnan(got))), 98, better="higher", unit="%")
        elif name == "loudness":
            show(f"{what}: loudness, mean", float(np.abs(missed).mean()), 0.2, unit="dB")
        else:
            show(f"{what}: centroid, nrmse", float(np.sqrt(np.mean(missed**2)) / np.ptp(asked)), nrmse)


def bench_step(book: Codebook) -> None:
    """Print when half of a step is through: of the amplitude, with blocks of a hop."""
    hop, found = book.grid.hop_length, []
    for code in range(0, len(book), len(book) // 20):
        player = LivePlayer(book, hold=code)
        player.asked.targets["loudness"] = -60.0
        player.read(40 * hop)
        player.asked.targets["loudness"] = -20.0
        y = np.concatenate([player.read(hop) for _ in range(20)])
        level = np.sqrt(np.convolve(y.astype(np.float64) ** 2, np.ones(hop) / hop, "same"))
        found.append(np.argmax(level > np.median(level[8 * hop :]) / 2) / book.grid.sr)
    show(f"{book.name}: half of a step is through, median", 1000 * float(np.median(found)), 25, unit="ms")
    note("    latency, said", 1000 * player.latency_s, "ms")


def bench_time(book: Codebook) -> None:
    """Print what a block of 512 takes of its time, all controls in use."""
    rng, taken = np.random.default_rng(0), []
    player = LivePlayer(book, motion=0.5)
    gc.freeze()
    gc.disable()
    for t in range(3000):
        player.asked.targets.update(centroid=2000 + 500 * np.sin(t / 50), pitch=440 * 2 ** np.sin(t / 99), flatness=-30)
        if t % 20 == 0:
            player.asked.envelope_db = rng.uniform(-6, 6, 24)
        start = time.thread_time()
        player.read(512)
        taken.append(time.thread_time() - start)
    gc.enable()
    share = np.array(taken[20:]) * book.grid.sr / 512
    note(f"{book.name}: CPU of a block of 512, median", 100 * float(np.median(share)), "%")
    show(f"{book.name}: CPU of a block of 512, p99", 100 * float(np.percentile(share, 99)), 25, unit="%")


def bench_osc(book: Codebook) -> None:
    """Print what is lost of 1000 messages a second, every fifth of them nonsense, while the player plays."""
    from pythonosc.osc_message_builder import build_msg

    from vqsynth.live.osc import OscPort

    player, told = LivePlayer(book), list[str]()
    session = Session(player)
    port = OscPort(Desk(player, load=lambda name: book), session, port=0, tell=told.append)
    out, sent, waits = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), [0], list[float]()
    start = time.monotonic()

    def send() -> None:
        """Send what is due, and note when the target of the last block had been sent."""
        due = min(int((time.monotonic() - start) * A_SECOND), int(OSC_SECONDS * A_SECOND))
        while sent[0] < due:
            i = sent[0]
            address = f"/nonsense/{i // 5 % 20}" if i % 5 == 0 else "/target/centroid"
            value = 1e6 if i % 5 == 0 else 1000 + i / A_SECOND
            out.sendto(build_msg(address, [value]).dgram, ("127.0.0.1", port.port))
            sent[0] += 1
        if (heard := player.asked.targets.get("centroid")) is not None:
            waits.append(sent[0] / A_SECOND - (heard - 1000))

    with undisturbed():
        play_null(session, block=512, seconds=OSC_SECONDS + 0.3, put=lambda y: None, watch=send)
    time.sleep(0.2)
    port.close()
    lost = sent[0] - port.n_taken - port.n_wrong
    show(f"OSC: {sent[0]} messages, lost", lost, 0)
    show("    lines on 20 addresses of nonsense", len(told), 20)
    note("    age of the target that a block plays, p99", 1000 * float(np.percentile(waits[5:-40], 99)), "ms")
    note("    late blocks", session.late)


def main(name: str = "violin") -> None:
    """Print every bar for a codebook."""
    book = vqsynth.load(name)
    bench_time(book)
    bench_step(book)
    bench_following(book)
    bench_osc(book)


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
