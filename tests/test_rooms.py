"""The arrows between the rooms, read from the imports themselves, and the sizes and names of modules.

The order is told once, where people read it: the docstring of `vqsynth/__init__.py` lists the rooms, and that of each
room its modules, in the order in which data flows. A module imports from what stands above it.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What some rooms know nothing of, though the order would allow it. The continuous model shares the ground floor with
# the codebook and no more; pictures and pages show what they are given.
CODES = {"codes", "path", "render", "model", "codebook", "store", "follow"}
STRANGERS = {"continuous": CODES, "plot": {"codebook", "store"}, "page": {"codebook", "store"}}
# The other way round: all that a room may import.
KNOWN = {"model": {"errors", "running.forking"}}
# Allowed inside functions only: Codebook.encode is all that needs the model at play time.
INSIDE_FUNCTIONS = {("codebook", "model")}
# Where files stand beside each other, as verbs do, and no order is told.
WITHOUT_ORDER = {"cli", "codebooks"}

# The rooms that may import a heavy or an outer dependency; every other room may not.
OWNERS = {
    "click": {"cli", "codebooks"},
    "faiss": {"codes.index", "training.codebook.clustering"},
    "jack": {"live.cards"},
    "librosa": set(),
    "matplotlib": {"plot"},
    "mido": {"live.midi"},
    "pythonosc": {"live.osc"},
    "rich": {"cli", "running.progress"},
    "scipy": set(),
    "sklearn": {"model", "training", "codes.projection", "continuous"},
    "sounddevice": {"live.cards"},
    "soundfile": {"sound.audio", "sound.reading"},
    "soxr": {"sound.resampling"},
    "starlette": {"studio"},
    "torch": {"model", "training", "continuous", "export"},
    "uvicorn": {"studio"},
}
# Heavy even for their owners, so imported inside functions.
LATE = {"faiss", "jack", "matplotlib", "mido", "pythonosc", "sounddevice"}

# What `vqsynth --help` must not wait for.
NOT_AT_PLAY_TIME = {"torch", "librosa", "sklearn", "matplotlib", "scipy.signal", "scipy.ndimage"}

# The console script's entry: the one function that may be named as its module.
ENTRY = "cli.main"

MAX_LINES = 225
MAX_ROOMS, MAX_ARROWS, MAX_SHARE = 24, 110, 0.2
# The fronts of the house: what a codebook is played by. Each looks into few rooms, and only the command line into it.
FRONTS = {"live", "export", "studio", "cluster"}
MAX_ARROWS_OF_A_FRONT = 14
# A verb parses, makes one call and prints.
MAX_LINES_OF_A_VERB = 60
NOT_VERBS = {
    "cli",
    "cli.continuous",
    "cli.continuous.basing",
    "cli.continuous.rendering",
    "cli.descriptors",
    "cli.following",
    "cli.ending",
    "cli.entry",
    "cli.given",
    "cli.main",
    "cli.names",
    "cli.streams",
    "cli.verbs",
    "cli.options",
    "cli.playing",
    "cli.outputs",
    "cli.training",
    "cli.printing",
    "cli.viewing",
}


@dataclass(frozen=True)
class Import:
    """One import: the dotted name that is imported, where, and whether a function, typing or the module needs it."""

    name: str
    line: int
    level: str


@dataclass(frozen=True)
class Module:
    """A source file, and its dotted name as installed, "" for `vqsynth` itself and without "vqsynth." otherwise."""

    path: Path
    name: str

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))


def find_modules() -> list[Module]:
    """List the modules of the library, the command line and the recipes, by the names that installing gives them."""
    found = []
    for folder, prefix in (("vqsynth", ()), ("cli", ("cli",)), ("codebooks", ("codebooks",))):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = (*prefix, *path.relative_to(ROOT / folder).with_suffix("").parts)
            found.append(Module(path, ".".join(parts).removesuffix("__init__").removesuffix(".")))
    return found


MODULES = find_modules()
NAMES = {module.name for module in MODULES}
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.path.relative_to(ROOT)))


def walk(node: ast.AST, level: str = "module") -> Iterator[tuple[ast.AST, str]]:
    """Yield every node with what runs it: "module" when it is imported, "function" when called, "typing" never."""
    for child in ast.iter_child_nodes(node):
        inner = level
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = "function"
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            inner = "typing"
        yield child, inner
        yield from walk(child, inner)


def find_imports(module: Module) -> list[Import]:
    """List what a module imports, at any depth, relative imports made absolute."""
    package = ("vqsynth." + module.name).strip(".").split(".")
    if module.path.name != "__init__.py":
        package = package[:-1]
    found = []
    for node, level in walk(module.tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, level) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            found += [Import(f"{source}.{alias.name}", node.lineno, level) for alias in node.names]
    return found


def resolve(name: str) -> str:
    """Turn a dotted import from vqsynth into the name of the longest module that it begins with, "" for the root."""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in NAMES:
        parts.pop()
    return ".".join(parts)


def children(room: str) -> set[str]:
    """List the names of what lies directly in a room, "" being vqsynth."""
    inside = [name.removeprefix(room).strip(".") for name in NAMES if name.startswith(f"{room}." if room else "")]
    return {name.partition(".")[0] for name in inside} - {""}


def told_order(room: str) -> list[str]:
    """Read from the docstring of a room what lies in it, in order: the first word of each line set in by four."""
    text = ast.get_docstring(next(m for m in MODULES if m.name == room).tree, clean=False) or ""
    words = [line.split()[0].rstrip("/") for line in text.splitlines() if re.match(r" {4}\w+/? ", line)]
    return [word for word in words if word in children(room)]


def count_docstring_lines(tree: ast.Module) -> int:
    """Count the lines of the docstrings in a module."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and ast.get_docstring(node)]
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in found)


ROOMS = sorted(m.name for m in MODULES if m.path.name == "__init__.py" and m.room not in WITHOUT_ORDER)
ORDERS = {room: told_order(room) for room in ROOMS}


def may_import(importer: str, imported: str) -> bool:
    """Say whether the order allows the arrow from one module to another, by the room that both lie in."""
    a, b = importer.split("."), imported.split(".")
    depth = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    room = ".".join(a[:depth])
    if importer in ("", room) or a[0] in WITHOUT_ORDER & {b[0]}:
        return True  # the face of a room hands on what is in it
    if imported in ("", room):
        return a[0] in WITHOUT_ORDER  # what lies in a room does not ask at its face
    order = ORDERS[room]
    return order.index(b[depth]) < order.index(a[depth])


def lies_in(name: str, places: Iterable[str]) -> bool:
    """Say whether a module is one of some modules or lies in one of some rooms."""
    return any(f"{name}.".startswith(f"{place}.") for place in places)


def find_arrows() -> set[tuple[str, str]]:
    """List the arrows between the rooms that lie directly in vqsynth: importer, imported."""
    pairs = {(m.room, resolve(i.name).partition(".")[0]) for m in MODULES for i in find_imports(m) if inner(i)}
    return {(a, b) for a, b in pairs if a and b and a != b}


def inner(found: Import) -> bool:
    return found.name.split(".")[0] == "vqsynth"


def test_house_stays_small_enough_to_know() -> None:
    """Print and bound what a newcomer has to find the way in: rooms, arrows between them, the share of the biggest."""
    lines: dict[str, int] = {}
    for module in MODULES:
        room = module.room or "vqsynth"
        lines[room] = lines.get(room, 0) + len(module.path.read_text(encoding="utf-8").splitlines())
    biggest = max(lines, key=lambda room: lines[room])
    share, arrows = lines[biggest] / sum(lines.values()), find_arrows()
    against = [(a, b) for a, b in arrows if not may_import(a, b)]
    inside = [(a, b) for a, b in arrows if not {a, b} & FRONTS]
    print(f"rooms {len(lines)}, arrows {len(arrows)}, against the order {len(against)}, biggest {biggest} {share:.1%}")
    print(f"without the fronts: rooms {len(lines.keys() - FRONTS)}, arrows {len(inside)}")
    assert len(lines.keys() - FRONTS) <= MAX_ROOMS
    assert len(inside) <= MAX_ARROWS
    assert {a for a, b in arrows if b in FRONTS} <= {"cli"}
    for front in FRONTS:
        assert sum(a == front for a, _ in arrows) <= MAX_ARROWS_OF_A_FRONT
    assert not against
    assert share <= MAX_SHARE, f"{biggest} holds {share:.1%} of the lines"


def test_modules_import_each_other_in_no_circle() -> None:
    arrows = {m.name: {resolve(i.name) for i in find_imports(m) if inner(i) and i.level != "typing"} for m in MODULES}
    left = {name: {b for b in found if b and b != name} for name, found in arrows.items()}
    while loose := {name for name, found in left.items() if not found & left.keys()}:
        left = {name: found for name, found in left.items() if name not in loose}
    assert not left, f"these import each other: {sorted(left)}"


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room or "vqsynth")
def test_docstring_of_a_room_lists_what_is_in_it(room: str) -> None:
    assert len(ORDERS[room]) == len(set(ORDERS[room]))
    assert set(ORDERS[room]) == children(room), f"list every module of {room or 'vqsynth'} in its docstring, in order"


@each_module
def test_imports_follow_the_order_that_is_told(module: Module) -> None:
    for found in filter(inner, find_imports(module)):
        imported = resolve(found.name)
        arrow = f"{module.path.name}:{found.line}: {module.name or 'vqsynth'} imports {found.name}"
        assert imported == module.name or may_import(module.name, imported), arrow
        assert not lies_in(imported, STRANGERS.get(module.room, ())), arrow
        assert lies_in(imported, KNOWN.get(module.room, {imported}) | {module.room}), arrow
        late = (module.room, imported.partition(".")[0]) in INSIDE_FUNCTIONS
        assert not late or found.level != "module", f"{arrow}: import it inside functions"


@each_module
def test_imports_of_heavy_dependencies_stay_with_their_owner(module: Module) -> None:
    for found in find_imports(module):
        outer = found.name.split(".")[0]
        owners = OWNERS.get(outer)
        assert owners is None or lies_in(module.name, owners), (
            f"{module.path.name}:{found.line}: {outer} belongs to {owners}"
        )
        late = outer in LATE and found.level == "module"
        assert not late, f"{module.path.name}:{found.line}: import {outer} inside the functions that need it"


@each_module
def test_length_of_a_module_stays_readable(module: Module) -> None:
    """Docstrings are not counted: they may be as long as they help."""
    lines = len(module.path.read_text(encoding="utf-8").splitlines()) - count_docstring_lines(module.tree)
    most = MAX_LINES_OF_A_VERB if module.room == "cli" and module.name not in NOT_VERBS else MAX_LINES
    assert lines <= most, f"{module.path.name} has {lines} lines, of at most {most}, docstrings not counted"


@each_module
def test_names_in_a_module_say_what_they_are(module: Module) -> None:
    stem = module.path.stem
    functions = {n.name for n in module.tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert stem not in {"utils", "helpers", "common", "misc"}
    assert stem not in functions or module.name == ENTRY, f"{module.path.name} is shadowed by its function {stem}"
    assert ast.get_docstring(module.tree), f"{module.path.name} does not say what it is for"


def test_import_of_the_command_line_loads_nothing_heavy() -> None:
    program = (
        "import sys, vqsynth, vqsynth.cli.main as cli\n"
        "sys.argv = ['vqsynth', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print('loaded:', *sorted({NOT_AT_PLAY_TIME!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    assert "Usage:" in run.stdout
    assert run.stdout.splitlines()[-1] == "loaded:"
