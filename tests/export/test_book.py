"""An exported codebook does what the library does."""

from pathlib import Path

import numpy as np
import pytest

from tests.export.exported import level_db, load_file, make_voice, run_method
from tests.sound_worlds import GRID
from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.export.playing import VOICES
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.descriptors import measure

T, HOP, HALF = 120, GRID.hop_length, GRID.n_fft // 2


def make_path(book: Codebook, *, cents: float = 0.0, tilt: float = 0.0, envelope: np.ndarray | None = None) -> CodePath:
    rng = np.random.default_rng(1)
    codes = np.repeat(rng.integers(0, 64, T // 4), 4)
    gain_db = np.where(np.arange(T) % 50 < 40, rng.uniform(-40, -10, T), -120).round(3)
    flat = np.zeros(BANDS) if envelope is None else envelope
    controls = Controls(np.full(T, tilt), np.full(T, cents), np.zeros(T), np.zeros(T), flat)
    return CodePath(book.name, book.sha256, GRID.sr, HOP, (T - 1) * HOP, codes, gain_db, controls=controls)


def rows_of(path: CodePath) -> np.ndarray:
    return np.stack([path.codes, np.where(path.gain_db > -120, 10 ** (path.gain_db / 20), 0)])


def targets(**rows: float | np.ndarray) -> np.ndarray:
    names = ("centroid", "flatness", "pitch", "loudness")
    return np.stack([np.broadcast_to(rows.get(name, 0.0), T) for name in names])


@pytest.mark.parametrize("seed", [0, 9])
@pytest.mark.parametrize(
    "shape", [{}, {"cents": 137.1234}, {"tilt": -1.5}, {"envelope": 9.3}, {"cents": -350, "tilt": 2, "envelope": -20}]
)
def test_decode_gives_the_samples_of_render(
    book: Codebook, book_file: Path, shape: dict[str, float], seed: int
) -> None:
    bands = np.zeros(BANDS)
    bands[[4, 11]] = shape.get("envelope", 0.0), -shape.get("envelope", 0.0) / 2
    path = make_path(book, cents=shape.get("cents", 0.0), tilt=shape.get("tilt", 0.0), envelope=bands)
    module = load_file(book_file, seed=seed, transpose=shape.get("cents", 0.0), tilt=shape.get("tilt", 0.0))
    for band, by_db in enumerate(bands, 1):
        assert module.set_envelope(band, by_db) == 0
    wanted = render_path(path, book.spectra, seed=seed)
    got = run_method(module, "decode", rows_of(path))[0]
    assert not got[:HALF].any()
    assert level_db(got[HALF:-HOP] - wanted[: len(got) - HALF - HOP], wanted) < -120


def test_voice_plays_with_the_seed_after_that_of_the_voice_before(book: Codebook, book_file: Path) -> None:
    path = make_path(book)
    got = run_method(load_file(book_file, seed=3), "decode", np.stack([rows_of(path)] * 4))
    for voice in range(4):
        wanted = render_path(path, book.spectra, seed=3 + voice)
        assert level_db(got[voice, 0, HALF:-HOP] - wanted[: got.shape[2] - HALF - HOP], wanted) < -120


@pytest.mark.parametrize("method", ["encode", "decode", "follow", "choose", "forward"])
def test_blocks_of_any_size_and_voices_beside_give_the_same_bits(book_file: Path, method: str) -> None:
    rng = np.random.default_rng(2)
    frames = {"decode": np.stack([rng.integers(0, 64, T), rng.uniform(0, 0.2, T)]),
              "follow": targets(centroid=np.linspace(700, 2500, T), pitch=300.0, loudness=-20.0)}  # fmt: skip
    frames["choose"] = frames["follow"]
    x = frames.get(method, make_voice(T * HOP, GRID.sr)[None])
    whole = run_method(load_file(book_file), method, x, block=T * HOP)
    for block in (512, 2048, 8192):
        assert np.array_equal(run_method(load_file(book_file), method, x, block=block), whole), block
    beside = np.stack([x, 0 * x, x, 0.5 * x])
    assert np.array_equal(run_method(load_file(book_file), method, beside, block=2048)[0], whole)


def test_encode_finds_the_codes_and_levels_of_the_library(book: Codebook, book_file: Path) -> None:
    y = make_voice(T * HOP, GRID.sr)
    y[20 * HOP : 40 * HOP] = 0  # the codes of silence, and its level, are the same too
    path = book.encode(y, GRID.sr, codes_by="encoder", keep={"pitch": 0, "envelope": 0})
    codes, gain = run_method(load_file(book_file), "encode", y[None])
    first = HALF // HOP - 1  # a frame is complete half a window after its centre
    n = T - first
    assert np.mean(codes[first:] == path.codes[:n]) > 0.99
    assert np.allclose(gain[first:], np.where(path.gain_db[:n] > -120, 10 ** (path.gain_db[:n] / 20), 0), rtol=1e-4)


def test_codebook_without_a_network_encodes_and_decodes_alike_in_windows_of_any_length(
    quick_book: Codebook, quick_file: Path
) -> None:
    grid = quick_book.grid
    y = make_voice(T * grid.hop_length, grid.sr)
    y[: 9 * grid.hop_length] = 0
    path = quick_book.encode(y, grid.sr, codes_by="encoder", keep={"pitch": 0, "envelope": 0})
    codes = run_method(load_file(quick_file), "encode", y[None])[0]
    first = grid.n_fft // 2 // grid.hop_length - 1
    assert np.array_equal(codes[first:], path.codes[: T - first]) and len(set(codes)) > 5 and 0 not in codes
    sounding = CodePath(
        "quick", path.sha256, grid.sr, grid.hop_length, 79 * grid.hop_length, path.codes[20:100], path.gain_db[20:100]
    )
    wanted = render_path(sounding, quick_book.spectra)
    got = run_method(load_file(quick_file), "decode", rows_of(sounding))[0][grid.n_fft // 2 : -grid.hop_length]
    assert level_db(got - wanted[: len(got)], wanted) < -120


def test_encode_then_decode_is_forward_to_the_bit(book_file: Path) -> None:
    y = make_voice(T * HOP, GRID.sr)[None]
    between = run_method(load_file(book_file), "encode", y, block=8192)
    apart = run_method(load_file(book_file), "decode", between, block=512)
    assert apart.any() and np.array_equal(apart, run_method(load_file(book_file), "forward", y, block=2048))


def test_follow_meets_pitch_and_loudness(book_file: Path) -> None:
    pitch, loudness = 200 * 2 ** np.linspace(0, 1, T), np.linspace(-40, -22, T)
    y = run_method(load_file(book_file, max_transpose=250), "follow", targets(pitch=pitch, loudness=loudness))[0]
    got = measure(y[HALF:], GRID, ["pitch", "loudness"])
    n = len(got["pitch"]) - 12
    cents = 1200 * np.abs(np.log2(got["pitch"][:n] / np.interp(np.arange(n), np.arange(T), pitch)))
    settled = slice(30, n)
    assert np.mean(~np.isnan(cents[settled])) > 0.98 and np.nanmedian(cents[settled]) < 5
    missed = got["loudness"][settled] - np.interp(np.arange(n), np.arange(T), loudness)[settled]
    assert np.sqrt(np.mean(missed**2)) < 0.4 and abs(np.mean(missed)) < 0.1


def test_follow_tilts_codes_to_centroids_between_theirs(book_file: Path) -> None:
    wanted, missed = np.linspace(1200, 2000, T), {}
    for most in (0, 4):
        module = load_file(book_file, max_tilt=most, correction=0)
        y = run_method(module, "follow", targets(centroid=wanted, loudness=-20.0))[0]
        got = measure(y[HALF:], GRID, ["centroid"])["centroid"][20 : T - 20]
        missed[most] = float(np.sqrt(np.mean((got / wanted[20 : T - 20] - 1) ** 2)))
    assert missed[4] < 0.6 * missed[0]


def test_choose_gives_codes_that_decode_to_what_is_followed(book: Codebook, book_file: Path) -> None:
    x = targets(centroid=1500.0, loudness=-25.0)
    codes, gain = run_method(load_file(book_file), "choose", x)
    followed = run_method(load_file(book_file, max_tilt=0, correction=0), "follow", x)
    decoded = run_method(load_file(book_file), "decode", np.stack([codes, gain]))
    assert level_db(decoded - followed, followed) < -120
    assert abs(np.log2(book.table["centroid"][int(codes[-1])] / 1500)) < 0.3


def test_motion_holds_codes_as_long_as_it_says(book_file: Path) -> None:
    x = targets(centroid=1500.0)
    held = {m: run_method(load_file(book_file, motion=m, seed=2), "choose", x)[0] for m in (0.0, 0.5, 1.0)}
    changes = {motion: float(np.mean(np.diff(codes) != 0)) for motion, codes in held.items()}
    assert changes[0.0] == 0 < changes[0.5] < changes[1.0] == 1
    assert np.array_equal(held[1.0], run_method(load_file(book_file, motion=1.0, seed=2), "choose", x)[0])
    assert not np.array_equal(held[1.0], run_method(load_file(book_file, motion=1.0, seed=7), "choose", x)[0])


@pytest.mark.parametrize(
    ("method", "inlets"), [("encode", 1), ("decode", 2), ("follow", 4), ("choose", 4), ("forward", 1)]
)
def test_nothing_is_silence_and_moves_no_clock(book_file: Path, method: str, inlets: int) -> None:
    frames = T if inlets > 1 else T * HOP
    module = load_file(book_file)
    assert not run_method(module, method, np.zeros((inlets, frames)))[-1].any()
    path = rows_of(make_path_of_one_code())
    assert np.array_equal(run_method(module, "decode", path), run_method(load_file(book_file), "decode", path))


def make_path_of_one_code() -> CodePath:
    codes = np.full(20, 12)
    return CodePath("thirds", "0" * 64, GRID.sr, HOP, 19 * HOP, codes, np.full(20, -20.0))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_what_is_no_number_gives_a_finite_sound(book_file: Path, wrong: float) -> None:
    rng = np.random.default_rng(0)
    for method, inlets in (("encode", 1), ("decode", 2), ("follow", 4), ("choose", 4), ("forward", 1)):
        x = rng.uniform(0, 0.2, (inlets, 8 * (1 if inlets > 1 else HOP)))
        x[:, ::3] = wrong
        module = load_file(book_file)
        assert np.isfinite(run_method(module, method, x)).all(), method
        assert np.isfinite(run_method(module, method, np.zeros_like(x))).all(), method


def test_restart_repeats_every_sample(book_file: Path) -> None:
    module, path = load_file(book_file), rows_of(make_path_of_one_code())
    first = run_method(module, "decode", path)
    assert not np.array_equal(run_method(module, "decode", path), first)
    assert module.set_restart(1) == 0
    assert np.array_equal(run_method(module, "decode", path), first)


def test_rate_of_the_host_keeps_frequencies_true(book_file: Path) -> None:
    at_home = run_method(load_file(book_file), "choose", targets(centroid=1000.0, pitch=300.0))
    faster = run_method(load_file(book_file, sr=32000), "choose", targets(centroid=2000.0, pitch=600.0))
    assert np.array_equal(at_home, faster)


def test_more_voices_than_there_are_get_one_clear_line(book_file: Path) -> None:
    with pytest.raises(Exception, match=f"at most {VOICES} voices"):
        run_method(load_file(book_file), "decode", np.zeros((VOICES + 1, 2, 4)))
