"""The page of a render: player, curves asked and got, codes, spectrogram, and the table of the codes used."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.spreadsheet import format_value
from vqsynth.codes.table import DescriptorTable
from vqsynth.errors import ParameterError
from vqsynth.follow.report import describe_error
from vqsynth.page.document import Page, check_page, table_html, write_page
from vqsynth.page.sounds import embed_png
from vqsynth.path import CodePath
from vqsynth.plot.spectrogram import LOWEST_HZ, SpectrumImage, encode_image, image_sound
from vqsynth.sound.audio import count_channels, embed_wav, to_mono
from vqsynth.sound.frames import Floats
from vqsynth.storage.files import StrPath, show_text

LONGEST_S = 900.0
"""Longest sound of a page, in stereo half of that. At 44.1 kHz a quarter of an hour makes 106 MB, about the most that
browsers open well."""
CONTROLS = {
    "tilt_db": ("tilt", "dB per octave"),
    "envelope_db": ("envelope, mean size of its bands", "dB"),
    "transpose_cents": ("transposition", "cents"),
    "fundamental_db": ("fundamental raised", "dB"),
}
SCRIPTS = ("colors.js", "sorting.js", "curves.js", "render.js")


def write_render_page(
    file: StrPath,
    path: CodePath,
    report: Mapping[str, Any],
    y: Floats,
    table: DescriptorTable,
    *,
    targets: Mapping[str, str] | None = None,
    like: StrPath | None = None,
) -> None:
    """Write the page of a render. It is one self-contained file, written completely or not at all.

    Parameters
    ----------
    file : str or Path
        The page, .html or .htm.
    path : CodePath
        The path that was rendered.
    report : Report or dict
        The report of the sound.
    y : (n_samples,) or (n_samples, 2)
        The sound.
    table : DescriptorTable
        The codebook's table.
    targets : dict of str to str, optional
        The curves by descriptor, as people wrote them. The page shows them.
    like : str or Path, optional
        The sound that was followed. The page shows its name.

    Raises
    ------
    ParameterError
        If the extension is unknown, or the sound is longer than 15 minutes, in stereo half of that.
    VqsynthError
        If the file cannot be written.

    """
    check_page(file)
    check_length(path.seconds, channels=count_channels(y))
    image = image_sound(to_mono(y), path.sr)
    used = count_codes(path.codes)
    followed = "" if like is None else f" like {show_text(Path(like).name)}"
    title = f"{path.codebook}{followed}: {', '.join(report['descriptors'])}"
    body = "\n".join([
        _heading(title, path, report, targets or {}),
        f'<audio id="player" controls preload="auto" src="{embed_wav(y, path.sr)}"></audio>',
        _timeline(report, image, table),
        f"<h2>Codes used: {len(used)}</h2>",
        "<p>Click a row to see where a code sounds, and to go there.</p>",
        table_html(_columns(table), _rows(used, len(path.codes), table), name="codes"),
    ])  # fmt: skip
    write_page(Page(title, body, SCRIPTS, {"data": _data(path, report, image, used, table)}), file)


def check_length(seconds: float, *, channels: int = 1) -> None:
    """Raise ParameterError for a sound that is too long for a page, in seconds."""
    longest = LONGEST_S / channels
    if seconds > longest:
        raise ParameterError(
            f"a page must hold at most {longest:g} s of sound (got {seconds:g}); draw a picture instead"
        )


def count_codes(codes: NDArray[np.int64]) -> dict[int, int]:
    """Count the frames of each code of a path. The most frequent code is first; of equals, the lower code."""
    found, frames = np.unique(codes, return_counts=True)
    order = np.argsort(-frames, kind="stable")
    return {int(found[i]): int(frames[i]) for i in order}


def _heading(title: str, path: CodePath, report: Mapping[str, Any], targets: Mapping[str, str]) -> str:
    asked = "".join(f"<li><code>{escape(name)} = {escape(text)}</code></li>" for name, text in targets.items())
    facts = f"{path.seconds:.2f} s at {path.sr} Hz, {len(path)} frames, excitation {path.excitation}, seed {path.seed}"
    facts += f", spread {path.spread:g}" if path.spread else ""
    scaled = float(report.get("scaled_db") or 0.0)
    if scaled < 0:
        facts += f", turned down by {-scaled:.1f} dB to stay in full scale"
    return f"<h1>{escape(title)}</h1>\n<ul class=asked>{asked}</ul>\n<p>{escape(facts)}</p>"


def _timeline(report: Mapping[str, Any], image: SpectrumImage, table: DescriptorTable) -> str:
    rows = report["descriptors"]
    drawn = [_panel(name, str(row["unit"]), _notes(name, row, report), i) for i, (name, row) in enumerate(rows.items())]
    controls = [CONTROLS[name] for name in _used_controls(report)]
    drawn += [
        _panel(name, unit, '<span class="note">moved to correct the sound</span>', i)
        for i, (name, unit) in enumerate(controls, len(rows))
    ]
    panels = "\n".join(drawn)
    options = "".join(f"<option>{escape(name)}</option>" for name in table.names)
    return (
        f'<noscript>Without scripts the curves and the codes over time are not drawn.</noscript>\n<div id="timeline">\n'
        f"{panels}\n"
        f'<section><h2>codes, coloured by <select id="color" aria-label="descriptor">{options}</select> '
        '<span class="legend" id="scale"></span><output id="code-now"></output></h2>'
        '<canvas id="strip" class="plot"></canvas></section>\n'
        '<section><h2>spectrogram <small>kHz</small><output id="frequency-now"></output></h2>'
        '<div class="plot image" id="spectrogram"><div class="clip">'
        f'<img alt="spectrogram of the sound" src="{embed_png(encode_image(image))}"></div></div></section>\n'
        '<div class="plot axis" id="axis"></div>\n'
        '<div class="cursor" id="hover" hidden></div><div class="cursor" id="playhead"></div>\n</div>'
    )


def _panel(name: str, unit: str, notes: str, i: int) -> str:
    """Return the HTML of the place for curve number i. `notes` is HTML too."""
    return (
        f"<section><h2>{escape(name.replace('_', ' '))} <small>{escape(unit)}</small>{notes}"
        f'<output id="curve-{i}-now"></output></h2><div class="plot curve" id="curve-{i}"></div></section>'
    )


def _notes(name: str, row: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Return the HTML of the colours, the error, the error before corrections, and the share that is out of reach."""
    error, said, out = row.get("nrmse"), describe_error(row), float(row.get("out_of_reach") or 0.0)
    first = (report.get("rounds") or [{}])[0].get(name)
    notes = [f"error {escape(said)}"] if said else []
    if error is not None and first is not None and first > 1.05 * error:
        notes[0] += f", {100 * first:.2f} % before correction"
    notes += [f'<span class="key beyond">{100 * out:.1f} % out of reach</span>'] if out > 0 else []
    keys = '<span class="key asked">asked</span><span class="key got">got</span>'
    return f'<span class="legend">{keys}</span><span class="note">{", ".join(notes)}</span>'


def _used_controls(report: Mapping[str, Any]) -> dict[str, Sequence[float]]:
    """Return the controls (T,) that the correction used, by name."""
    found = report.get("controls") or {}
    used = {name: found[name] for name in CONTROLS if name in found}
    if "envelope_db" in used:
        used["envelope_db"] = np.abs(used["envelope_db"]).mean(axis=0).tolist()
    return used


def _curves(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = ("unit", "asked", "got", "reach")
    controls = _used_controls(report).items()
    return [
        *({key: row.get(key) for key in keys} for row in report["descriptors"].values()),
        *({"unit": CONTROLS[name][1], "asked": [], "got": list(values)} for name, values in controls),
    ]


def _columns(table: DescriptorTable) -> Sequence[tuple[str, str]]:
    units = zip(table.names, table.units, strict=True)
    return [("code", ""), ("frames", ""), ("share", "%"), ("count", "in training"), *units]


def _rows(used: Mapping[int, int], n_frames: int, table: DescriptorTable) -> list[list[str]]:
    return [
        [str(code), str(frames), f"{100 * frames / n_frames:.1f}", str(table.counts[code]),
         *map(format_value, table.values[code])]
        for code, frames in used.items()
    ]  # fmt: skip


def _data(
    path: CodePath, report: Mapping[str, Any], image: SpectrumImage, used: Mapping[int, int], table: DescriptorTable
) -> dict[str, Any]:
    asked = [name for name in report["descriptors"] if name != "loudness" and name in table.names]
    codes = list(used)
    return {
        "seconds": path.seconds,
        "hop_s": path.hop_length / path.sr,
        "codes": path.codes.tolist(),
        "curves": _curves(report),
        "image": {"low_hz": LOWEST_HZ, "top_hz": image.top_hz, "seconds": image.equal_s},
        "color": [*asked, table.names[0]][0],
        "names": table.names,
        "units": table.units,
        "octaves": [scale == "octave" for scale in table.scales],
        "frames": list(used.values()),
        "table": [[code, used[code], used[code] / len(path), int(table.counts[code]), *table.values[code].tolist()]
                  for code in codes],
    }  # fmt: skip
