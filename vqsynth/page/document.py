"""The frame of a page: it is self-contained, all text is escaped, and the same data give the same bytes.

The content security policy of the page forbids the browser any request, even if a mistake in a page asks for one.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from vqsynth.errors import ParameterError
from vqsynth.storage.files import StrPath, write_whole

FORMATS = (".html", ".htm")
DIGITS = 6
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_DATA = '<script type="application/json" id="{}">{}</script>'


@dataclass(frozen=True)
class Page:
    """Hold a page.

    Parameters
    ----------
    title : str
        Title of the page.
    body : str
        Body of the page, HTML.
    scripts : sequence of str
        Names of script files beside this module.
    data : dict of str to JSON
        Data that the scripts read, by id.

    """

    title: str
    body: str
    scripts: Sequence[str]
    data: Mapping[str, Any] = field(default_factory=dict)


def check_page(file: StrPath) -> None:
    """Raise ParameterError for a page whose extension is not .html or .htm."""
    if Path(file).suffix.lower() not in FORMATS:
        raise ParameterError(f"a page must end in {', '.join(FORMATS)} (got '{file}')")


def write_page(page: Page, file: StrPath) -> None:
    """Write a page, completely or not at all. Raises VqsynthError if the file cannot be written."""
    check_page(file)
    write_whole(file, page_text(page))


def page_text(page: Page) -> str:
    """Return the text of a page."""
    data = "\n".join(_DATA.format(escape(name), embed_json(value)) for name, value in page.data.items())
    scripts = "\n".join(f"<script>\n{_read(name)}</script>" for name in page.scripts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(page.title)}</title>\n<style>\n{_read('page.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{page.body}\n</main>\n{data}\n{scripts}\n</body>\n</html>\n"
    )


def embed_json(value: Any) -> str:
    """Return JSON that cannot end the script element around it. Numbers that are not finite become null."""
    text = json.dumps(round_numbers(value), separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def round_numbers(value: Any) -> Any:
    """Round every float, at any depth, to six digits, and replace those that are not finite by None."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): round_numbers(item) for key, item in value.items()}
    return [round_numbers(item) for item in value] if isinstance(value, list | tuple) else value


def table_html(head: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]], *, name: str) -> str:
    """Return the HTML of a table whose columns a script can sort.

    Parameters
    ----------
    head : iterable of (str, str)
        Label and unit of each column.
    rows : iterable of sequences of str
        The cells of each row.
    name : str
        The id of the table.

    Returns
    -------
    str
        HTML, in which all text is escaped.

    """
    cells = "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{escape(label.replace("_", " "))}'
        f"<small>{escape(unit)}</small></button></th>"
        for label, unit in head
    )
    lines = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table id="{escape(name)}"><thead><tr>{cells}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def _read(name: str) -> str:
    return (files("vqsynth.page") / name).read_text(encoding="utf-8")
