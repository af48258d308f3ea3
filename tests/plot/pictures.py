"""What an SVG or a PNG says of itself, for tests that look at pictures."""

import html
import re
import struct
from pathlib import Path


def texts(path: Path) -> str:
    """Collect what an SVG says: matplotlib draws letters as outlines, and keeps the words as comments."""
    comments = re.findall(r"<!--(.*?)-->", path.read_text(encoding="utf-8"), re.DOTALL)
    return html.unescape("\n".join(comments))


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height
