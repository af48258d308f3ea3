"""Pictures of latent paths show as many components as asked, on one scale, in files that do not differ."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.continuous.latent_paths import make_path
from tests.plot.pictures import png_size, texts
from vqsynth.continuous.alignment import stretch
from vqsynth.continuous.bending import bend
from vqsynth.errors import ModelError, ParameterError, VqsynthError
from vqsynth.plot import plot_latents


def test_plot_latents_grows_by_a_panel_per_component(tmp_path: Path) -> None:
    sizes = []
    for components in (1, 2, 3):
        plot_latents(make_path(), tmp_path / "a.png", components=components)
        sizes.append(png_size(tmp_path / "a.png"))
    assert len({width for width, _ in sizes}) == 1
    assert sizes[2][1] - sizes[1][1] == sizes[1][1] - sizes[0][1] > 50


@pytest.mark.parametrize(("asked", "drawn"), [(3, 3), (16, 16), (99, 16)])
def test_plot_latents_numbers_components_from_one(tmp_path: Path, asked: int, drawn: int) -> None:
    plot_latents(make_path().with_values(components=np.zeros((16, 41))), tmp_path / "a.svg", components=asked)
    words = texts(tmp_path / "a.svg").split()
    assert all(str(number) in words for number in range(1, drawn + 1))
    assert len(re.findall(r'id="axes_\d+"', (tmp_path / "a.svg").read_text())) == drawn + 1


def test_plot_latents_says_what_is_drawn(tmp_path: Path) -> None:
    plot_latents(make_path(), tmp_path / "a.svg", title="costs $5 & more")
    said = texts(tmp_path / "a.svg")
    for words in ("costs $5 & more", "loudness (dB)", "components, in standard deviations", "time (s)"):
        assert words in said
    assert "before" not in said


def test_plot_latents_over_another_tells_them_apart(tmp_path: Path) -> None:
    path = make_path()
    bent = bend(path, component=1, scale=2)
    plot_latents(bent, tmp_path / "a.svg", before=path)
    plot_latents(bent, tmp_path / "b.svg", before=stretch(path, 5000))
    for name in ("a.svg", "b.svg"):
        assert {"before", "after"} <= set(texts(tmp_path / name).split())
        content = (tmp_path / name).read_text().lower()
        assert "#e69f00" in content and "#0072b2" in content


def test_plot_latents_over_that_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="of different models"):
        make_path().plot(tmp_path / "a.png", before=replace(make_path(), sha256="c" * 64))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_plot_latents_of_the_same_path_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        plot_latents(make_path(), tmp_path / f"{name}{suffix}", components=2)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.filterwarnings("error")
def test_plot_latents_of_a_frame_of_silence_or_of_a_huge_value_is_a_picture(tmp_path: Path) -> None:
    frame = make_path(1e-3)
    silence = frame.with_values(components=np.zeros((16, 1)), loudness_db=[-1000.0])
    for path in (frame, silence, frame.with_values(components=np.full((16, 1), 1e6))):
        plot_latents(path, tmp_path / "a.png")
        assert min(png_size(tmp_path / "a.png")) > 100


def test_plot_latents_dark_has_the_same_words_on_other_paper(tmp_path: Path) -> None:
    for dark in (False, True):
        plot_latents(make_path(), tmp_path / f"{dark}.svg", dark=dark)
    assert texts(tmp_path / "True.svg") == texts(tmp_path / "False.svg")
    assert "#15181d" in (tmp_path / "True.svg").read_text()


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.json"])
def test_plot_latents_to_another_format_lists_the_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.png, \.svg, \.pdf"):
        plot_latents(make_path(), tmp_path / name)


def test_plot_latents_that_cannot_be_drawn_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="components must be 1 or more"):
        plot_latents(make_path(), tmp_path / "a.png", components=0)
    with pytest.raises(VqsynthError, match="does not exist"):
        plot_latents(make_path(), tmp_path / "missing" / "a.png")
    assert not list(tmp_path.iterdir())
