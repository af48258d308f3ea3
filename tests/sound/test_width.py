"""Width: a middle that is the mono sound, places, and noise that differs between left and right."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound_worlds import magnitude_spectra
from vqsynth.codebook import Codebook
from vqsynth.codes.controls import no_controls
from vqsynth.codes.voice import CodeVoice
from vqsynth.errors import ParameterError
from vqsynth.path import CodePath
from vqsynth.render import render_blocks, render_layers, render_path
from vqsynth.sound.audio import to_mono
from vqsynth.sound.frames import Floats, FrameGrid, frame_signal
from vqsynth.sound.width import add_layer, join_sides, place_layers

NOISE, TONE = 39, 24
"""A code that is all noise, and one that has partials."""
EXCITATIONS = ("noise", "coherent", "refined")


def hold(book: Codebook, code: int, *, frames: int = 200, **changes: object) -> CodePath:
    hop = book.grid.hop_length
    clock = book.grid.sr, hop, frames * hop - 1
    path = CodePath(book.name, book.sha256, *clock, np.full(frames, code), np.full(frames, -20.0))
    return replace(path, **changes)  # type: ignore[arg-type]


def wander(book: Codebook, n_layers: int, frames: int = 200) -> list[CodePath]:
    """Layers that change their codes often, no two alike."""
    codes = np.random.default_rng(7).integers(0, len(book), (n_layers, frames // 5)).repeat(5, axis=1)
    return [replace(hold(book, 0, frames=frames), codes=row, seed=i) for i, row in enumerate(codes)]


def correlate(y: Floats, grid: FrameGrid) -> NDArray[np.float64]:
    """Correlate left and right over time in each bin, (n_bins,), edges left out."""
    left, right = np.fft.rfft(frame_signal(y.T, grid) * grid.window)[:, 6:-6]
    shared = np.real(left * right.conj()).sum(axis=0)
    return np.asarray(shared / np.sqrt((np.abs(left) ** 2).sum(axis=0) * (np.abs(right) ** 2).sum(axis=0)))


def third_octaves_db(y: Floats, sr: int) -> NDArray[np.float64]:
    """Take the level of a sound (n,) in third-octave bands from 50 Hz on."""
    power, hz = np.abs(np.fft.rfft(y.astype(np.float64))) ** 2, np.fft.rfftfreq(len(y), 1 / sr)
    edges = 50 * 2 ** (np.arange(1, int(3 * np.log2(sr / 100))) / 3)
    return 10 * np.log10(np.array([power[(hz >= a) & (hz < b)].sum() for a, b in zip(edges, edges[1:], strict=False)]))


@pytest.mark.parametrize("excitation", EXCITATIONS)
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_middle_is_the_mono_sound(book: Codebook, excitation: str, n_layers: int, spread: float) -> None:
    layers = wander(book, n_layers, 60)
    mono = render_layers(layers, book.spectra, excitation=excitation)
    stereo = render_layers(layers, book.spectra, excitation=excitation, spread=spread)
    assert stereo.shape == (len(mono), 2) and np.abs(stereo[:, 0] - stereo[:, 1]).max() > 0.001
    np.testing.assert_allclose(to_mono(stereo), mono, atol=1e-6)
    bands = [third_octaves_db(y, book.grid.sr) for y in (to_mono(stereo), mono)]
    np.testing.assert_allclose(*bands, atol=0.5)


@pytest.mark.parametrize("excitation", EXCITATIONS)
def test_middle_of_a_sound_with_onsets_is_the_mono_sound(book: Codebook, excitation: str) -> None:
    (path,) = wander(book, 1, 60)
    struck = np.zeros(60)
    struck[[20, 41]] = 4.0
    path = replace(path, controls=replace(no_controls(60), attack_ms=struck))
    mono, stereo = (render_path(path, book.spectra, excitation=excitation, spread=wide) for wide in (0.0, 1.0))
    assert np.abs(stereo[:, 0] - stereo[:, 1]).max() > 0.001
    np.testing.assert_allclose(to_mono(stereo), mono, atol=1e-6)
    if excitation != "refined":
        blocks = render_blocks(path, book.spectra, excitation=excitation, spread=1.0, block_size=700)
        np.testing.assert_array_equal(np.concatenate(list(blocks)), stereo)


@pytest.mark.parametrize("excitation", EXCITATIONS)
def test_noise_differs_between_left_and_right_and_partials_do_not(book: Codebook, excitation: str) -> None:
    noise, tone = (
        render_path(hold(book, code), book.spectra, excitation=excitation, spread=1) for code in (NOISE, TONE)
    )
    assert not book.spectra.partials.tonal[NOISE].any()
    assert np.median(correlate(noise, book.grid)) == pytest.approx(1 / 3, abs=0.1)
    if excitation != "noise":  # there, partials are noise too
        mono = magnitude_spectra(to_mono(tone), book.grid)[6:-6].mean(axis=0)
        peaks = (mono[1:-1] > mono[:-2]) & (mono[1:-1] > mono[2:]) & book.spectra.partials.tonal[TONE, 1:-1]
        assert peaks.sum() > 5 and correlate(tone, book.grid)[1:-1][peaks].min() > 0.9


@pytest.mark.parametrize("place", [-1.0, -0.5, 0.0, 1.0])
def test_noise_of_a_layer_alone_differs_at_every_place_and_is_as_loud(book: Codebook, place: float) -> None:
    y = render_path(hold(book, NOISE, frames=600), book.spectra, spread=1, place=place)
    assert np.median(correlate(y, book.grid)) < 0.5
    mono = render_path(hold(book, NOISE, frames=600), book.spectra)
    assert 10 * np.log10(np.var(y, axis=0).mean() / np.var(mono)) == pytest.approx(10 * np.log10(1.5), abs=0.1)
    left, right = np.std(y, axis=0)
    assert 20 * np.log10(right / left) == pytest.approx(10 * np.log10((1.5 + place) / (1.5 - place)), abs=0.3)


@pytest.mark.parametrize("excitation", ["coherent", "refined"])
def test_partials_stand_at_the_place_of_their_layer(book: Codebook, excitation: str) -> None:
    ends = [np.std(render_path(hold(book, TONE), book.spectra, excitation=excitation, spread=1, place=p), axis=0)
            for p in (-1, 1)]  # fmt: skip
    np.testing.assert_allclose(ends[0], ends[1][::-1], rtol=0.01)
    tangent = np.sin(np.pi / 4)
    assert ends[1][1] / ends[1][0] == pytest.approx((1 + tangent) / (1 - tangent), rel=0.05)


def test_wider_is_less_alike(book: Codebook) -> None:
    alike = [np.median(correlate(render_path(hold(book, NOISE), book.spectra, spread=s), book.grid))
             for s in (0.2, 0.4, 0.6, 0.8, 1)]  # fmt: skip
    assert alike == sorted(alike, reverse=True) and alike[0] > 0.85


@pytest.mark.parametrize("n_layers", range(1, 8))
def test_places_are_symmetric_even_and_central_first(n_layers: int) -> None:
    places = place_layers(n_layers)
    assert sorted(places) == sorted(-p for p in places) and len(set(places)) == n_layers
    np.testing.assert_allclose(np.diff(sorted(places)), 2 / max(1, n_layers - 1))
    assert [abs(p) for p in places] == sorted(abs(p) for p in places)
    assert places[0] == 0 if n_layers % 2 else 0 not in places


@pytest.mark.parametrize("excitation", EXCITATIONS)
def test_no_spread_is_the_same_bytes(book: Codebook, excitation: str) -> None:
    path = wander(book, 1, 40)[0]
    plain = render_path(path, book.spectra, excitation=excitation)
    wide = replace(path, spread=0.7)
    assert render_path(wide, book.spectra, excitation=excitation, spread=0).tobytes() == plain.tobytes()
    assert render_path(path, book.spectra, excitation=excitation, place=0.5).tobytes() == plain.tobytes()


@pytest.mark.parametrize("excitation", ["coherent", "noise"])
@pytest.mark.parametrize("block_size", [1000, 77, 5])
def test_blocks_of_any_size_give_the_samples_of_the_whole(book: Codebook, excitation: str, block_size: int) -> None:
    path = replace(wander(book, 1, 30)[0], spread=0.8)
    asked = {"excitation": excitation, "place": 0.4}
    blocks = list(render_blocks(path, book.spectra, block_size=block_size, **asked))
    assert {block.shape for block in blocks[:-1]} == {(block_size, 2)}
    np.testing.assert_array_equal(np.concatenate(blocks), render_path(path, book.spectra, **asked))


def test_voice_pushed_frame_by_frame_gives_the_samples_of_the_whole(book: Codebook) -> None:
    path = wander(book, 1, 30)[0]
    voice = CodeVoice(book.spectra, seed=path.seed, spread=1, place=-1)
    none = np.zeros(0, np.int64)
    assert voice.push(none, none).shape == voice.finish(0).shape == (0, 2)
    parts = [voice.push(path.codes[i : i + 1], path.gain_db[i : i + 1]) for i in range(len(path))]
    y = np.concatenate([*parts, voice.finish(path.n_samples)])[voice.delay_samples :]
    np.testing.assert_array_equal(y, render_path(path, book.spectra, spread=1, place=-1))


def test_side_is_another_noise_for_another_seed_and_none_of_the_middle(book: Codebook) -> None:
    ys = [render_path(hold(book, NOISE), book.spectra, seed=seed, spread=1) for seed in (0, 1)]
    sides = [y[:, 1] - y[:, 0] for y in ys]
    others = [*sides, *(to_mono(y) for y in ys)]
    alike = np.corrcoef(others)[~np.eye(4, dtype=bool)]
    assert np.abs(alike).max() < 0.1


def test_mono_layer_among_stereo_ones_stands_in_the_middle() -> None:
    rng = np.random.default_rng(0)
    mono, middle, side = rng.standard_normal((3, 50)).astype(np.float32)
    wide = join_sides(middle, side)
    for mix in (add_layer(mono, wide), add_layer(wide, mono)):
        np.testing.assert_allclose(mix, join_sides(middle + mono, side), atol=1e-6)


@pytest.mark.parametrize("spread", [-0.1, 1.01, np.nan, "1", None, True])
def test_voice_of_a_spread_that_is_none_is_refused(book: Codebook, spread: object) -> None:
    with pytest.raises(ParameterError, match="spread must be a number of 0 or more, up to 1"):
        CodeVoice(book.spectra, spread=spread)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [-1.1, 2, np.inf, "left"])
def test_voice_of_a_place_that_is_none_is_refused(book: Codebook, place: object) -> None:
    with pytest.raises(ParameterError, match="place must be a number of -1 or more, up to 1"):
        CodeVoice(book.spectra, place=place)  # type: ignore[arg-type]
