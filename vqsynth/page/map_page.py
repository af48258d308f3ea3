"""The page of a map: codes on a plane, coloured by any descriptor, played by a click, a stroke or the keyboard."""

from html import escape

import numpy as np

from vqsynth.codes.projection import Projection
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.curves.targets import DEFAULT_LOUDNESS_DB
from vqsynth.page.document import Page, check_page, write_page
from vqsynth.page.sounds import CodeSounds, shorten_codes
from vqsynth.storage.files import StrPath

SCRIPTS = ("colors.js", "samples.js", "view.js", "map.js")
_KEYS = (
    "Click a code to hear it, or draw over several. Move the map by its background, or with two fingers; zoom by the "
    "wheel, by fingers, or + and -; 0 shows all. The arrow keys go to the next code, the space bar plays it again."
)


def write_map_page(
    file: StrPath,
    projection: Projection,
    table: DescriptorTable,
    spectra: CodeSpectra,
    *,
    color: str = "centroid",
    title: str,
) -> None:
    """Write a page with a map of the codes, on which each code can be heard. All codes are equally loud.

    The page holds the sounds, as that of a table does: 7.5 MB for 1024 codes.

    Parameters
    ----------
    file : str or Path
        The page, .html or .htm.
    projection : Projection
        The N codes of the table on a plane, in the order of the table.
    table : DescriptorTable
        The codebook's table, or a selection of N codes.
    spectra : CodeSpectra
        The spectra of all codes of the codebook.
    color : str
        The descriptor that colours the codes at first.
    title : str
        Title of the page.

    Raises
    ------
    ParameterError
        If the extension or the descriptor is unknown.
    VqsynthError
        If the file cannot be written.

    """
    check_page(file)
    color = table.names[table.position(color)]
    sounds = shorten_codes(spectra, table.codes, DEFAULT_LOUDNESS_DB - table.column("loudness").astype(np.float64))
    options = "".join(f"<option>{escape(name)}</option>" for name in table.names)
    body = "\n".join([
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_KEYS)}</p>",
        f'<h2>coloured by <select id="color" aria-label="descriptor">{options}</select> '
        '<span class="legend" id="scale"></span><span class="buttons">'
        '<button id="closer" type="button" aria-label="zoom in">+</button>'
        '<button id="further" type="button" aria-label="zoom out">&minus;</button>'
        '<button id="fit" type="button">show all</button></span></h2>',
        '<p class="now"><output id="now" aria-live="polite"></output></p>',
        '<canvas id="map" class="map" tabindex="0" role="application" aria-label="map of the codes"></canvas>',
        f"<p>{escape(' / '.join(projection.labels))}; larger codes were used more often in training; "
        "codes without a usable value are grey.</p>",
        "<noscript>Without scripts the map is not drawn.</noscript>",
    ])  # fmt: skip
    data = _data(projection, table, sounds) | {"color": color}
    write_page(Page(title, body, SCRIPTS, {"data": data, "sounds": sounds.to_text()}), file)


def _data(projection: Projection, table: DescriptorTable, sounds: CodeSounds) -> dict[str, object]:
    return {
        "points": projection.points.tolist(),
        "codes": table.codes.tolist(),
        "counts": table.counts.tolist(),
        "order": np.argsort(
            -table.counts, kind="stable"
        ).tolist(),  # small ones are drawn last, so that large ones do not hide them
        "names": list(table.names),
        "units": list(table.units),
        "octaves": [scale == "octave" for scale in table.scales],
        "values": table.values.tolist(),
        "sr": sounds.sr,
        "length": sounds.samples.shape[1],
        "peaks": sounds.peaks.tolist(),
    }
