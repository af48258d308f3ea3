"""Onsets that are played: steps that rise at once, the loudness asked for after them, and nothing where none is due."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Run
from vqsynth.codebook import Codebook
from vqsynth.codes.onsets import Onsets
from vqsynth.errors import ParameterError
from vqsynth.follow.striking import ACCENT_DB, plan_loudness
from vqsynth.follow.synthesis import Synthesis
from vqsynth.path import CodePath
from vqsynth.render import render_path
from vqsynth.sound.onsets import find_onsets

STEPS = "steps(-50,-20,-50,-24)"
SECONDS = 4.0


@pytest.fixture(scope="module")
def struck_book() -> Codebook:
    """The codebook of thirds, with onsets of 3 ms of its bright and dark codes that fall by 12 dB."""
    from tests.sound_worlds import make_codebook

    codes = np.repeat(np.arange(0, 64, 3)[:, None], 8, axis=1)
    levels = np.broadcast_to(np.linspace(0, -12, 8, dtype=np.float32), codes.shape)
    return make_codebook().with_onsets(Onsets(codes, levels, np.full(len(codes), 3.0, np.float32)))


def rises_ms(made: Synthesis) -> NDArray[np.float64]:
    """Measure the rises at the steps up, at one and three seconds."""
    found = find_onsets(made.y, made.sr)
    return np.array([found.rises_ms[np.abs(found.starts / made.sr - t).argmin()] for t in (1.0, 3.0)])


@pytest.mark.parametrize("beside", [{}, {"centroid": 1500}, {"pitch": 300}])
def test_steps_rise_as_the_onset_does_and_without_onsets_in_a_window(
    struck_book: Codebook, beside: dict[str, float]
) -> None:
    played, plain = (
        struck_book.synthesize(loudness=STEPS, seconds=SECONDS, onsets=onsets, targets=beside)
        for onsets in (True, False)
    )
    assert rises_ms(played).max() < 9 < 14 < rises_ms(plain).min()
    assert [round(t, 1) for t in played.report["onsets"]] == [1.0, 3.0]
    assert "onsets of the training sounds are played at 1.0" in played.report.summary()
    assert "onsets" not in plain.report


def test_after_an_onset_the_loudness_asked_for_is_heard_and_its_peak_stands_out(struck_book: Codebook) -> None:
    made = struck_book.synthesize(loudness=STEPS, seconds=SECONDS, centroid=1500)
    asked, got = (np.array(made.report["descriptors"]["loudness"][key], float) for key in ("asked", "got"))
    at = round(made.report["onsets"][0] * made.sr / made.path.hop_length)
    assert np.abs(got - asked)[at + 12 : 2 * at - 4].max() < 1
    peak = (got - asked)[at : at + 4].max()
    assert 0.5 < peak < ACCENT_DB + 1.5
    assert np.abs(got - asked)[4 : at - 4].max() < 1


def test_a_codebook_without_onsets_plays_what_it_played(struck_book: Codebook) -> None:
    bare = struck_book.with_onsets(None)
    one, two = (book.follow(loudness=STEPS, centroid=900, seconds=2, onsets=on)
                for book, on in ((bare, True), (struck_book, False)))  # fmt: skip
    assert one == two
    assert one.controls is None


def test_a_loudness_that_does_not_rise_plays_no_onset(struck_book: Codebook) -> None:
    for loudness in (-20, "line(-60,-10)", "steps(-20,-50)"):
        played, plain = (
            struck_book.follow(loudness=loudness, centroid=900, seconds=2, onsets=on) for on in (1 > 0, 1 < 0)
        )
        assert played == plain


def test_the_onset_that_meets_the_targets_is_played(struck_book: Codebook) -> None:
    """Where a dark and a bright sound are asked for, onsets are dark and bright, and miss no more than others."""
    centroids = struck_book.table.column("centroid")
    for asked in (500, 3000):
        path = struck_book.follow(loudness=STEPS, centroid=asked, seconds=SECONDS)
        plain = struck_book.follow(loudness=STEPS, centroid=asked, seconds=SECONDS, onsets=False)
        octaves = [np.abs(np.log2(centroids[each.codes] / asked)) for each in (path, plain)]
        assert octaves[0].mean() < octaves[1].mean() + 0.05


def test_rest_and_nearest_keep_their_word(struck_book: Codebook) -> None:
    rested = struck_book.follow(loudness=STEPS, centroid="line(p20,p80)", seconds=2, rest=6)
    assert all(rested.codes[t] not in rested.codes[max(0, t - 6) : t] for t in range(len(rested)))
    assert rested.controls is not None
    assert rested.controls.attack_ms.any()
    assert struck_book.follow(loudness=STEPS, centroid=900, seconds=2, method="nearest").controls is None


def test_layers_strike_together_and_share_no_code(struck_book: Codebook) -> None:
    made = struck_book.synthesize(loudness=STEPS, centroid=1500, seconds=SECONDS, layers=2, rounds=2)
    one, two = made.paths
    assert (one.codes != two.codes).all()
    assert rises_ms(made).max() < 9
    got = np.array(made.report["descriptors"]["loudness"]["got"], float)
    assert abs(np.median(got[80:110]) + 20) < 1.5


def test_plan_loudness_is_what_is_measured_of_a_path_with_attacks(struck_book: Codebook) -> None:
    path = struck_book.follow(loudness=STEPS, seconds=SECONDS)
    levels = path.gain_db + struck_book.table.column("loudness")[path.codes]
    made = struck_book.synthesize(loudness=STEPS, seconds=SECONDS, rounds=0)
    asked = np.array(made.report["descriptors"]["loudness"]["asked"], float)
    planned = plan_loudness(path, levels, asked, struck_book.grid)
    got = np.array(made.report["descriptors"]["loudness"]["got"], float)
    around = slice(57, 75)
    assert np.abs(planned - got)[around].max() < 2.5
    assert np.abs(planned - got)[around].mean() < 0.5 * np.abs(levels - got)[around].mean()


@pytest.mark.parametrize("excitation", ["noise", "refined"])
def test_every_excitation_sets_in_at_the_attack(struck_book: Codebook, excitation: str) -> None:
    path = struck_book.follow(loudness=STEPS, seconds=SECONDS)
    y = render_path(path, struck_book.spectra, excitation=excitation, refinements=2)
    assert len(y) == path.n_samples
    at = int(path.controls.attack_ms.argmax()) * path.hop_length if path.controls else 0
    before, after = (np.sqrt(np.mean(y[a : a + 200].astype(float) ** 2)) for a in (at - 200, at + 200))
    assert 20 * np.log10(after / before) > 20


def test_a_path_with_attacks_is_saved_cut_and_joined(struck_book: Codebook, tmp_path: object) -> None:
    path = struck_book.follow(loudness=STEPS, seconds=2)
    path.save(f"{tmp_path}/p.json")
    assert CodePath.load(f"{tmp_path}/p.json") == path
    assert path[:40] + path[40:] == path
    assert path.controls is not None
    at = int(path.controls.attack_ms.argmax())
    unstruck = replace(path, controls=None)
    np.testing.assert_array_equal(render_path(path, struck_book.spectra)[: (at - 5) * 256],
                                  render_path(unstruck, struck_book.spectra)[: (at - 5) * 256])  # fmt: skip


def test_onsets_take_yes_or_no_and_the_command_line_has_them(struck_book: Codebook, run: Run, tmp_path: object) -> None:
    with pytest.raises(ParameterError, match="onsets must be"):
        struck_book.follow(loudness=STEPS, seconds=1, onsets="often")
    struck_book.save(f"{tmp_path}/book")
    for flag, times in (("--onsets", 1), ("--no-onsets", 0)):
        code, out, err = run("synth", f"{tmp_path}/book", "--target", f"loudness={STEPS}", "--seconds", 2, flag, "-o",
                             f"{flag.strip('-')}.wav")  # fmt: skip
        assert code == 0, err
        assert (out + err).count("onsets of the training sounds are played") == times
