"""What records show of themselves in a notebook: true to what they hold, escaped, well formed, and bounded."""

import io
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.continuous.latent_paths import make_path
from tests.continuous.small import make_small_model
from tests.hostile import NASTY
from vqsynth import notebook
from vqsynth.codebook import Codebook
from vqsynth.codes.table import DescriptorTable
from vqsynth.continuous.latents import LatentPath
from vqsynth.follow.record import Report
from vqsynth.path import CodePath
from vqsynth.sound.descriptors import measure
from vqsynth.sound.frames import FrameGrid

ODD = """"><script>alert('1')</script>\ud800&amp;\x1b[2J"""
SMALL = 120_000
"""Bytes that hold everything but sound."""
HOUR = 3600 * 44100


class Tags(HTMLParser):
    """Follow the tags of a piece of HTML, which must all be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def check_shown(record: Any) -> Tags:
    """Read what a record shows: nothing that runs or comes from elsewhere, and its one-line repr as title."""
    text = record._repr_html_()
    text.encode()
    tags = Tags(text)
    known = {"div", "b", "table", "tr", "th", "td", "p", "svg", "path", "rect", "title", "audio"}
    assert {tag for tag, _ in tags.seen} <= known
    assert all(not name.startswith("on") for _, found in tags.seen for name in found)
    assert all(str(found.get("src", "data:")).startswith("data:") for _, found in tags.seen)
    assert "\n" not in repr(record)
    return tags


def hear(tags: Tags) -> tuple[NDArray[np.float64], int]:
    (src,) = [str(found["src"]) for tag, found in tags.seen if tag == "audio"]
    return soundfile.read(io.BytesIO(b64decode(src.partition(",")[2])))  # type: ignore[no-any-return]


def points(path: str) -> NDArray[np.float64]:
    return np.array([[float(n) for n in pair.split(",")] for pair in re.findall(r"[\d.]+,[\d.]+", path)])


def make_codes(book: Codebook, codes: list[int], gain_db: list[float]) -> CodePath:
    return CodePath(book.name, book.sha256, 16000, 256, 256 * len(codes) - 1, np.array(codes), np.array(gain_db))


def test_draw_curves_puts_higher_values_higher_and_leaves_gaps() -> None:
    tags = Tags(notebook.draw_curves("a < b (Hz)", ([1, 2, np.nan, 3, 4], notebook.GOT)))
    (d,) = [str(found["d"]) for tag, found in tags.seen if tag == "path"]
    assert d.count("M") == 2 and (np.diff(points(d)[:, 1]) < 0).all() and (np.diff(points(d)[:, 0]) > 0).all()
    assert tags.words == "a < b (Hz): 1 to 4"
    assert "no value" in notebook.draw_curves("x", ([np.nan], notebook.GOT))


def test_draw_curves_shares_one_scale() -> None:
    tags = Tags(notebook.draw_curves("x", ([0, 10], notebook.ASKED), ([5, 5], notebook.GOT)))
    asked, got = (points(str(found["d"]))[:, 1] for tag, found in tags.seen if tag == "path")
    assert got == pytest.approx([asked.mean()] * 2, abs=0.1)


def test_path_shows_its_runs_as_stripes_as_long_as_they_last(book: Codebook) -> None:
    tags = check_shown(make_codes(book, [3, 3, 3, 7], [-20, -20, -120, -10]))
    widths = [float(str(found["width"])) for tag, found in tags.seen if tag == "rect"]
    assert widths == [480, 160]
    assert "2 runs over 0.06 s" in tags.words and "code 3code 7" in tags.words and "-20 to -10" in tags.words


def test_path_shows_the_controls_that_it_uses(book: Codebook) -> None:
    made = book.synthesize(centroid="line(p20,p80)", seconds=0.5, rounds=2)
    assert made.path.controls is not None
    assert "envelope_db" in check_shown(made.path).words and "fundamental_db" not in check_shown(made.path).words


def test_codebook_shows_figures_rows_and_codes_from_dark_to_bright(book: Codebook) -> None:
    tags = check_shown(replace(book, card=book.card | {"about": "thirds", "perplexity": 31.5}))
    assert all(said in tags.words for said in ("thirds", "12.5 s of sound", "perplexity: 31.5", "64 codes", "centroid"))
    y, sr = hear(tags)
    assert len(y) == 8 * 4000 and sr == 16000
    grid = FrameGrid(sr=16000, n_fft=1024, hop_length=256)
    heard = [np.median(measure(np.float32(part), grid, ["centroid"])["centroid"]) for part in y.reshape(8, 4000)]
    assert heard == sorted(heard)


def test_report_shows_what_synthesis_shows_but_for_the_sound(book: Codebook) -> None:
    made = book.synthesize(centroid="line(p20,p80)", seconds=0.5, rounds=1)
    tags, all_of_it = check_shown(made.report), check_shown(made)
    assert made.report.summary().splitlines()[0] in tags.words
    assert [f for t, f in tags.seen if t == "path"] == [f for t, f in all_of_it.seen if t == "path"]
    y, sr = hear(all_of_it)
    assert sr == made.sr and np.abs(y - made.y).max() < 1e-4


def test_translation_shows_what_is_kept_and_the_path(book: Codebook) -> None:
    made = book.translate(book.follow(pitch="exp(160,700)", seconds=0.5), book)
    tags = check_shown(made)
    assert made.summarize()[0] in tags.words and "runs over 0.50 s" in tags.words


def test_continuous_model_and_latent_path_show_what_is_in_them() -> None:
    model = make_small_model()
    entry = {"component": 1, "descriptor": "flatness", "correlation": 0.9}
    tags = check_shown(replace(model, card=dict(model.card) | {"components": [entry], "about": "two tones"}))
    assert "flatness" in tags.words and "two tones" in tags.words and "vocoders: " in tags.words
    path = make_path()
    tags = check_shown(path.with_values(loudness_db=np.linspace(-40, -10, len(path))))
    assert "loudness (LUFS): -40 to -10" in tags.words and tags.words.count("component") == 5  # four, and the title


def make_records(book: Codebook, text: Any) -> dict[str, Callable[[], Any]]:
    """Make one of each kind of record with a text that somebody else wrote wherever they may have written one."""
    card = dict(book.card) | {"name": text, "about": text, "licence": text, "perplexity": text, "held_out_mean": text,
                              "corpus": {"seconds": text}}  # fmt: skip
    model = make_small_model()
    rows = {"unit": str(text), "asked": [1.0, None], "table": [1.0, 2.0], "got": [1.0, 2.0], "distance": [0.0, 0.0]}
    report = {"sr": 1, "hop_length": 1, "codes": [1], "runner_up": None, "codes_used": 1, "scaled_db": 0.0,
              "descriptors": {str(text): rows}, "rounds": [], "kept": 0, "spent": {}, "gain_db": [0.0]}  # fmt: skip
    entries = [{"component": text, "descriptor": text, "correlation": text}, text]
    units = (str(text), *book.table.units[1:])
    return {
        "codebook": lambda: replace(book, card=card, table=replace(book.table, units=units)),
        "path": lambda: replace(make_codes(book, [1], [-20]), codebook=str(text)),
        "table": lambda: replace(book.table, units=units),
        "report": lambda: Report.from_dict(report),
        "model": lambda: replace(model, card=dict(model.card) | {"name": text, "about": text, "components": entries}),
        "latents": lambda: replace(make_path(), model=str(text)),
    }


@pytest.mark.parametrize("kind", ["codebook", "path", "table", "report", "model", "latents"])
def test_names_that_others_wrote_are_words_and_nothing_else(book: Codebook, kind: str) -> None:
    tags = check_shown(make_records(book, ODD)[kind]())
    assert "<script>alert('1')</script>" in tags.words.replace("\\'", "'") and "\x1b" not in tags.words


@pytest.mark.parametrize("kind", ["codebook", "model"])
@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:20])
def test_card_that_says_anything_at_all_can_be_shown(book: Codebook, kind: str, value: Any) -> None:
    card = {"about": value, "perplexity": value, "held_out_mean": value, "corpus": value, "components": value}
    whole = book if kind == "codebook" else make_small_model()
    assert len(replace(whole, card=dict(whole.card) | card)._repr_html_()) < SMALL + 200_000


def test_hour_takes_little_more_room_than_a_second(book: Codebook) -> None:
    rng, n = np.random.default_rng(0), 1 + HOUR // 512
    values = rng.uniform(-60, 0, n)
    path = CodePath("violin", "", 44100, 512, HOUR, rng.integers(0, 1024, n), values)
    latents = LatentPath("strings", "", 44100, 512, HOUR, rng.normal(size=(16, n)), values)
    row = {"unit": "dB", "asked": values.tolist(), "table": [], "got": values.tolist(), "distance": []}
    report = Report(44100, 512, [], None, 1, 0.0, {}, [], 0, {}, [])
    many = Report.from_dict(report.to_dict() | {"descriptors": {f"d{i}": row for i in range(3)}})
    for record in (path, latents, many):
        assert len(record._repr_html_()) < SMALL
        check_shown(record)


def test_table_of_very_many_columns_is_cut() -> None:
    names = tuple(f"{'long' * 200}{i}" for i in range(500))
    table = DescriptorTable(
        names, ("",) * 500, ("linear",) * 500, np.ones((30, 500), np.float32), np.ones(30, np.int64)
    )
    assert len(table._repr_html_()) < SMALL


def test_player_of_a_long_sound_holds_its_beginning() -> None:
    y = np.linspace(-1, 1, 90_000).astype(np.float32)
    shown = notebook.play_sound(y, 1000)
    heard, sr = hear(Tags(shown))
    assert sr == 1000 and len(heard) == 60_000 and heard[-1] == pytest.approx(y[59_999], abs=1e-4)
    assert "its first 60 s" in shown and "first" not in notebook.play_sound(y[:60_000], 1000)
