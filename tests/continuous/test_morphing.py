"""Morphs begin at A, end at B, and lie between them all the way."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.continuous.latent_paths import make_path, paths, same
from vqsynth.continuous.alignment import align_dtw, stretch
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.morphing import morph
from vqsynth.errors import ModelError, ParameterError, VqsynthWarning

ways = st.sampled_from(["stretch", "dtw"])


@given(a=paths, b=paths, align=ways)
@pytest.mark.filterwarnings("ignore::vqsynth.errors.VqsynthWarning")
def test_morph_with_weight_zero_is_a_and_with_one_is_b(a: LatentPath, b: LatentPath, align: str) -> None:
    a, b = (make_path(path.seconds, seed=i) for i, path in enumerate((a, b)))
    pair = align_dtw(a, b) if align == "dtw" else [stretch(p, max(a.n_samples, b.n_samples)) for p in (a, b)]
    for weight, whole in zip((0, 1), pair, strict=True):
        assert same(morph(a, b, weight=weight, align=align), whole)


@given(seconds=st.floats(1e-4, 1), weight=st.floats(0, 1), align=ways)
def test_morph_of_a_path_with_itself_is_the_path(seconds: float, weight: float, align: str) -> None:
    path = make_path(seconds)
    assert same(morph(path, path, weight=weight, align=align), path, tolerance=1e-4)


def test_morph_goes_from_a_to_b_in_equal_steps() -> None:
    a, b = make_path(), make_path(seed=1)
    made, share = morph(a, b), np.arange(41) / 40
    np.testing.assert_allclose(made.components, a.components * (1 - share) + b.components * share, atol=1e-5)
    np.testing.assert_allclose(made.loudness_db, a.loudness_db * (1 - share) + b.loudness_db * share, atol=1e-4)
    np.testing.assert_array_equal(made.components[:, 0], a.components[:, 0])
    np.testing.assert_array_equal(made.components[:, -1], b.components[:, -1])


def test_morph_of_held_sounds_leaves_a_and_comes_nearer_to_b_all_the_way() -> None:
    a, b = (stretch(make_path(1e-3, seed=seed), 8000) for seed in (0, 1))
    made = morph(a, b)
    from_a, to_b = (np.linalg.norm(made.components - p.components, axis=0) for p in (a, b))
    assert (np.diff(from_a) > 0).all() and (np.diff(to_b) < 0).all()


def test_morph_of_the_latents_or_the_loudness_leaves_the_other_to_a() -> None:
    a, b = make_path(), make_path(seed=1)
    latents, loudness = (morph(a, b, weight=1, of=of) for of in ("latents", "loudness"))
    np.testing.assert_array_equal(latents.components, b.components)
    np.testing.assert_array_equal(latents.loudness_db, a.loudness_db)
    np.testing.assert_array_equal(loudness.components, a.components)
    np.testing.assert_array_equal(loudness.loudness_db, b.loudness_db)


def test_morph_lasts_as_long_as_the_longer_one_or_as_asked() -> None:
    a, b = make_path(0.3), make_path(0.5, seed=1)
    assert (morph(a, b).n_samples, morph(b, a).n_samples, morph(a, b, seconds=2.0).n_samples) == (4000, 4000, 16000)


def test_morph_keeps_all_else_of_a() -> None:
    made = morph(make_path(vocoder="melgan"), make_path(seed=1, vocoder="magnitude"))
    assert made.vocoder == "melgan"


@pytest.mark.parametrize("align", ["stretch", "dtw"])
def test_morph_of_one_frame_with_a_minute_works_and_warns(align: str) -> None:
    short, long = make_path(1e-3), make_path(60.0, seed=1)
    with pytest.warns(VqsynthWarning, match=r"a sound of 0\.001 s is stretched to 60 s and nearly stands still"):
        made = morph(short, long, align=align)
    assert len(made) == len(long)
    np.testing.assert_array_equal(made.components[:, 0], short.components[:, 0])
    np.testing.assert_allclose(made.components[:, -1], long.components[:, -1], atol=1e-5)


def test_morph_of_lengths_that_differ_a_little_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = morph(make_path(0.2), make_path(1.0, seed=1))
    assert made.n_samples == make_path(1.0).n_samples


@pytest.mark.parametrize(
    ("weight", "worst"),
    [("0:0 0.4:1.5", "1.5 at 0.4 s"), (-0.1, "-0.1 at 0 s"), ("line(0,1.001)", "1.001 at 0.5 s"),
     ("0:0 0.2:0 0.206:2 0.212:0", r"1\.\d+ at 0.20\d s")],
)  # fmt: skip
def test_morph_with_a_weight_outside_says_where(weight: Any, worst: str) -> None:
    with pytest.raises(ParameterError, match=rf"weight must lie between 0, all of A, and 1, all of B.*{worst}"):
        morph(make_path(), make_path(seed=1), weight=weight)


@pytest.mark.parametrize("weight", ["", "half", "p50", float("nan"), [], "0:0 0:1", None])
def test_morph_with_an_unusable_weight_is_refused(weight: Any) -> None:
    with pytest.raises(ParameterError):
        morph(make_path(), make_path(seed=1), weight=weight)


@pytest.mark.parametrize("wrong", [{"align": "linear"}, {"of": "pitch"}, {"seconds": 0}, {"seconds": 1e9}])
def test_morph_with_an_unusable_argument_names_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        morph(make_path(), make_path(seed=1), **wrong)


def test_morph_of_different_models_is_refused() -> None:
    with pytest.raises(ModelError, match="different models"):
        morph(make_path(), make_path(model="choir", sha256="0" * 64))
