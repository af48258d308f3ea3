"""Pages that open from disk, without a network: one per render, one per table, and one per map.

    document      the frame of a page: self-contained, all text escaped
    sounds        sound inside a page
    render_page   player, curves, codes and spectrogram of a render
    table_page    the table of a codebook, sortable and filterable; a click plays a code
    map_page      the codes on a plane; a click plays a code

The style and the scripts lie beside the modules. They are plain files that are copied into each page.
"""

from vqsynth.page.document import check_page
from vqsynth.page.map_page import write_map_page
from vqsynth.page.render_page import check_length, write_render_page
from vqsynth.page.table_page import write_table_page

__all__ = ["check_length", "check_page", "write_map_page", "write_render_page", "write_table_page"]
