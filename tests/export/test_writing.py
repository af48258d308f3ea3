"""What an export writes beside the file, what it never replaces, and whether Pd reads it."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.continuous.small import make_small_model
from vqsynth.codebook import Codebook
from vqsynth.errors import CodebookError, ModelError, ParameterError
from vqsynth.export.writing import export_codebook, export_model
from vqsynth.sound.frames import FrameGrid

needs_pd = pytest.mark.skipif(shutil.which("pd") is None, reason="Pd is not installed (Debian: puredata-core)")
PATCHES = {f"vqsynth.{name}~.pd" for name in ("encode", "decode", "follow", "forward")} | {
    "vqsynth-help.pd", "vqsynth-feedback.pd", "vqsynth.maxpat"
}  # fmt: skip


def test_export_writes_the_file_and_its_patches(book_file: Path) -> None:
    assert {file.name for file in book_file.parent.iterdir()} == PATCHES | {"thirds.ts"}
    text = (book_file.parent / "vqsynth.follow~.pd").read_text(encoding="utf-8")
    low, high = re.search(r"centroid in Hz \\, ([\d.]+) to ([\d.]+)", text).groups()  # type: ignore[union-attr]
    assert 200 < float(low) < float(high) < 8000
    assert "nn~ thirds.ts follow 0;" in text and "bufsize 256;" in text


def test_patch_of_max_is_wired_to_what_there_is(book_file: Path) -> None:
    patcher = json.loads((book_file.parent / "vqsynth.maxpat").read_text(encoding="utf-8"))["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    for line in patcher["lines"]:
        (start, outlet), (end, inlet) = line["patchline"]["source"], line["patchline"]["destination"]
        assert outlet < boxes[start]["numoutlets"] and inlet < boxes[end]["numinlets"]
    assert sum("nn~ thirds" in box.get("text", "") for box in boxes.values()) == 5
    assert any("was not tried in Max" in box.get("text", "") for box in boxes.values())


@needs_pd
@pytest.mark.parametrize("fixture", ["book_file", "model_file"])
def test_patches_open_in_pd_and_it_quits_by_itself(request: pytest.FixtureRequest, fixture: str) -> None:
    folder = request.getfixturevalue(fixture).parent
    for patch in sorted(folder.glob("*.pd")):
        command = ["pd", "-nogui", "-batch", "-noprefs", "-noaudio", "-nomidi"]
        begin = "vqsynth-seconds 0.1" if "-" in patch.stem else "pd quit"
        run = subprocess.run([*command, "-send", begin, patch.name], cwd=folder, capture_output=True, text=True,
                             timeout=60, check=False)  # fmt: skip
        told = re.sub(r"^verbose\(\d\): ", "", run.stderr, flags=re.MULTILINE).splitlines()
        missing = [line for line in told if line.startswith("nn~ ")]
        others = [line for line in told if line not in missing and "couldn't create" not in line]
        assert run.returncode == 0 and missing, patch.name
        assert [line for line in others if "biggest amplitude" not in line and "connect" not in line] == []
        assert (folder / f"{patch.stem}.wav").exists() == (begin != "pd quit")
    for recorded in folder.glob("*.wav"):
        recorded.unlink()


def test_second_export_replaces_its_own_files_and_nobody_elses(book: Codebook, tmp_path: Path) -> None:
    file = tmp_path / "one.ts"
    export_codebook(book, file)
    export_codebook(book, file)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ParameterError, match=r"belongs to 'one.ts'; export into a folder of its own"):
        export_codebook(book, tmp_path / "two.ts")
    (tmp_path / "vqsynth-help.pd").write_text("#N canvas;\n#X text 1 1 mine;\n")
    with pytest.raises(ParameterError, match="vqsynth did not write it"):
        export_codebook(book, file)
    assert (tmp_path / "vqsynth-help.pd").read_text().endswith("mine;\n")
    assert {path.name for path in tmp_path.iterdir()} == set(before)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"a song"])
def test_file_of_somebody_else_is_left_alone(book: Codebook, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.ts"
    file.write_bytes(content)
    with pytest.raises(ParameterError, match=r"mine.ts' exists, and vqsynth did not export it; choose another name"):
        export_codebook(book, file)
    assert file.read_bytes() == content and [path.name for path in tmp_path.iterdir()] == ["mine.ts"]


def test_cut_file_of_ours_is_left_alone_too(book: Codebook, book_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "cut.ts"
    file.write_bytes(book_file.read_bytes()[:5000])
    with pytest.raises(ParameterError, match="did not export it"):
        export_codebook(book, file)


@pytest.mark.parametrize("name", ["violin", "violin.pt", "two words.ts", "a;b.ts", "$1.ts", ".ts", "é.ts"])
def test_name_that_a_patch_cannot_hold_is_refused(book: Codebook, tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=r"must be named NAME\.ts"):
        export_codebook(book, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_hop_that_is_no_power_of_two_is_told(book: Codebook, tmp_path: Path) -> None:
    odd = replace(book, grid=FrameGrid(sr=16000, n_fft=3072, hop_length=768))
    with pytest.raises(CodebookError, match=r"a hop of 768 samples.*train it again with a hop of 512"):
        export_codebook(odd, tmp_path / "odd.ts")
    assert not list(tmp_path.iterdir())


def test_model_without_the_vocoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no vocoder 'magnitude'"):
        export_model(make_small_model(vocoders=()), tmp_path / "none.ts")
