"""The page of a render holds the sound, the curves and the codes that it speaks of, and nothing from elsewhere."""

import io
import json
import re
import struct
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.page.parsing import assert_needs_no_network, parse_page
from vqsynth.codebook import Codebook
from vqsynth.errors import AudioError, ParameterError
from vqsynth.follow.report import describe_error
from vqsynth.follow.synthesis import Synthesis, synthesize
from vqsynth.page import check_length, check_page, write_render_page
from vqsynth.page.render_page import CONTROLS, count_codes

HOSTILE = "</script><script>alert(1)</script> \"'&<!-- ]]>  \\u2028"
TARGETS = {"centroid": "sin(p10,p90,2)", "pitch": "line(p10,p90)"}


@pytest.fixture(scope="module")
def made(book: Codebook) -> Synthesis:
    return synthesize(book, seconds=1.5, **TARGETS)


@pytest.fixture
def file(book: Codebook, made: Synthesis, tmp_path: Path) -> Path:
    write_render_page(tmp_path / "a.html", made.path, made.report, made.y, book.table, targets=TARGETS)
    return tmp_path / "a.html"


def read_data(file: Path) -> dict[str, Any]:
    data = json.loads(parse_page(file).by_id("data").text)
    assert isinstance(data, dict)
    return data


def test_render_page_needs_no_network(file: Path) -> None:
    assert_needs_no_network(file)


def test_render_page_holds_the_sound_to_sixteen_bits(file: Path, made: Synthesis) -> None:
    source = parse_page(file).by_id("player").attributes["src"] or ""
    y, sr = soundfile.read(io.BytesIO(b64decode(source.removeprefix("data:audio/wav;base64,"))), dtype="float64")
    assert (len(y), sr) == (24000, 16000)
    np.testing.assert_allclose(y * 32768 / 32767, made.y, atol=0.51 / 32767)


def test_render_page_holds_a_spectrogram(file: Path) -> None:
    (picture,) = parse_page(file).find("img")
    png = b64decode((picture.attributes["src"] or "").removeprefix("data:image/png;base64,"))
    width, height = struct.unpack(">II", png[16:24])
    assert png.startswith(b"\x89PNG") and height == 400 and width == 1 + 24000 // 256
    assert read_data(file)["image"]["seconds"] == pytest.approx(1.5, abs=256 / 16000)


def test_render_page_holds_the_curves_of_the_report(file: Path, made: Synthesis) -> None:
    data = read_data(file)
    assert data["codes"] == made.path.codes.tolist()
    for curve, row in zip(data["curves"], made.report["descriptors"].values(), strict=False):
        for key in ("asked", "got"):
            shown, reported = (np.array(values, np.float64) for values in (curve[key], row[key]))
            np.testing.assert_allclose(shown, reported, rtol=1e-5)
    assert data["color"] == "centroid"
    spent = [made.report["controls"][name] for name in CONTROLS if name in made.report["controls"]]
    np.testing.assert_allclose([curve["got"] for curve in data["curves"][3:]], spent, rtol=1e-5)
    assert len(data["curves"]) == sum((e.attributes.get("class") == "plot curve") for e in parse_page(file).elements)


def test_render_page_lists_each_code_used_once_with_its_frames(file: Path, made: Synthesis, book: Codebook) -> None:
    cells = parse_page(file).texts("td")
    rows = [cells[i : i + 12] for i in range(0, len(cells), 12)]
    codes = [int(row[0]) for row in rows]
    assert sorted(codes) == sorted(set(made.path.codes.tolist()))
    assert sum(int(row[1]) for row in rows) == len(made.path)
    assert [row[:2] for row in read_data(file)["table"]] == [[int(row[0]), int(row[1])] for row in rows]
    assert [int(row[3]) for row in rows] == book.table.counts[codes].tolist()


def test_render_page_says_what_was_asked_and_how_far_it_was_missed(file: Path, made: Synthesis) -> None:
    page = parse_page(file)
    assert page.texts("code") == ["centroid = sin(p10,p90,2)", "pitch = line(p10,p90)"]
    said = " ".join(page.texts("h2"))
    for name in ("loudness", "centroid", "pitch"):
        assert name in said and f"error {describe_error(made.report['descriptors'][name])}" in said
    assert f"error {100 * made.report['descriptors']['centroid']['nrmse']:.2f} % of the range, " in said


def test_render_page_of_hostile_names_escapes_them(book: Codebook, made: Synthesis, tmp_path: Path) -> None:
    report = json.loads(json.dumps(made.report.to_dict()))
    report["descriptors"][HOSTILE] = report["descriptors"].pop("centroid") | {"unit": HOSTILE}
    table = replace(book.table, units=(HOSTILE,) * len(book.table.names))
    path = replace(made.path, codebook=HOSTILE)
    write_render_page(tmp_path / "a.html", path, report, made.y, table, targets={HOSTILE: HOSTILE})
    assert_needs_no_network(tmp_path / "a.html")
    page = parse_page(tmp_path / "a.html")
    write_render_page(tmp_path / "b.html", made.path, made.report, made.y, book.table)
    assert len(page.find("script")) == len(parse_page(tmp_path / "b.html").find("script"))
    assert page.find("code")[0].text == f"{HOSTILE} = {HOSTILE}"
    assert page.find("h1")[0].text.startswith(HOSTILE) and page.find("title")[0].text.startswith(HOSTILE)
    data = json.loads(page.by_id("data").text)
    assert data["units"][0] == HOSTILE and data["color"] == "pitch"


def test_render_page_of_the_same_render_gives_the_same_bytes(
    book: Codebook, made: Synthesis, file: Path, tmp_path: Path
) -> None:
    write_render_page(tmp_path / "b.htm", made.path, made.report, made.y, book.table, targets=TARGETS)
    assert file.read_bytes() == (tmp_path / "b.htm").read_bytes()


def test_render_page_of_targets_that_are_missing_in_places_is_written(
    book: Codebook, made: Synthesis, tmp_path: Path
) -> None:
    report = json.loads(json.dumps(made.report.to_dict()))
    n_frames = len(made.path)
    report["descriptors"]["pitch"].update(asked=[None] * n_frames, got=[None] * n_frames, nrmse=None, reach=[])
    report["descriptors"]["centroid"].update(out_of_reach=0.25)
    write_render_page(tmp_path / "a.html", made.path, report, made.y, book.table)
    assert "25.0 % out of reach" in " ".join(parse_page(tmp_path / "a.html").texts("h2"))


def test_render_page_says_what_corrections_were_worth(book: Codebook, made: Synthesis, tmp_path: Path) -> None:
    report = json.loads(json.dumps(made.report.to_dict()))
    report["rounds"] = [{"centroid": 0.5}, {"centroid": 0.01}]
    report["descriptors"]["centroid"]["nrmse"] = 0.01
    report["controls"] = {"tilt_db": [0.5] * len(made.path)}
    write_render_page(tmp_path / "a.html", made.path, report, made.y, book.table)
    said = " ".join(parse_page(tmp_path / "a.html").texts("h2"))
    assert (
        re.search(r"error 1\.00 % of the range, [^,]*, 50\.00 % before correction", said)
        and "tilt dB per octave" in said
    )
    assert read_data(tmp_path / "a.html")["curves"][-1]["got"] == report["controls"]["tilt_db"]


@pytest.mark.parametrize("seconds", [0.0001, 0.02])
def test_render_page_of_a_few_samples_is_written(book: Codebook, tmp_path: Path, seconds: float) -> None:
    made = synthesize(book, seconds=seconds, rounds=0, centroid=900)
    write_render_page(tmp_path / "a.html", made.path, made.report, made.y, book.table)
    assert read_data(tmp_path / "a.html")["codes"] == made.path.codes.tolist()


def test_render_page_that_fails_keeps_the_former(book: Codebook, made: Synthesis, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("before")
    with pytest.raises(AudioError, match="NaN"):
        write_render_page(tmp_path / "a.html", made.path, made.report, made.y * np.float32(np.nan), book.table)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize("name", ["a.png", "a", "a.html.wav"])
def test_check_page_of_another_extension_lists_the_known(name: str) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.html, \.htm"):
        check_page(name)


def test_check_length_of_a_sound_that_no_browser_opens_says_the_limit() -> None:
    check_length(900.0)
    with pytest.raises(ParameterError, match="at most 900 s"):
        check_length(901.0)


def test_count_codes_puts_the_most_frequent_first() -> None:
    assert list(count_codes(np.array([5, 2, 2, 9, 5, 1])).items()) == [(2, 2), (5, 2), (1, 1), (9, 1)]
