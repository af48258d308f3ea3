"""Targets from curves and sounds, and how they are brought into range."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqsynth.codebook import Codebook
from vqsynth.codes.reaching import reach
from vqsynth.curves.listening import hear_sound, measure_pieces
from vqsynth.curves.ranges import map_range
from vqsynth.errors import AudioError, ParameterError
from vqsynth.follow.reach import describe_reach, preview_targets
from vqsynth.follow.synthesis import synthesize
from vqsynth.sound import audio
from vqsynth.sound.descriptors import measure

Sound = NDArray[np.float32]
values = st.lists(st.floats(20, 15000), min_size=2, max_size=30).map(np.array)


@given(values, st.sampled_from(["minmax", "rank"]))
def test_map_range_lands_within_reach_and_keeps_the_order(book: Codebook, want: NDArray[np.float64], how: str) -> None:
    mapped = map_range(want, book.table, "centroid", how)
    column = book.table.column("centroid")
    hair = 0 if how == "minmax" else 1e-4
    assert (mapped >= column.min() * (1 - hair)).all() and (mapped <= column.max() * (1 + hair)).all()
    order = np.argsort(want, kind="stable")
    assert (np.diff(mapped[order]) >= -1e-6 * mapped.max()).all()


@given(values)
def test_map_range_relative_keeps_the_intervals(book: Codebook, want: NDArray[np.float64]) -> None:
    mapped = map_range(want, book.table, "centroid", "relative")
    np.testing.assert_allclose(np.log2(mapped / mapped[0]), np.log2(want / want[0]), atol=1e-6)
    assert np.median(np.log2(mapped)) == pytest.approx(np.median(np.log2(book.table.column("centroid"))), abs=1e-4)


def test_map_range_octave_keeps_the_melody(book: Codebook) -> None:
    melody = np.array([50.0, 56.0, np.nan, 60.0])
    mapped = map_range(melody, book.table, "pitch", "octave")
    ratio = mapped / melody
    assert np.isnan(mapped[2]) and np.nanstd(ratio) < 1e-6
    assert np.log2(ratio[0]) == pytest.approx(round(np.log2(ratio[0])), abs=1e-9)
    assert mapped[0] >= np.nanmin(book.table.column("pitch"))


@given(values)
def test_map_range_squeeze_keeps_the_order_and_leaves_what_is_within_reach(
    book: Codebook, want: NDArray[np.float64]
) -> None:
    column = book.table.column("centroid").astype(np.float64)
    low, high = np.quantile(np.log2(column), [0.3, 0.7])
    mapped = map_range(want, book.table, "centroid", "squeeze")
    assert (mapped >= column.min() * (1 - 1e-6)).all() and (mapped <= column.max() * (1 + 1e-6)).all()
    assert (np.diff(mapped[np.argsort(want, kind="stable")]) >= -1e-6 * mapped.max()).all()
    inside = (np.log2(want) > low) & (np.log2(want) < high)
    np.testing.assert_allclose(mapped[inside], want[inside], rtol=1e-9)


def test_map_range_octave_is_not_misled_by_a_stray_code(book: Codebook) -> None:
    """One code of many that is heard two octaves under the others does not keep a low voice down."""
    values = np.tile(book.table.values, (8, 1))
    stray = int(np.flatnonzero(~np.isnan(values[:, book.table.position("pitch")]))[0])
    values[stray, book.table.position("pitch")] = 40.0
    table = replace(book.table, values=values, counts=np.full(len(values), 10), codes=np.arange(len(values)),
                    deviations=None, fundamentals=None)  # fmt: skip
    assert reach(table, "pitch", np.array([40.0])) == 1 and reach(table, "pitch", np.array([150.0])) == 0
    np.testing.assert_allclose(map_range(np.full(5, 40.0), table, "pitch", "octave"), 160.0)


def test_map_range_clamp_leaves_the_demand(book: Codebook) -> None:
    want = np.array([1.0, 1e6])
    np.testing.assert_array_equal(map_range(want, book.table, "centroid", "clamp"), want)


def test_map_range_unknown_way_lists_the_known(book: Codebook) -> None:
    with pytest.raises(ParameterError, match="clamp, squeeze, minmax, rank, relative, octave"):
        map_range(np.ones(3), book.table, "centroid", "stretch")


@pytest.fixture
def phrase(write_sound: Callable[..., Path], rng: np.random.Generator) -> Path:
    """A glide, silence, and noise: a second each, at another rate than the codebook's."""
    sr = 22050
    t = np.arange(sr) / sr
    f_hz = 200 * 2**t
    glide = sum(np.sin(2 * np.pi * k * np.cumsum(f_hz) / sr) / k for k in range(1, 8)) * 0.2
    noise = rng.standard_normal(sr) * 0.05
    return write_sound("phrase.wav", np.concatenate([glide, np.zeros(sr), noise]).astype(np.float32), rate=sr)


def test_hear_sound_asks_for_pitch_only_where_there_is_one(book: Codebook, phrase: Path) -> None:
    heard = hear_sound(phrase, book.grid)
    third = len(heard.confidence) // 3
    pitch = heard.values["pitch"]
    assert not np.isnan(pitch[4 : third - 4]).any()
    assert np.isnan(pitch[third + 4 : 2 * third - 4]).all() and np.isnan(pitch[2 * third + 4 :]).mean() > 0.9
    assert pitch[third // 2] == pytest.approx(200 * 2**0.5, rel=0.03)
    assert np.isnan(heard.values["centroid"][third + 4 : 2 * third - 4]).all()
    assert heard.seconds == pytest.approx(3.0, abs=1e-3)


def test_synthesize_like_a_sound_follows_its_loudness_and_brightness(book: Codebook, phrase: Path) -> None:
    made = synthesize(book, like=phrase, rounds=2)
    assert len(made.y) == pytest.approx(3 * book.grid.sr, abs=2)
    rows = made.report["descriptors"]
    assert set(rows) == {"loudness", "centroid", "flatness", "pitch"}
    asked, got = (np.array([np.nan if v is None else v for v in rows["loudness"][k]]) for k in ("asked", "got"))
    assert np.corrcoef(asked[3:-3], got[3:-3])[0, 1] > 0.97


def test_synthesize_a_sound_as_one_target(book: Codebook, phrase: Path) -> None:
    made = synthesize(book, seconds=3.0, centroid=f"@{phrase}", mapping="rank", rounds=1)
    asked = np.array([np.nan if v is None else v for v in made.report["descriptors"]["centroid"]["asked"]])
    heard = hear_sound(phrase, book.grid).values["centroid"]
    both = ~np.isnan(asked) & ~np.isnan(heard[: len(asked)])
    assert both.mean() > 0.5
    assert (
        np.corrcoef(np.argsort(np.argsort(asked[both])), np.argsort(np.argsort(heard[: len(asked)][both])))[0, 1] > 0.95
    )


@pytest.mark.parametrize("verb", ["synthesize", "follow", "sample_curves"])
def test_length_goes_without_saying_where_a_curve_ends_and_else_is_asked_for(book: Codebook, verb: str) -> None:
    make = getattr(book, verb)
    with pytest.raises(ParameterError, match="seconds must be given"):
        make(centroid=900, pitch="line(p5,p95)")
    with pytest.raises(ParameterError, match="seconds must be above 0"):
        make(centroid="0:500 0.4:900", seconds=0)


def test_follow_and_sample_curves_last_as_long_as_what_synthesize_makes(book: Codebook) -> None:
    curves = {"centroid": "0:p20 0.4:p80", "pitch": ((0, 200), (0.3, 400))}
    made, path, rows = book.synthesize(targets=curves), book.follow(targets=curves), book.sample_curves(targets=curves)
    assert made.path.seconds == path.seconds == pytest.approx(0.4, abs=1 / 16000)
    assert {len(row) for row in rows.values()} == {len(path)}
    again = book.follow(targets=curves, seconds=0.4)
    assert path == again == book.choose(rows, seconds=0.4)


def test_follow_a_sound_lasts_as_long_as_it(book: Codebook, write_sound: Callable[..., Path]) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 300 * np.arange(5000) / 16000)).astype(np.float32)
    path = book.follow(pitch=f"@{write_sound('a.wav', tone, rate=16000)}")
    assert path.n_samples == 5000


def test_synthesize_like_what_is_no_sound_is_refused(book: Codebook, tmp_path: Path) -> None:
    (tmp_path / "note.wav").write_text("la")
    with pytest.raises(AudioError, match=r"note\.wav"):
        synthesize(book, like=tmp_path / "note.wav")


def test_synthesize_weight_curve_gives_way_over_time(book: Codebook) -> None:
    """Two demands that no code meets together: the one that weighs more is met better, first this, then that."""
    demands = {"centroid": "p95", "pitch": "p5"}
    weights = {"centroid": "line(0.001,1)", "pitch": "line(1,0.001)"}
    path = book.choose(
        book.sample_curves(seconds=2.0, **demands), seconds=2.0,
        weights={n: np.linspace(*((0.001, 1) if n == "centroid" else (1, 0.001)), 126) for n in demands},
    )  # fmt: skip
    made = synthesize(book, seconds=2.0, weights=weights, rounds=0, **demands)
    np.testing.assert_array_equal(made.path.codes[5:-5], path.codes[5:-5])
    column = book.table.column("pitch")[made.path.codes]
    low = book.table.percentile("pitch", 5)
    assert abs(np.log2(column[3] / low)) < abs(np.log2(np.nan_to_num(column[-3], nan=1e5) / low))


def test_preview_targets_least_error_is_a_bound_for_any_path(book: Codebook) -> None:
    targets = book.sample_curves(seconds=2.0, centroid="sin(p1,12000,1)", pitch="line(p5,p95)")
    found, unmet = preview_targets(book.table, targets)
    path = book.choose(targets, seconds=2.0)
    for name, row in found.items():
        chosen = book.table.column(name)[path.codes]
        error = np.sqrt(np.mean((chosen - row.asked) ** 2)) / np.ptp(row.asked)
        assert row.error is not None and row.error.nrmse is not None
        assert np.isnan(error) or row.error.nrmse <= error * 1.05 + 1e-6
    assert 0 < found["centroid"].out_of_reach < 1 and 0 < unmet <= 1
    assert len(describe_reach(found, unmet)) == 3


@pytest.mark.parametrize("piece_s", [0.011, 0.2, 0.77, 100.0])
@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_measure_pieces_of_a_long_sound_equals_the_whole(
    book: Codebook, write_sound: Callable[..., Path], rng: np.random.Generator, piece_s: float, rate: int
) -> None:
    y = (np.cumsum(rng.standard_normal(2 * rate + 77)) / 300).astype(np.float32)
    path = write_sound("long.wav", y - y.mean(), rate=rate, subtype="FLOAT")
    whole, sr = audio.load(path, sr=book.grid.sr)
    pieces = list(audio.stream(path, sr=sr, piece_s=piece_s))
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
    names = ("centroid", "loudness", "pitch_confidence")
    measured, n_samples = measure_pieces(iter(pieces), book.grid, names)
    assert n_samples == len(whole)
    for name, values in measure(whole, book.grid, names).items():
        np.testing.assert_allclose(measured[name], values, rtol=1e-3, atol=1e-3, err_msg=name)
