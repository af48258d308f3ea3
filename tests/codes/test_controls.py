"""Controls: what tilt and transposition do to a sound, and that they do no more than that."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls, no_controls, read_controls
from vqsynth.codes.spectra import CodeSpectra, normalize_power
from vqsynth.errors import ParameterError
from vqsynth.path import CodePath
from vqsynth.render import render_blocks, render_path
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid

FRAMES = 60


def held(book: Codebook, code: int, **controls: float | NDArray[np.int64]) -> CodePath:
    """Hold a code with the same controls in every frame."""
    plain = no_controls(FRAMES)
    made = replace(plain, **{name: np.broadcast_to(value, FRAMES) for name, value in controls.items()})
    n_samples = (FRAMES - 1) * book.grid.hop_length
    codes, gain = np.full(FRAMES, code), np.full(FRAMES, -20.0)
    return CodePath(book.name, book.sha256, book.grid.sr, book.grid.hop_length, n_samples, codes, gain, controls=made)


def describe(book: Codebook, path: CodePath) -> dict[str, float]:
    measured = measure(render_path(path, book.spectra), book.grid)
    return {name: float(np.nanmedian(values[6:-6])) for name, values in measured.items()}


@pytest.mark.parametrize("cents", [-50.0, 37.0, 50.0, 700.0])
def test_transpose_moves_the_pitch_by_as_many_cents(book: Codebook, cents: float) -> None:
    plain, moved = (describe(book, held(book, 25, transpose_cents=c)) for c in (0.0, cents))
    assert 1200 * np.log2(moved["pitch"] / plain["pitch"]) == pytest.approx(cents, abs=2)
    assert moved["loudness"] == pytest.approx(plain["loudness"], abs=2.5 if cents > 100 else 0.8)


@pytest.mark.parametrize("code", [3, 27, 63])
def test_tilt_up_brightens_down_darkens_and_keeps_the_pitch(book: Codebook, code: int) -> None:
    down, plain, up = (describe(book, held(book, code, tilt_db=tilt)) for tilt in (-3.0, 0.0, 3.0))
    assert down["centroid"] < plain["centroid"] < up["centroid"]
    assert np.isnan(plain["pitch"]) or up["pitch"] == pytest.approx(plain["pitch"], rel=1e-3)


@pytest.mark.parametrize("control", ["tilt_db", "transpose_cents"])
def test_controls_keep_the_power_of_the_frame(book: Codebook, control: str) -> None:
    """Level is a matter of gain: the RMS of a held code stays what it was."""
    value = {"tilt_db": 4.0, "transpose_cents": 50.0}[control]
    plain, shaped = (render_path(held(book, 17, **{control: v}), book.spectra)[3000:-3000] for v in (0.0, value))
    assert 20 * np.log10(np.std(shaped) / np.std(plain)) == pytest.approx(0, abs=0.5)


def test_controls_of_zero_change_no_sample(book: Codebook) -> None:
    with_zeros = held(book, 30)
    np.testing.assert_array_equal(
        render_path(with_zeros, book.spectra), render_path(replace(with_zeros, controls=None), book.spectra)
    )


@pytest.mark.parametrize("block_size", [100, 999, 5000])
def test_render_blocks_with_controls_gives_the_samples_of_the_whole(book: Codebook, block_size: int) -> None:
    rng = np.random.default_rng(0)
    controls = Controls(
        tilt_db=rng.uniform(-3, 3, FRAMES),
        transpose_cents=rng.uniform(-50, 50, FRAMES),
        fundamental_hz=rng.uniform(80, 800, FRAMES),
        fundamental_db=rng.choice([0.0, 12.0, 30.0], FRAMES),
    )
    path = replace(held(book, 5), codes=rng.integers(0, 64, FRAMES), controls=controls)
    blocks = np.concatenate(list(render_blocks(path, book.spectra, block_size=block_size)))
    np.testing.assert_array_equal(blocks, render_path(path, book.spectra))


def test_frame_at_rest_beside_a_transposed_one_keeps_its_phases() -> None:
    """A peak of two equal bins lies halfway between them, and may not be rounded to the other one."""
    grid = FrameGrid(16000, 512, 128)
    magnitudes = np.full((1, grid.n_bins), 1e-3)
    magnitudes[0, [21, 22, 60, 61]] = 1.0
    spectra = CodeSpectra(normalize_power(magnitudes, grid), grid)
    controls = replace(no_controls(2), transpose_cents=np.array([0.0, 300.0]))
    frames = spectra.look_up(np.zeros((1, 2), np.int64), controls)
    assert (frames.peak[0, 0] == spectra.partials.peak[0]).all()
    assert (frames.advance[0, 0] == spectra.partials.advance[0]).all()
    assert (frames.peak[0, 1] != spectra.partials.peak[0]).any()


def test_path_of_an_earlier_version_plays_to_the_same_bytes(book: Codebook, tmp_path: Path) -> None:
    """A file as it was written before there were envelopes, against the formula that it was played by then."""
    runs = [{"code": 5, "gain_db": [-20.0, -21.5], "tilt_db": [1.25, -0.5]}, {"code": 9, "frames": 2, "gain_db": -20.0}]
    head = {"format": 2, "kind": "path", "codebook": "thirds", "sr": 16000, "hop_length": 256}
    (tmp_path / "p.json").write_text(json.dumps(head | {"runs": runs}))
    path = CodePath.load(tmp_path / "p.json")
    plain = book.spectra.look_up(path.codes[None]).amplitudes[0]
    octaves = np.log2(np.maximum(book.grid.frequencies_hz, 50) / 1000).astype(np.float32)
    tilt = np.array([1.25, -0.5, 0, 0], np.float32)
    tilted = plain * np.exp(np.float32(np.log(10) / 20) * tilt[:, None] * octaves)
    powers = [(a**2).sum(axis=1) - (a[:, 0] ** 2 + a[:, -1] ** 2) / 2 for a in (plain, tilted)]
    played = book.spectra.look_up(path.codes[None], path.controls).amplitudes[0]
    assert played.tobytes() == (tilted * np.sqrt(powers[0] / powers[1])[:, None]).tobytes()


def test_path_with_controls_survives_the_file(book: Codebook, tmp_path: Path) -> None:
    path = held(book, 5, tilt_db=1.25, transpose_cents=-12.5)
    path.save(tmp_path / "p.json")
    again = CodePath.load(tmp_path / "p.json")
    assert again.controls is not None and path.controls is not None
    assert again.controls.to_fields() == path.controls.to_fields()
    assert set(again.controls.to_fields()) == {"tilt_db", "transpose_cents"}


@pytest.mark.parametrize(
    "values",
    [{"tilt_db": [0.0, 7.0]}, {"tilt_db": [0.0]}, {"transpose_cents": [0.0, float("nan")]},
     {"tilt_db": ["up", "down"]}, {"tilt_db": 3.0}],
)  # fmt: skip
def test_read_controls_unusable_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        read_controls(values, 2)
