"""Outputs come whole or not at all, whatever happens on the way."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vqsynth.errors import AudioError, ParameterError, VqsynthError
from vqsynth.storage.files import check_output, decode_text, read_regular, read_text, show_text, whole_file, write_whole

NAMES = ["out.json", "with space.json", "épée 琴.json", "no_suffix", ".hidden"]


@pytest.mark.parametrize("name", NAMES)
def test_write_whole_replaces_what_was_there_and_leaves_no_scrap(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    for content in ("first, longer", "sécond"):
        write_whole(target, content)
        assert target.read_bytes() == content.encode()
    assert list(tmp_path.iterdir()) == [target]


def test_write_whole_text_keeps_its_line_ends(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.csv", "a\nb\r\n")
    assert (tmp_path / "a.csv").read_bytes() == b"a\nb\r\n"


def test_whole_file_gives_a_path_of_the_same_suffix_in_the_same_folder(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.png") as partial:
        assert partial.suffix == ".png"
        assert partial.parent == tmp_path
        assert partial.name != "a.png"
        partial.write_bytes(b"x")
    assert (tmp_path / "a.png").read_bytes() == b"x"


def test_write_whole_through_a_link_writes_the_file_that_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_whole(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_whole_file_interrupted_keeps_the_former_file(tmp_path: Path, interruption: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")

    def write_half() -> None:
        with whole_file(target) as partial:
            partial.write_text("half of wh")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "disk is full; free some space"), (errno.EDQUOT, "quota"), (errno.EIO, os.strerror(errno.EIO))],
)
def test_whole_file_on_a_failing_disk_raises_the_callers_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    target = tmp_path / "a.txt"
    target.write_text("before")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AudioError, match=rf"a\.txt.*{says}"):
        write_whole(target, "after", error=AudioError)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="the system has no limits on file size")
def test_write_whole_beyond_the_size_allowed_leaves_nothing(tmp_path: Path) -> None:
    """The system itself refuses to write on, in the midst of the file."""
    program = (
        "import resource, sys; from vqsynth.storage.files import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
        "write_whole(sys.argv[1], b'x' * 100000)"
    )
    root = Path(__file__).parent.parent.parent
    run = subprocess.run(
        [sys.executable, "-B", "-c", program, str(tmp_path / "big")],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    assert "VqsynthError: could not write" in run.stderr
    assert "larger than is allowed" in run.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_write_whole_in_a_forbidden_folder_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(VqsynthError, match="may not be written to"):
            write_whole(tmp_path / "a.txt", "x")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that not even root may write to")
def test_write_whole_where_the_system_makes_no_files_raises() -> None:
    with pytest.raises(VqsynthError, match=r"could not write '/proc/self/a\.txt'"):
        write_whole("/proc/self/a.txt", "x")


def test_check_output_for_a_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="must be a file"):
        check_output(tmp_path)


def test_check_output_without_parent_folder_names_it(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"folder '.*missing' of the output .* does not exist"):
        check_output(tmp_path / "missing" / "a.wav")


@pytest.mark.skipif(not Path(os.devnull).is_char_device(), reason="the system has no device files")
def test_check_output_for_a_device_raises_rather_than_replacing_it() -> None:
    with pytest.raises(ParameterError, match="regular file"):
        check_output(os.devnull)


@pytest.mark.parametrize("spelling", ["in.wav", "sub/../in.wav", "link.wav", "hard.wav"])
def test_check_output_onto_an_input_raises_however_it_is_spelled(tmp_path: Path, spelling: str) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(b"sound")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.wav").symlink_to(source)
    (tmp_path / "hard.wav").hardlink_to(source)
    with pytest.raises(ParameterError, match="would overwrite the input"):
        check_output(tmp_path / spelling, inputs=[tmp_path / "other.wav", source])


def test_check_output_beside_its_input_returns_the_path(tmp_path: Path) -> None:
    (tmp_path / "in.wav").write_bytes(b"sound")
    assert check_output(tmp_path / "out.wav", inputs=[tmp_path / "in.wav"]) == tmp_path / "out.wav"


def test_check_output_of_a_name_too_long_for_the_system_raises_briefly(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be a file") as caught:
        check_output(tmp_path / ("x" * 5000))
    assert len(str(caught.value)) < 300


def run_killed_while_writing(target: Path) -> None:
    """Let a process write half of a file and be killed with no chance to clean up."""
    program = (
        "import os, signal, sys; from vqsynth.storage.files import whole_file\n"
        "with whole_file(sys.argv[1]) as partial:\n"
        "    partial.write_text('half of wh'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(target)], cwd=Path(__file__).parent.parent.parent, check=False)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no such end")
def test_write_whole_after_a_killed_writer_to_the_same_target_leaves_no_scrap(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    run_killed_while_writing(target)
    assert target.read_text() == "before" and len(list(tmp_path.iterdir())) == 2
    write_whole(tmp_path / "b.txt", "another target cleans nothing of it")
    assert len(list(tmp_path.iterdir())) == 3
    write_whole(target, "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt"]
    assert target.read_text() == "new"


def test_whole_file_twice_at_once_leaves_what_the_other_writes_alone(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with whole_file(target) as first:
        first.write_text("first, and longer")
        write_whole(target, "second")
        assert target.read_text() == "second" and first.read_text() == "first, and longer"
    assert target.read_text() == "first, and longer"
    assert list(tmp_path.iterdir()) == [target]


def test_whole_file_where_cleaning_up_fails_tells_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "not this either")

    def write_half() -> None:
        with whole_file(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(VqsynthError, match="disk is full"):
        write_half()


def test_read_regular_returns_the_bytes_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00\xff")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_regular(tmp_path / "link") == b"\x00\xff"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "cannot read the card '.*': No such file"),
        (lambda path: path.mkdir(), "cannot read the card '.*': Is a directory"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
        (lambda path: path.symlink_to(path), "Too many levels"),
        (lambda path: os.mkfifo(path), "is a pipe or a device, not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device, not a regular file"),
        (lambda path: path.write_bytes(b"x" * 11), "larger than 0 MB"),
    ],
    ids=["missing", "folder", "dangling", "loop", "pipe", "device", "large"],
)
def test_read_regular_of_what_is_none_raises_at_once(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    make(tmp_path / "a")
    with pytest.raises(AudioError, match=says):
        read_regular(tmp_path / "a", error=AudioError, what="the card", most_bytes=10)


def test_read_regular_of_a_name_that_is_none_raises(tmp_path: Path) -> None:
    with pytest.raises(VqsynthError, match="cannot read the file"):
        read_regular("a\0b")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_read_text_leaves_a_byte_order_mark_out(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "a").write_bytes(mark + "épée".encode())
    assert read_text(tmp_path / "a") == "épée"


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfea\x00", b"\xed\xa0\x80"])
def test_read_text_of_other_text_than_utf8_says_where(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(VqsynthError, match=r"is not text in UTF-8 \(byte \d is 0x.*save it as UTF-8"):
        read_text(tmp_path / "a")
    with pytest.raises(ValueError, match="byte"):
        decode_text(data)


def test_show_text_escapes_what_moves_a_cursor_and_nothing_else() -> None:
    assert show_text("a\x1b[31m\x07\r\x9b\u202e\ud800") == "a\\x1b[31m\\x07\\r\\x9b\\u202e\\ud800"
    for plain in ("épée 琴", "two\nlines\tand a tab", "a\u00a0b", "👩\u200d🎤", "C:\\x41"):
        assert show_text(plain) == plain
