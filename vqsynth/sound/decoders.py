"""Formats that libsndfile does not read, decoded by an installed `ffmpeg`.

ffmpeg runs as a process of its own and writes to a pipe, so a long sound need not fit into memory.
"""

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from vqsynth.errors import AudioError
from vqsynth.sound.arrays import Floats

THROUGH_FFMPEG = (
    ".3g2", ".3gp", ".aac", ".ac3", ".amr", ".ape", ".asf", ".avi", ".dsf", ".dts", ".eac3", ".f4v", ".flv", ".m4a",
    ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov", ".mp4", ".mpc", ".mpeg", ".mpg", ".mts", ".ra", ".rm", ".spx",
    ".tak", ".tta", ".webm", ".wma", ".wmv", ".wv",
)  # fmt: skip
"""Extensions of sound and video files that are read if ffmpeg is installed."""
# ffmpeg's other formats are left out: playlists, which name other files, and text.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,ac3,eac3,amr,ape,asf,asf_o,avi,dsf,iff,dts,dtshd,flv,live_flv,mpc,mpc8,"
    "mpeg,mpegts,mpegvideo,rm,tak,tta,wv,xwma,wav,w64,aiff,caf,au,flac,ogg,mp3,voc,oma,qcp,shn,wtv,nut,loas,act,g722"
)
_VALUES = 1 << 18
_FLOAT32 = 6


@dataclass(frozen=True)
class Decoding:
    """Hold a sound as ffmpeg decodes it.

    Parameters
    ----------
    sr : int
        The sample rate in Hz.
    blocks : iterator of (n, channels) float32
        The samples.
    complaint : file
        The messages of ffmpeg.

    """

    sr: int
    blocks: Iterator[Floats]
    complaint: IO[bytes]

    def complain(self) -> str:
        """Return the last message of ffmpeg, "" if there is none."""
        self.complaint.seek(0)
        lines = self.complaint.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
        return "".join(c for c in lines[-1] if c.isprintable())[:200] if lines else ""


def find_ffmpeg() -> str | None:
    """Return the path of ffmpeg, None if it is not installed."""
    return shutil.which("ffmpeg")


@contextmanager
def decoded(file: Path, program: str) -> Iterator[Decoding | None]:
    """Decode a sound file inside a `with` block, at the end of which ffmpeg is stopped in any case.

    Parameters
    ----------
    file : Path
        The sound file.
    program : str
        The path of ffmpeg.

    Yields
    ------
    Decoding or None
        None if ffmpeg finds no sound in the file.

    Raises
    ------
    AudioError
        If ffmpeg does not run.

    """
    given = b"file:" + os.fsencode(file.absolute())  # otherwise a name with a colon or a leading dash is misread
    command: list[str | bytes] = [
        program, "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", _CONTAINERS,
        "-i", given, "-map", "0:a:0", "-vn", "-sn", "-dn", "-f", "au", "-acodec", "pcm_f32be", "pipe:1",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as complaint:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaint, bufsize=1 << 16
            )
        except OSError as e:
            raise AudioError(f"cannot read '{file}': ffmpeg does not run ({e.strerror or e}); install it anew") from e
        pipe = process.stdout
        assert pipe is not None
        try:
            yield _read_head(pipe, complaint)
        finally:
            process.kill()
            pipe.close()
            process.wait()


def _read_head(pipe: IO[bytes], complaint: IO[bytes]) -> Decoding | None:
    """Read the head of the AU stream that ffmpeg writes: start and format of the samples, rate, channels."""
    head = pipe.read(24)
    if len(head) < 24 or head[:4] != b".snd":
        return None
    start, _, kept, sr, channels = struct.unpack(">5I", head[4:])
    if kept != _FLOAT32 or not 1 <= channels <= 1024 or start < 24:
        return None
    pipe.read(start - 24)
    return Decoding(sr, _read_blocks(pipe, channels), complaint)


def _read_blocks(pipe: IO[bytes], channels: int) -> Iterator[Floats]:
    frame = 4 * channels
    while data := pipe.read(max(1, _VALUES // channels) * frame):
        whole = len(data) // frame * frame
        yield np.frombuffer(data[:whole], ">f4").astype(np.float32).reshape(-1, channels)
