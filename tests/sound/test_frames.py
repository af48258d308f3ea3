"""Framing and overlap-add: the library's clock."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sound_worlds import magnitude_spectra
from vqsynth.errors import ParameterError
from vqsynth.sound.frames import (
    FrameGrid,
    OverlapAdd,
    fast_length,
    frame_signal,
    frames_between,
    rfft,
)

GRID = FrameGrid(sr=8000, n_fft=256, hop_length=64)
grids = st.builds(
    lambda half, hops: FrameGrid(8000, 2 * half * 2 * hops, 2 * half), st.integers(8, 20), st.integers(2, 8)
)


@given(grid=grids, n=st.integers(1, 3000))
def test_frame_signal_any_length_centres_frame_t_on_sample_t_hops(grid: FrameGrid, n: int) -> None:
    y = np.arange(1, n + 1, dtype=np.float32)
    frames = frame_signal(y, grid)
    assert frames.shape == (grid.count(n), grid.n_fft)
    centres = np.arange(grid.count(n)) * grid.hop_length
    expected = np.append(y, 0)[np.minimum(centres, n)]
    np.testing.assert_array_equal(frames[:, grid.n_fft // 2], expected)


@given(grid=grids, n=st.integers(1, 3000), ends=st.lists(st.integers(0, 1 << 16), min_size=2, max_size=2))
def test_frames_between_are_those_of_the_whole(grid: FrameGrid, n: int, ends: list[int]) -> None:
    y = np.arange(1, 2 * n + 1, dtype=np.float32).reshape(2, n)
    start, last = sorted(end % grid.count(n) for end in ends)
    frames = frames_between(y, start, last + 1, n_fft=grid.n_fft, hop_length=grid.hop_length)
    np.testing.assert_array_equal(frames, frame_signal(y, grid)[:, start : last + 1])
    padded = np.pad(y, [(0, 0), (grid.n_fft // 2,) * 2])
    for t, frame in zip(range(start, last + 1), frames.swapaxes(0, 1), strict=True):
        np.testing.assert_array_equal(frame, padded[:, t * grid.hop_length :][:, : grid.n_fft])


@given(grid=grids, cuts=st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_overlap_add_any_split_gives_the_same_bits(grid: FrameGrid, cuts: list[int]) -> None:
    frames = np.random.default_rng(0).standard_normal((sum(cuts), grid.n_fft), np.float32)
    whole = OverlapAdd(grid).push(frames)
    adder = OverlapAdd(grid)
    parts = [adder.push(part) for part in np.split(frames, np.cumsum(cuts)[:-1])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@given(grid=grids)
def test_overlap_add_of_windowed_frames_returns_the_sound(grid: FrameGrid) -> None:
    y = np.random.default_rng(1).standard_normal(grid.n_fft * 5).astype(np.float32)
    rebuilt = OverlapAdd(grid).push(frame_signal(y, grid) * grid.window)
    inside = slice(grid.n_fft, 4 * grid.n_fft)
    np.testing.assert_allclose(rebuilt[grid.n_fft // 2 :][inside], y[inside], atol=1e-5)


def test_magnitude_spectra_of_noise_agree_with_librosa(rng: np.random.Generator) -> None:
    y = rng.standard_normal(5000).astype(np.float32)
    ours = magnitude_spectra(y, GRID)
    theirs = np.abs(librosa.stft(y, n_fft=256, hop_length=64)).T
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((44100, 2047, 512), "n_fft must be a multiple of 4"),
        ((44100, 2048, 500), "hop_length must divide 1024, half of n_fft, and be at most 512"),
        ((44100, 2048, 1024), "at most 512"),
        ((44100, 2048, 0), "hop_length"),
        ((100, 2048, 512), "sr must lie between"),
    ],
)
def test_frame_grid_impossible_values_are_refused(values: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FrameGrid(*values)


@pytest.mark.parametrize("values", [(44100.0, 2048, 512), ("44100", 2048, 512), (44100, 2048, 512.0), (True, 64, 16),
                                    (44100, None, 512), (44100, 65536, 512)])  # fmt: skip
def test_grid_of_what_is_no_whole_number_or_too_long_is_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(ParameterError, match="must be a"):
        FrameGrid(*values)


@pytest.mark.parametrize("n", [None, 192, 300])
def test_rfft_is_numpys_in_single_precision(n: int | None, rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 256)).astype(np.float32)
    spectra, wanted = rfft(x, n), np.fft.rfft(x.astype(np.float64), n)
    assert spectra.dtype == np.complex64
    np.testing.assert_allclose(spectra, wanted, atol=2e-6 * np.abs(wanted).max())


@given(n=st.integers(2, 1 << 20))
def test_fast_length_is_even_holds_n_and_hardly_more(n: int) -> None:
    length = fast_length(n)
    assert n <= length < 1.4 * n + 1 and length % 2 == 0
