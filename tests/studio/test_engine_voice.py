"""The page's sound against the command line's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vqsynth
from tests.studio.node import level_db, needs_node, run_node, send_book, send_path
from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls
from vqsynth.path import CodePath
from vqsynth.render import render_path

pytestmark = needs_node
MOST_DB = -100.0


def random_controls(n_frames: int, *, seed: int = 0) -> Controls:
    """Make controls of every kind, each of them at rest in some frames."""
    rng = np.random.default_rng(seed)

    def draw(low: float, high: float, *bands: int) -> np.ndarray:
        rests = rng.random((n_frames, *[1 for _ in bands])) < 0.3
        return np.where(rests, 0, rng.uniform(low, high, (n_frames, *bands)))

    return Controls(draw(-6, 6), draw(-1200, 1200), draw(30, 2000), draw(0, 40), draw(-40, 40, 24))


def sound_of_page(path: CodePath, folder: Path) -> np.ndarray:
    send_path(path, folder)
    program = 'const { renderPath } = await load("render"); keep("y", renderPath(await openBook(), json("path")));'
    run_node(folder, program)
    return np.fromfile(folder / "y", np.float32)


@pytest.mark.parametrize("name", ["thirds", "cello", "percussion"])
def test_sound_of_the_page_is_the_command_lines(name: str, book: Codebook, tmp_path: Path) -> None:
    """Windows are of three lengths: 512, 3072 and 1024."""
    used = book if name == "thirds" else vqsynth.load(name)
    plain = used.follow(centroid="random(p5,p95,8,1)", loudness="-20", seconds=0.71, seed=5)
    controlled = replace(plain, controls=random_controls(len(plain)))
    send_book(used, tmp_path)
    for path in (plain, controlled):
        true, found = render_path(path, used.spectra), sound_of_page(path, tmp_path)
        assert len(found) == len(true) == path.n_samples
        assert level_db(found - true, true) < MOST_DB


@pytest.mark.parametrize("n_samples", [1, 100, 1500])
def test_short_sounds_begin_and_end_as_the_command_lines_do(book: Codebook, tmp_path: Path, n_samples: int) -> None:
    frames = np.arange(book.grid.count(n_samples))
    gain_db = np.where(frames % 3, -20.0, -120.0)
    path = CodePath(book.name, "", book.grid.sr, book.grid.hop_length, n_samples, frames % 5, gain_db)
    true = render_path(path, book.spectra)
    found = sound_of_page(path, send_book(book, tmp_path))
    assert found.shape == true.shape and np.abs(found - true).max() < 1e-6


def test_noise_is_the_command_lines(book: Codebook, tmp_path: Path) -> None:
    path = book.follow(centroid="line(p5,p95)", seconds=1)
    true = render_path(path, book.spectra, excitation="noise")
    found = sound_of_page(replace(path, excitation="noise"), send_book(book, tmp_path))
    assert level_db(found - true, true) < MOST_DB


def test_layers_add_up_and_too_loud_a_sound_is_turned_down(book: Codebook, tmp_path: Path) -> None:
    low, high = (replace(book.follow(pitch=hz, loudness=-3, seconds=0.5), seed=hz) for hz in (220, 330))
    with pytest.warns(vqsynth.VqsynthWarning, match="turned down"):
        true = book.render(low, high)
    send_book(book, tmp_path)
    send_path(low, tmp_path, "low")
    send_path(high, tmp_path, "high")
    run_node(
        tmp_path,
        'const { renderLayers, limitPeak } = await load("render");'
        'keep("y", limitPeak(renderLayers(await openBook(), [json("low"), json("high")])));',
    )
    assert level_db(np.fromfile(tmp_path / "y", np.float32) - true, true) < MOST_DB
