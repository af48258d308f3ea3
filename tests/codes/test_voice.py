"""A voice: the same samples in any pushes as of the whole path, a delay that is told, and bad frames refused."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.controls import Controls, no_controls
from vqsynth.codes.envelopes import BANDS
from vqsynth.codes.voice import CodeVoice
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.path import CodePath
from vqsynth.render import render_path

FRAMES = 30


@pytest.fixture
def path(book: Codebook) -> CodePath:
    rng = np.random.default_rng(3)
    controls = Controls(
        tilt_db=rng.uniform(-3, 3, FRAMES),
        transpose_cents=rng.uniform(-50, 50, FRAMES),
        fundamental_hz=np.full(FRAMES, 200.0),
        fundamental_db=rng.choice([0.0, 6.0], FRAMES),
        envelope_db=rng.uniform(-9, 9, (FRAMES, BANDS)),
        attack_ms=rng.choice([0.0, 0.0, 4.0, 30.0], FRAMES),
    )
    hop, n = book.grid.hop_length, (FRAMES - 1) * book.grid.hop_length + 70
    codes, gain_db = rng.integers(0, len(book), FRAMES), rng.uniform(-130, -10, FRAMES)
    return CodePath(book.name, book.sha256, book.grid.sr, hop, n, codes, gain_db, controls=controls)


def push_all(voice: CodeVoice, path: CodePath, sizes: Sequence[int]) -> NDArray[np.float32]:
    parts, start, i = [], 0, 0
    while start < len(path):
        block = slice(start, min(start + sizes[i % len(sizes)], len(path)))
        controls = path.controls.take(block) if path.controls else None
        parts.append(voice.push(path.codes[block], path.gain_db[block], controls))
        assert len(parts[-1]) == (block.stop - block.start) * path.hop_length
        start, i = block.stop, i + 1
    return np.concatenate([*parts, voice.finish(path.n_samples)])


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(0, 12), min_size=1, max_size=5).filter(any))
def test_push_any_frames_at_a_time_gives_the_samples_of_the_path(book: Codebook, sizes: list[int]) -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, len(book), FRAMES)
    path = CodePath(
        "b", "h", book.grid.sr, book.grid.hop_length, (FRAMES - 1) * book.grid.hop_length, codes, codes - 70
    )
    voice = CodeVoice(book.spectra, seed=path.seed)
    y = push_all(voice, path, sizes)
    np.testing.assert_array_equal(y[voice.delay_samples :], render_path(path, book.spectra))
    assert not y[: voice.delay_samples].any()


@pytest.mark.parametrize("excitation", ["coherent", "noise"])
def test_push_frames_with_controls_gives_the_samples_of_the_path(
    book: Codebook, path: CodePath, excitation: str
) -> None:
    voice = CodeVoice(book.spectra, excitation=excitation, seed=4)
    y = push_all(voice, path, (1, 3))[voice.delay_samples :]
    np.testing.assert_array_equal(y, render_path(path, book.spectra, excitation=excitation, seed=4))


def test_push_frames_of_which_some_are_transposed_gives_the_samples_of_the_path(book: Codebook, path: CodePath) -> None:
    """A frame that is not transposed is the same beside one that is."""
    cents = np.where(np.arange(FRAMES) % 3 == 0, 50.0, 0.0)
    some = replace(path, controls=replace(no_controls(FRAMES), transpose_cents=cents))
    voice = CodeVoice(book.spectra)
    np.testing.assert_array_equal(push_all(voice, some, (1,))[voice.delay_samples :], render_path(some, book.spectra))


def test_push_is_heard_within_a_window(book: Codebook) -> None:
    """A frame pushed after silence sounds at once, and is at its loudest `delay_samples` later."""
    voice, hop = CodeVoice(book.spectra), book.grid.hop_length
    gains = np.full(40, -200.0)
    gains[20] = 0
    y = voice.push(np.full(40, 5), gains)
    sounding = np.flatnonzero(y)
    centre = 20 * hop + voice.delay_samples
    assert centre - book.grid.n_fft // 2 <= sounding[0] and sounding[-1] < centre + book.grid.n_fft // 2
    peak = np.argmax(np.convolve(y**2, np.ones(hop) / hop, "same"))
    assert abs(int(peak) - centre) < hop


def test_finish_of_nothing_is_nothing_and_a_voice_begins_anew(book: Codebook, path: CodePath) -> None:
    voice = CodeVoice(book.spectra)
    assert len(voice.finish()) == 0
    first = push_all(voice, path, (7,))
    assert len(first) == path.n_samples + voice.delay_samples
    assert len(push_all(voice, path, (7,))) == len(first)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (([1, 2], [0.0]), ParameterError, "the same length"),
        (([1], [500.0]), ParameterError, "gain_db be at most 120"),
        (([1], [float("nan")]), ParameterError, "gain_db be at most 120"),
        (([64], [0.0]), CodebookError, "codes must lie between 0 and 63"),
        (([-1], [0.0]), CodebookError, "codes must lie between 0 and 63"),
        (([1.5], [0.0]), ParameterError, "codes must be a row of integers"),
        (("a", [0.0]), ParameterError, "codes must be a row of integers"),
    ],
)
def test_push_bad_frames_are_refused_and_the_voice_goes_on(
    book: Codebook, given: tuple[Any, Any], error: type[Exception], message: str
) -> None:
    voice, other = CodeVoice(book.spectra), CodeVoice(book.spectra)
    np.testing.assert_array_equal(voice.push([1], [0.0]), other.push([1], [0.0]))
    with pytest.raises(error, match=message):
        voice.push(*given)
    np.testing.assert_array_equal(voice.push([2], [0.0]), other.push([2], [0.0]))


def test_voice_of_what_needs_the_whole_is_refused(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="noise or coherent to render block by block"):
        CodeVoice(book.spectra, excitation="refined")
    with pytest.raises(ParameterError, match="excitation must be one of"):
        CodeVoice(book.spectra, excitation="loud")


def test_finish_at_a_length_of_other_frames_is_refused(book: Codebook) -> None:
    voice = CodeVoice(book.spectra)
    voice.push([1, 2], [0.0, 0.0])
    with pytest.raises(ParameterError, match=r"a sound of 1 samples has 1 frames \(got 2\)"):
        voice.finish(1)
