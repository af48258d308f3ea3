"""Curves from files: what other programs write is read as they mean it, or refused with its line and the cause."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from vqsynth.codebook import Codebook
from vqsynth.curves.files import MOST_BYTES, Reading, read_places, read_points
from vqsynth.curves.language import make_curve
from vqsynth.errors import ParameterError

PITCH = Reading("pitch", gaps=True, above_zero=True)
NAN = float("nan")


def read(
    folder: Path, content: str | bytes, *, name: str = "a.csv", reading: Reading = PITCH
) -> list[tuple[float, object]]:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(point.time_s, point.value) for point in read_points(file, reading)]


@pytest.mark.parametrize(
    "content",
    [
        "Zeit;Wert\r\n0,0;1500,5\r\n2,0;2500,25\r\n",
        "sep=;\r\nZeit;Wert\r\n0,0;1500,5\r\n2,0;2500,25\r\n",
        "Temps\tValeur\n0,0\t1500,5\n2,0\t2500,25\n",
        "0,0 1500,5\n2,0 2500,25\n",
        '"0,0","1500,5"\n"2,0","2500,25"\n',
        "0;1.500,5\n2;2.500,25\n",
        "0,00;1 500,5\n2,00;2 500,25\n",
        "0,00;1\u00a0500,5\n2,00;2\u202f500,25\n",
        "0.0;1'500.5\n2.0;2'500.25\n",
        '0.0,"1,500.5"\n2.0,"2,500.25"\n',
        "0 s, 1500.5 Hz\n2 s, 2500.25 Hz\n",
        "0 s; 1,5005 kHz\n2 s; 2,50025 kHz\n",
        "time (ms),f0\n0,1500.5\n2000,2500.25\n",
        "time,f0 (kHz)\n0,1.5005\n2,2.50025\n",
        "0:00.0,1500.5\n0:02.0,2500.25\n",
        "0:00:00.0,1500.5\n0:00:02.0,2500.25\n",
        "00:00:00,0;1500,5\n00:00:02,0;2500,25\n",
        "0|1500.5\n2|2500.25\n",
        "0,1.5005e3\n2,2.50025E+3\n",
        "0.0,1500.5,New Point\n2.0,2500.25,New Point\n",
        "0.0,1500.5,0.1,a; b\n2.0,2500.25,0.1,\n",
        '"/sounds/a.wav",0.0,1500.5\n,2.0,2500.25\n',
        "frame,time,confidence,f0\n0,0.0,.9,1500.5\n1,2.0,.8,2500.25\n",
        "# made by a tool\n# time,confidence,pitch\n0.0,.9,1500.5\n2.0,.9,2500.25\n",
        "% a\n; b\n// c\n\" d\n0,1500.5\n2,2500.25 # the end\n",
        "0,1500.5\n2,2500.25\n,\n,\n\n   \n",
        "0,1500.5\r2,2500.25\r",
        "   0.0     1500.5\n   2.0     2500.25\n",
        "Time_s   F0_Hz\n0.0   1500.5\n2.0   2500.25\n",
        "时间,频率\n0,1500.5\n2,2500.25\n",
        "a line of words\nand another\n0,1500.5\n2,2500.25\n",
        "time,centroid,pitch\n0,1,1500.5\n2,2,2500.25\n",
    ],
)  # fmt: skip
def test_read_points_of_a_table_of_another_program_reads_what_it_means(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    np.testing.assert_allclose(np.array(found, float), [(0, 1500.5), (2, 2500.25)], rtol=1e-12)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "mac-roman"]
)
def test_read_points_reads_the_encodings_of_spreadsheets(tmp_path: Path, encoding: str) -> None:
    text = "Zeit\tH\u00f6he\r\n0,0\t1500,5\r\n2,0\t2500,25\r\n"
    assert read(tmp_path, text.encode(encoding)) == [(0, 1500.5), (2, 2500.25)]


@pytest.mark.parametrize(
    "word", ["", "nan", "NaN", "--undefined--", "undefined", "NA", "n/a", "-", "?", "null", "0", "0.0", "-440", "-1e10"]
)
def test_read_points_of_an_unvoiced_row_is_a_gap(tmp_path: Path, word: str) -> None:
    found = read(tmp_path, f"time,f0,voiced\n0,440,1\n0.01,{word},0\n0.02,441,1\n")
    np.testing.assert_equal(found, [(0, 440.0), (0.01, NAN), (0.02, 441.0)])


def test_read_points_of_a_level_takes_zero_for_a_value_and_minus_infinity_for_silence(tmp_path: Path) -> None:
    reading = Reading("loudness", gaps=True, silence=-120.0)
    found = read(tmp_path, "0,0\n1,-inf\n2,-20 dB\n", reading=reading)
    assert found == [(0, 0), (1, -120), (2, -20)]


PRAAT = {
    "long": 'File type = "ooTextFile"\nObject class = "PitchTier"\n\nxmin = 0 \nxmax = 1.5 \npoints: size = 2 \n'
    "points [1]:\n    number = 0.1 \n    value = 200 \npoints [2]:\n    number = 0.7 \n    value = 210.5 \n",
    "short": 'File type = "ooTextFile"\nObject class = "PitchTier"\n\n0\n1.5\n2\n0.1\n200\n0.7\n210.5\n',
    "spreadsheet": '"ooTextFile"\n"PitchTier"\n0 1.5 2\n0.1\t200\n0.7\t210.5\n',
    "pitch": 'File type = "ooTextFile"\nObject class = "Pitch 1"\n\nxmin = 0\nxmax = 1\nnx = 3\ndx = 0.6\nx1 = 0.1\n'
    "ceiling = 600\nmaxnCandidates = 2\nframes []:\n frames [1]:\n intensity = 0.5\n nCandidates = 2\n candidates []:\n"
    " candidates [1]:\n frequency = 200\n strength = 0.9\n candidates [2]:\n frequency = 0\n strength = 0.1\n"
    " frames [2]:\n intensity = 0.5\n nCandidates = 1\n candidates [1]:\n frequency = 210.5\n strength = 0.9\n"
    " frames [3]:\n intensity = 0\n nCandidates = 1\n candidates [1]:\n frequency = 0\n strength = 0\n",
}


@pytest.mark.parametrize("form", PRAAT)
def test_read_points_of_praat_reads_every_form_of_a_text_file(tmp_path: Path, form: str) -> None:
    found = read(tmp_path, PRAAT[form], name="a.Pitch" if form == "pitch" else "a.PitchTier")
    np.testing.assert_allclose(np.array(found[:2], float), [(0.1, 200), (0.7, 210.5)])
    assert form != "pitch" or np.isnan(float(found[2][1]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        "[[0, 440], [1, null], [2, 450]]",
        '{"time": [0, 1, 2], "frequency": [440, null, 450], "confidence": [1, 0, 1]}',
        '[{"time": 0, "f0": 440}, {"time": 1, "f0": null}, {"time": 2, "f0": "450 Hz"}]',
        '{"times": [0, 1, 2], "values": [440, NaN, 450]}',
    ],
)
def test_read_points_of_json_reads_lists_and_objects(tmp_path: Path, content: str) -> None:
    np.testing.assert_equal(read(tmp_path, content, name="a.json"), [(0, 440.0), (1, NAN), (2, 450.0)])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("0,0,1500,5\n2,0,2500,25\n", "line 1: '1500,5' looks like a decimal comma between commas; save"),
        ("Zeit,Wert\n0,0,1500,5\n", "line 2: '1500,5' looks like a decimal comma"),
        ("0,1500,5\n2,2500,25\n", "line 1: '1500,5' looks like a decimal comma"),
        ("0;1,500\n2;2,300\n", "line 1: '1,500' may mean 1.500 or 1500; write 1500 without"),
        (
            "0.5;1500,5\n2;2\n",
            r"line 1: the file must have one decimal mark \('1500,5' has a comma, and '0.5' in line 1 a point",
        ),
        ("0,440\n1,4.4.0\n", "line 2: expected a number or a percentile such as p50 .got '4.4.0'."),
        ("0,440\n\n# c\n1,x\n", "line 4: expected a number"),
        ("0,440\n1,1_000\n", "line 2: expected a number"),
        ("0,440\n1\n", "line 2: a row must hold a time and a value"),
        ("0,440\n2,450\n1,460\n", "line 3: times must rise and not repeat .got 2 s, then 1 s.; sort"),
        ("0,440\n0,450\n", "line 2: times must rise"),
        ("0,440\n1:75,450\n", "line 2: expected a number of seconds"),
        ("-1,440\n1,450\n", "line 1: a time must be finite and 0 or more"),
        ("0,440\n1,inf\n", "line 2: expected a number|line 2: numbers must be finite"),
        ("0,1e300\n", "line 1: numbers must be finite"),
        ("0,440\n1,12 parsecs\n", "line 2: expected a number"),
        ("frame,f0\n0,440\n1,441\n", r"line 1: the column 'frame' must be in seconds \(got frames\); convert it"),
        ("time,pitch (midi)\n0,69\n1,70\n", r"line 1: the column 'pitch \(midi\)' must be in the descriptor's unit"),
        ("0,0\n1,nan\n2,\n", "none of the 3 rows of the file has a value"),
        ("only words\nhere\n", "the file has no points"),
        ("# 0,1\n", "the file has no points"),
        ("0,1" + "0" * 30000, r"line 1: a row must hold a time and a value \(got 30003 characters"),
        ("\n" * 2_100_000, "at most 500000 rows .got more"),
        (b"0,1\n\0\x01\x02", "binary data"),
    ],
)
def test_read_points_of_what_is_in_doubt_names_line_and_cause(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(ParameterError, match=says) as raised:
        read(tmp_path, content)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('File type = "ooTextFile"\nObject class = "PitchTier"\n0 1 3\n0.1 200\n', "incomplete or malformed"),
        ('File type = "ooTextFile"\nObject class = "TextGrid"\n0 1\n', r"got TextGrid"),
        ('File type = "ooTextFile"\nObject class = "PitchTier"\n0 1 1e99\n0.1 200\n', "incomplete or malformed"),
    ],
)
def test_read_points_of_another_object_of_praat_is_refused(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        read(tmp_path, content, name="a.PitchTier")


def test_read_points_where_gaps_are_not_meant_names_the_row(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"line 2: expected a number .got 'nan'.; give every row a finite value"):
        read(tmp_path, "0,1\n1,nan\n", reading=Reading())


def test_read_points_of_a_pipe_or_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(ParameterError, match=f"cannot read '.*{name}'"):
            read_points(tmp_path / name)


def test_read_points_of_a_huge_file_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(50 * MOST_BYTES)
    began = time.monotonic()
    with pytest.raises(ParameterError, match=r"at most 16 MB \('.*a.csv' has 800\)"):
        read_points(tmp_path / "a.csv")
    assert time.monotonic() - began < 2


def test_make_curve_of_a_file_with_gaps_holds_values_halfway_to_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,440\n1,\n2,\n3,450\n4,460\n")
    curve = make_curve(f"@{tmp_path / 'a.csv'}", reading=PITCH)
    got = curve.sample([0.0, 0.4, 0.6, 2.0, 2.4, 2.6, 3.0, 3.5, 9.0], 4.0)
    np.testing.assert_equal(got, [440, 440, NAN, NAN, NAN, 450, 450, 455, 460])


def test_make_curve_of_a_file_with_a_long_path_still_names_the_file(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    (folder / "mine.csv").write_text("0,x\n")
    with pytest.raises(ParameterError, match=r"curve '@….*/mine\.csv': line 1: "):
        make_curve(f"@{folder / 'mine.csv'}")


def test_sample_curves_of_a_tracker_asks_nothing_where_it_is_unvoiced(book: Codebook, tmp_path: Path) -> None:
    rows = [f"{t / 100:.2f},{0 if 40 <= t < 60 else 220 + t}" for t in range(101)]
    (tmp_path / "f0.csv").write_text("time,frequency\n" + "\n".join(rows) + "\n")
    (tmp_path / "level.csv").write_text("0,-30\n0.5,\n1,-10\n")
    targets = book.sample_curves(seconds=1.0, pitch=f"@{tmp_path}/f0.csv", loudness=f"@{tmp_path}/level.csv")
    times_s = book.grid.times_s(len(targets["pitch"]))
    silent = np.isnan(targets["pitch"])
    assert silent[(times_s > 0.4) & (times_s < 0.59)].all() and not silent[(times_s < 0.39) | (times_s > 0.6)].any()
    assert np.isfinite(targets["loudness"]).all()
    assert targets["loudness"][[0, -1]] == pytest.approx([-30, -10], abs=0.7)


def test_read_places_reads_decimal_commas_and_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Zeit;y;x\n0;0,2;0,1\n4;0,8;0,9\n")
    assert read_places(tmp_path / "a.csv") == [(0, 0.1, 0.2), (4, 0.9, 0.8)]
    (tmp_path / "b.csv").write_text("0,0.1,0.2\n1,0.1,\n")
    with pytest.raises(ParameterError, match="line 2: expected a number"):
        read_places(tmp_path / "b.csv")
