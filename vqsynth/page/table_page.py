"""The page of a table: it can be sorted and filtered, and a click plays a code."""

from html import escape

import numpy as np

from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.spreadsheet import format_value
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.targets import DEFAULT_LOUDNESS_DB
from vqsynth.page.document import Page, check_page, table_html, write_page
from vqsynth.page.sounds import CodeSounds, shorten_codes
from vqsynth.storage.files import StrPath

SCRIPTS = ("sorting.js", "filter.js", "samples.js", "table.js")


def write_table_page(file: StrPath, table: DescriptorTable, spectra: CodeSpectra, *, title: str) -> None:
    """Write a page with a table, on which each code can be heard. All codes are equally loud.

    The page holds the sounds, a quarter of a second each at 22.05 kHz and 8 bits: 7.5 MB for 1024 codes.

    Parameters
    ----------
    file : str or Path
        The page, .html or .htm.
    table : DescriptorTable
        The codebook's table, or a selection.
    spectra : CodeSpectra
        The spectra of all codes of the codebook.
    title : str
        Title of the page.

    Raises
    ------
    ParameterError
        If the extension is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_page(file)
    gains_db = DEFAULT_LOUDNESS_DB - table.column("loudness").astype(np.float64)
    sounds = shorten_codes(spectra, table.codes, gains_db)
    example = f"{table.names[0]}>p50 and count>=1"
    body = "\n".join([
        f"<h1>{escape(title)}</h1>",
        "<p>Click a code to hear it, or go up and down with the arrow keys; click a column to sort by it.</p>",
        '<form class="filter" role="search"><label for="filter">Show</label>'
        f'<input id="filter" type="search" spellcheck="false" autocomplete="off" placeholder="{escape(example)}">'
        '<output id="shown"></output></form>',
        '<p id="wrong" class="wrong" role="alert"></p>',
        _table(table),
    ])  # fmt: skip
    write_page(Page(title, body, SCRIPTS, {"data": _data(table, sounds), "sounds": sounds.to_text()}), file)


def _table(table: DescriptorTable) -> str:
    head = [("code", ""), ("count", ""), *zip(table.names, table.units, strict=True)]
    rows = zip(table.codes, table.counts, table.values, strict=True)
    return table_html(
        head, ([str(code), str(count), *map(format_value, row)] for code, count, row in rows), name="codes"
    )


def _data(table: DescriptorTable, sounds: CodeSounds) -> dict[str, object]:
    rows = zip(table.codes.tolist(), table.counts.tolist(), table.values.tolist(), strict=True)
    return {
        "names": ["code", "count", *table.names],
        "rows": [[code, count, *values] for code, count, values in rows],
        "sr": sounds.sr,
        "length": sounds.samples.shape[1],
        "peaks": sounds.peaks.tolist(),
    }
