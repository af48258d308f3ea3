"""The page of a map: codes on a plane, coloured by any descriptor, each heard by a click, a stroke or the keyboard."""

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
    """Write the codes of a table where they were projected as a page on which each can be heard, all equally loud.

    projection: of the N codes of the table, in its order. spectra: of all codes of the codebook. color: the descriptor
    that colours codes at first. The sounds lie in the page, as on that of a table: 7.5 MB for 1024 codes.
    Raises ParameterError for another extension and an unknown descriptor.
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
        f"<p>{escape(' / '.join(projection.labels))}; the larger a code, the more it was used in training; "
        "without a usable value it is grey.</p>",
        "<noscript>Without scripts the map is not drawn.</noscript>",
    ])  # fmt: skip
    data = _data(projection, table, sounds) | {"color": color}
    write_page(Page(title, body, SCRIPTS, {"data": data, "sounds": sounds.to_text()}), file)


def _data(projection: Projection, table: DescriptorTable, sounds: CodeSounds) -> dict[str, object]:
    return {
        "points": projection.points.tolist(),
        "codes": table.codes.tolist(),
        "counts": table.counts.tolist(),
        "order": np.argsort(-table.counts, kind="stable").tolist(),  # the small ones on top, where they are not hidden
        "names": list(table.names),
        "units": list(table.units),
        "octaves": [scale == "octave" for scale in table.scales],
        "values": table.values.tolist(),
        "sr": sounds.sr,
        "length": sounds.samples.shape[1],
        "peaks": sounds.peaks.tolist(),
    }
