"""What was played is a path that gives the same samples again."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.live.listening import LikeSource, Source, TransferSource
from vqsynth.live.player import LivePlayer
from vqsynth.live.recording import Recorder
from vqsynth.live.sounding import Instrument, Sounding
from vqsynth.path import CodePath, load_layers
from vqsynth.sound.arrays import Floats
from vqsynth.sound.audio import limit_peak


def play_all_there_is(player: LivePlayer, rng: np.random.Generator) -> list[Floats]:
    """Ask for one thing after the other, with what moves codes, in blocks of odd sizes."""
    asked, parts = player.asked, []
    for step in (
        lambda: None,
        lambda: asked.targets.update(centroid=1200.0),
        lambda: asked.targets.update(pitch=260.0, loudness=-25.0),
        lambda: setattr(asked, "envelope_db", rng.uniform(-6, 6, 24)),
        lambda: setattr(asked, "gain_db", -5.5),
        lambda: setattr(asked, "transpose_cents", 31.4159),
        lambda: setattr(asked, "envelope_db", None),
        lambda: setattr(asked, "hold", 7),
        lambda: asked.targets.clear(),
        lambda: setattr(asked, "stopped", True),
    ):
        step()
        parts += [player.read(int(rng.integers(1, 700))) for _ in range(8)]
    return parts


@pytest.mark.parametrize("seed", [0, 11])
def test_path_of_a_session_gives_its_samples(
    book: Codebook, seed: int, rng: np.random.Generator, tmp_path: Path
) -> None:
    recorder = Recorder()
    player = LivePlayer(book, seed=seed, keep=recorder.begin(book, seed))
    y = np.concatenate([*play_all_there_is(player, rng), player.finish()])
    assert recorder.save(tmp_path / "played.json") == [tmp_path / "played.json"]
    path = CodePath.load(tmp_path / "played.json")
    assert path.controls is not None and path.controls.transpose_cents.any() and path.controls.envelope_db.any()
    np.testing.assert_array_equal(book.render(path), limit_peak(y[player.sounding.voice.delay_samples :])[0])


@pytest.mark.parametrize("make", [LikeSource, partial(TransferSource, envelope=1.0)])
def test_path_of_what_a_sound_was_played_as_gives_its_samples(
    book: Codebook, make: Callable[..., Source], sine: Callable[..., Floats], tmp_path: Path
) -> None:
    recorder, sr = Recorder(), book.grid.sr
    player = LivePlayer(book, keep=recorder.begin(book, 0))
    player.source, parts = make(book, sr), []
    heard = sine(310.0, seconds=0.2)
    for start in range(0, len(heard) - 300, 300):
        player.hear(heard[start : start + 300])
        parts.append(player.read(300))
    y = np.concatenate([*parts, player.finish()])
    recorder.save(tmp_path / "a.json")
    path = CodePath.load(tmp_path / "a.json")
    assert path.controls is not None
    np.testing.assert_array_equal(book.render(path), y[player.sounding.voice.delay_samples :])


def test_session_of_two_codebooks_is_two_paths(book: Codebook, tmp_path: Path) -> None:
    """Before and after the change, in which one fades out as the other comes in, the samples are those of either."""
    recorder, hop, delay = Recorder(), book.grid.hop_length, book.grid.n_fft // 2
    player = LivePlayer(book, keep=recorder.begin(book, 0))
    player.asked.targets.update(centroid=900.0, loudness=-30.0)
    first = player.read(20 * hop)
    player.switch([Sounding(Instrument(book), seed=1, keep=recorder.begin(book, 1)[0])])
    y = np.concatenate([first, player.read(20 * hop), player.finish()])
    (tmp_path / "a-2.json").write_text("mine")
    files = recorder.save(tmp_path / "a.json")
    assert files == [tmp_path / "a.json", tmp_path / "a-3.json"]
    one, two = (book.render(CodePath.load(file)) for file in files)
    change = 20 * hop + delay
    np.testing.assert_array_equal(y[delay:change], one[: change - delay])
    np.testing.assert_array_equal(y[change + hop // 2 :], two[hop // 2 :])
    assert (tmp_path / "a-2.json").read_text() == "mine"


def test_voices_together_are_the_layers_of_a_path(book: Codebook, tmp_path: Path) -> None:
    recorder = Recorder()
    player = LivePlayer(book, voices=3, keep=recorder.begin(book, 0, 3))
    parts = [player.read(3000)]
    for part, pitch in zip(player.parts[1:], (200.0, 400.0), strict=True):
        part.asked.targets.update(pitch=pitch, loudness=-30.0)
        parts.append(player.read(3000))
    y = np.concatenate([*parts, player.finish()])
    recorder.save(tmp_path / "a.json")
    paths = load_layers(tmp_path / "a.json")
    assert [path.seed for path in paths] == [1, 2]
    np.testing.assert_allclose(book.render(*paths), y[player.sounding.voice.delay_samples :], atol=1e-7)


def test_recorder_of_nothing_writes_nothing(tmp_path: Path) -> None:
    assert Recorder().save(tmp_path / "a.json") == []
