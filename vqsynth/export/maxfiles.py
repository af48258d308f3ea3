"""A patch of Max as JSON: an nn~ for each method, its inlets fed by number boxes. It was not tried in Max."""

import json
from collections.abc import Sequence
from typing import Any

from vqsynth.export.contract import Attribute, Method
from vqsynth.export.pdfiles import MADE


def write_max_patch(methods: Sequence[Method], attributes: Sequence[Attribute], file: str, buffer: int) -> str:
    """Write the patch.

    Parameters
    ----------
    methods : sequence of Method
        The methods.
    attributes : sequence of Attribute
        What messages may set.
    file : str
        Name of the exported file, in the same folder.
    buffer : int
        Samples that nn~ works on at once.

    Returns
    -------
    str
        JSON.

    """
    boxes: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []

    def place(maxclass: str, text: str, x: int, y: int, inlets: int = 1, outlets: int = 1) -> str:
        box = {"id": f"obj-{len(boxes) + 1}", "maxclass": maxclass, "numinlets": inlets, "numoutlets": outlets,
               "patching_rect": [x, y, 200 if maxclass == "comment" else 90, 22]}  # fmt: skip
        boxes.append({"box": box | ({"text": text} if text else {})})
        return str(box["id"])

    def wire(start: str, outlet: int, end: str, inlet: int) -> None:
        lines.append({"patchline": {"source": [start, outlet], "destination": [end, inlet]}})

    place("comment", f"{MADE} {file}. This patch was not tried in Max.", 30, 20)
    for i, attribute in enumerate(attributes):
        values = " ".join(f"{value:g}" for value in attribute.values)
        place("comment", f"set {attribute.name} {values}: {attribute.about}", 30, 50 + 22 * i)
    out = place("ezdac~", "", 30, 620, 2, 0)
    stem = file.removesuffix(".ts")
    for column, method in enumerate(methods):
        x = 360 + 330 * column
        place("comment", method.name, x, 20)
        nn = place("newobj", f"nn~ {stem} {method.name} {buffer}", x, 560, len(method.inlets), len(method.outlets))
        for i, label in enumerate(method.inlets):
            place("comment", label, x + 100, 50 + 28 * i)
            source = place("flonum", "", x, 50 + 28 * i, 1, 2) if method.in_ratio > 1 else ""
            signal = place("newobj", "sig~" if source else "adc~ 1", x + 210, 50 + 28 * i)
            if source:
                wire(source, 0, signal, 0)
            wire(signal, 0, nn, i)
        if method.name == "follow" or (method.name == "decode" and len(methods) == 3):
            for side in (0, 1):
                wire(nn, 0, out, side)
    patcher = {"fileversion": 1, "rect": [60, 60, 1600, 720], "boxes": boxes, "lines": lines}
    return json.dumps({"patcher": patcher}, indent=1) + "\n"
