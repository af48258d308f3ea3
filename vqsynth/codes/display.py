"""What a notebook shows of a codebook: what it is, its figures, the head of its table, and some codes to be heard."""

import numpy as np

from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.spectra import sound_codes
from vqsynth.codes.spreadsheet import Sheet, html_text
from vqsynth.codes.table import DescriptorTable
from vqsynth.notebook import list_facts, play_sound, show_block, show_lines, spread_places
from vqsynth.sound.arrays import Floats
from vqsynth.sound.audio import limit_peak, resample
from vqsynth.sound.frames import fade_ends

FACTS = {
    "about": "{}",
    "corpus.seconds": "learned from {} s of sound",
    "codes_used": "share of the codes that the sounds use: {}",
    "perplexity": "perplexity: {}",
    "held_out_mean.lsd_db": "log-spectral distance of held-out sounds: {} dB",
    "licence": "licence: {}",
}
ROWS = 6
"""Rows of the table that are shown."""
HEARD, HEARD_S, FADE_S, LEVEL_DB, RATE_HZ = 8, 0.25, 0.01, -20.0, 22050
"""Codes that can be heard, evenly over the order of their centroids; the seconds of each, and of its fades; their
loudness; and the rate at most."""


def show_codebook(title: str, book: CodebookRecord) -> str:
    """Make the HTML."""
    codes = choose_codes(book)
    said = show_lines([f"codes {', '.join(map(str, codes))}, from dark to bright:"])
    player = play_sound(*sound_some(book, codes)) if len(codes) else ""
    return show_block(title, show_lines(list_facts(book.card, FACTS)), show_table(book.table), said, player)


def show_table(table: DescriptorTable) -> str:
    """Show the first and the last rows of a table."""
    return html_text(Sheet(table.names, table.codes, table.counts, table.values), table.units, max_rows=ROWS)


def choose_codes(book: CodebookRecord) -> list[int]:
    """Choose some codes, from the darkest to the brightest, or from the lowest number if they have no centroid."""
    names = book.table.names
    order = book.table.sort("centroid" if "centroid" in names else "code")
    return [int(code) for code in order[spread_places(len(order), HEARD)]]


def sound_some(book: CodebookRecord, codes: list[int]) -> tuple[Floats, int]:
    """Sound codes one after the other, equally loud where that is known: (n,), and its rate."""
    sr = book.grid.sr
    length = round(HEARD_S * sr)
    held = sound_codes(book.spectra, np.array(codes), n_frames=1 + length // book.grid.hop_length)[:, :length]
    known = "loudness" in book.table.names
    level: Floats = book.table.column("loudness")[codes] if known else np.zeros(len(codes), np.float32)
    gains = 10 ** ((LEVEL_DB - np.nan_to_num(level)) / 20)
    faded = held * fade_ends(0, length, fade=FADE_S * sr, n_samples=length) * gains[:, None]
    y, _ = limit_peak(faded.ravel().astype(np.float32))
    rate = min(sr, RATE_HZ)
    return resample(y, orig_sr=sr, sr=rate), rate
