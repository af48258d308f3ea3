"""Patches of Pure Data as text: objects, messages, comments, and the wires between them."""

MADE = "made by vqsynth for"
"""What a comment of every patch begins with, before the name of its file."""


class Patch:
    """Gather the boxes of a patch, and write it. Boxes lie under each other, in columns."""

    def __init__(self) -> None:
        self._boxes: list[str] = []
        self._wires: list[str] = []

    def place(self, text: str, *, kind: str = "obj", at: tuple[int, int] | None = None) -> int:
        """Place a box, and return its number. at: x and y in pixels, by default under the last one."""
        number = len(self._boxes)
        x, y = at or (30 + 330 * (number // 28), 30 + 26 * (number % 28))
        self._boxes.append(f"#X {kind} {x} {y} {escape(text)};")
        return number

    def message(self, text: str, *, at: tuple[int, int] | None = None) -> int:
        """Place a message box."""
        return self.place(text, kind="msg", at=at)

    def comment(self, text: str, *, at: tuple[int, int] | None = None) -> int:
        """Place a comment."""
        return self.place(text, kind="text", at=at)

    def wire(self, *places: int | tuple[int, int]) -> None:
        """Wire boxes in a chain. A box is its number, or number and outlet, with which the next wire begins."""
        for start, end in zip(places[:-1], places[1:], strict=True):
            box, outlet = start if isinstance(start, tuple) else (start, 0)
            self.connect(box, outlet, end[0] if isinstance(end, tuple) else end, 0)

    def connect(self, box: int, outlet: int, other: int, inlet: int) -> None:
        """Wire an outlet to an inlet."""
        self._wires.append(f"#X connect {box} {outlet} {other} {inlet};")

    def text(self) -> str:
        """Return the patch as its file holds it."""
        return "\n".join(["#N canvas 60 60 1000 780 11;", *self._boxes, *self._wires]) + "\n"


def escape(text: str) -> str:
    """Escape what has a meaning in a patch file: commas and semicolons."""
    return text.replace("\\", "").replace(",", " \\,").replace(";", " \\;").replace("$", "\\$")
