"""Formats that libsndfile does not read, decoded by an `ffmpeg` that is installed.

ffmpeg runs beside this program and writes to a pipe, so that a long sound need not fit the memory.
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
"""Ends of file names of sound and video that are read where ffmpeg is installed."""
# Of what else ffmpeg reads, lists that name other files, and text, are no sound.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,ac3,eac3,amr,ape,asf,asf_o,avi,dsf,iff,dts,dtshd,flv,live_flv,mpc,mpc8,"
    "mpeg,mpegts,mpegvideo,rm,tak,tta,wv,xwma,wav,w64,aiff,caf,au,flac,ogg,mp3,voc,oma,qcp,shn,wtv,nut,loas,act,g722"
)
_VALUES = 1 << 18
_FLOAT32 = 6


@dataclass(frozen=True)
class Decoding:
    """Hold a sound as ffmpeg gives it: its rate in Hz, blocks (n, channels) float32, and then what was wrong, or ""."""

    sr: int
    blocks: Iterator[Floats]
    complaint: IO[bytes]

    def complain(self) -> str:
        """Say the last thing that ffmpeg complained of, "" for nothing."""
        self.complaint.seek(0)
        lines = self.complaint.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
        return "".join(c for c in lines[-1] if c.isprintable())[:200] if lines else ""


def find_ffmpeg() -> str | None:
    """Find the program, None where it is not installed."""
    return shutil.which("ffmpeg")


@contextmanager
def decoded(path: Path, program: str) -> Iterator[Decoding | None]:
    """Decode a file, None where ffmpeg finds no sound in it. Whatever happens, ffmpeg does not outlive the block."""
    given = b"file:" + os.fsencode(path.absolute())  # else a name with a colon, or that begins with a dash, is no file
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
            raise AudioError(f"cannot read '{path}': ffmpeg does not run ({e.strerror or e}); install it anew") from e
        pipe = process.stdout
        assert pipe is not None
        try:
            yield _read_head(pipe, complaint)
        finally:
            process.kill()
            pipe.close()
            process.wait()


def _read_head(pipe: IO[bytes], complaint: IO[bytes]) -> Decoding | None:
    """Read the head of the AU stream that ffmpeg writes: where the samples begin, how they are kept, rate, channels."""
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
