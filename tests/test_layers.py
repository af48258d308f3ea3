"""The arrows between the rooms, read from the imports themselves, and the sizes and names of modules.

A module that is in none of the tables below fails: a new room has to be placed before it is used.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The spine. A module imports from the rows above its own.
SPINE = (
    ("errors", "locks"),
    ("checks",),
    ("files", "splicing", "decoders", "resampling", "steps", "interrupts", "forking", "progress"),
    ("records", "placement", "headers", "mpeg", "ogg", "flac"),
    ("tensors", "rareheaders"),
    ("layouts",),
    ("reading",),
    ("audio", "frames", "checkpoint"),
    ("offset", "loudness", "yin", "fundamentals", "distances", "stage"),
    ("soundfiles",),
    ("analysis",),
    ("descriptors", "partials", "excitation"),
    ("controls", "refinement"),
    ("grains",),
    ("expressions", "spreadsheet", "misses", "curvecells", "limits"),
    ("table", "curvetables"),
    ("listening", "mapping", "measuring", "praat"),
    ("index", "shapes", "curvefiles"),
    ("curves",),
    ("path", "targets"),
    ("selection", "render"),
    ("report", "bundle"),
    ("correction", "preview", "blending", "collection"),
    ("codebook",),
    ("layering",),
    ("shelf", "synthesis"),
    ("batch",),
)
ON_THE_SPINE = {name for row in SPINE for name in row}

# What knows nothing of codes and codebooks, and so serves the continuous model too.
GROUND_FLOOR = {
    "errors", "checks", "locks", "files", "records", "placement", "tensors", "interrupts", "forking", "progress",
    "audio", "offset", "frames", "checkpoint", "loudness", "yin", "soundfiles", "distances", "analysis", "descriptors",
    "partials",
    "excitation", "refinement", "expressions", "shapes", "curvecells", "curvetables", "praat", "curvefiles", "curves",
    "bundle", "collection", "stage",
}  # fmt: skip

# The rooms that stand beside the spine, and what each of them imports from outside itself.
ROOMS = {
    "": ON_THE_SPINE,  # vqsynth/__init__.py
    "projection": {"checks", "forking", "frames"},
    "plot": {"projection", "continuous"} | ON_THE_SPINE - {"codebook", "shelf"},
    "page": {"plot"} | ON_THE_SPINE - {"codebook", "shelf"},
    "model": {"errors", "forking"},
    "train": ON_THE_SPINE | {"model"},
    "continuous": GROUND_FLOOR,
    "codebooks": {"errors", "files", "audio", "frames", "codebook", "shelf", "train", "continuous"},
    "cli": ON_THE_SPINE | {"", "projection", "plot", "page", "codebooks", "train", "continuous"},
}
# Allowed inside functions only: Codebook.encode is all that needs the model at play time.
INSIDE_FUNCTIONS = {("codebook", "model")}

# The rooms that may import a heavy or an outer dependency; every other room may not.
OWNERS = {
    "click": {"cli", "codebooks"},
    "faiss": {"index"},
    "librosa": set(),
    "matplotlib": {"plot"},
    "rich": {"cli", "progress"},
    "scipy": set(),
    "sklearn": {"model", "train", "projection", "continuous"},
    "soundfile": {"audio", "reading"},
    "soxr": {"resampling"},
    "torch": {"model", "stage", "train", "continuous"},
}
# Heavy even for their owners, so imported inside functions.
LATE = {"faiss", "matplotlib"}

# What `vqsynth --help` must not wait for.
NOT_AT_PLAY_TIME = {"torch", "librosa", "sklearn", "matplotlib", "scipy.signal", "scipy.ndimage"}

# The console script's entry: the one function that may be named as its module.
ENTRY = "cli.main"

MAX_LINES = 250
# A verb parses, makes one call and prints.
MAX_LINES_OF_A_VERB = 60
NOT_VERBS = {
    "cli",
    "cli.continuous",
    "cli.continuous.basing",
    "cli.continuous.rendering",
    "cli.following",
    "cli.ending",
    "cli.entry",
    "cli.given",
    "cli.main",
    "cli.streams",
    "cli.verbs",
    "cli.options",
    "cli.outputs",
    "cli.training",
    "cli.printing",
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


def rank(name: str) -> int:
    return next(i for i, row in enumerate(SPINE) if name in row)


def may_import(importer: str, imported: str, level: str) -> bool:
    """Say whether the arrow from one room to another is allowed."""
    if importer in ROOMS:
        return imported == importer or imported in ROOMS[importer]
    if (importer, imported) in INSIDE_FUNCTIONS:
        return level != "module"
    return imported in ON_THE_SPINE and rank(imported) < rank(importer)


@each_module
def test_room_of_a_module_is_placed(module: Module) -> None:
    assert module.room in ROOMS or module.room in ON_THE_SPINE, f"place {module.room!r} in SPINE or ROOMS"


@each_module
def test_imports_between_rooms_follow_the_arrows(module: Module) -> None:
    for found in find_imports(module):
        if found.name.split(".")[0] == "vqsynth":
            imported = resolve(found.name).partition(".")[0]
            arrow = f"{module.path.name}:{found.line}: {module.room or 'vqsynth'} imports {found.name}"
            assert may_import(module.room, imported, found.level), f"{arrow} ({found.level} level)"


@each_module
def test_imports_of_heavy_dependencies_stay_with_their_owner(module: Module) -> None:
    for found in find_imports(module):
        outer = found.name.split(".")[0]
        owners = OWNERS.get(outer)
        assert owners is None or module.room in owners, f"{module.path.name}:{found.line}: {outer} belongs to {owners}"
        late = outer in LATE and found.level == "module"
        assert not late, f"{module.path.name}:{found.line}: import {outer} inside the functions that need it"


@each_module
def test_length_of_a_module_stays_readable(module: Module) -> None:
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    most = MAX_LINES_OF_A_VERB if module.room == "cli" and module.name not in NOT_VERBS else MAX_LINES
    assert lines <= most, f"{module.path.name} has {lines} lines, of at most {most}"


@each_module
def test_names_in_a_module_say_what_they_are(module: Module) -> None:
    stem = module.path.stem
    functions = {n.name for n in module.tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert stem not in {"utils", "helpers", "common", "misc"}
    assert stem not in functions or module.name == ENTRY, f"{module.path.name} is shadowed by its function {stem}"
    assert ast.get_docstring(module.tree), f"{module.path.name} does not say what it is for"


def test_module_map_in_the_docstring_names_every_room_in_order() -> None:
    """The order of the map is one that the arrows allow, so that it can be read from the top."""
    text = ast.get_docstring(next(m for m in MODULES if m.name == "").tree) or ""
    listed = [line.split()[0].rstrip("/") for line in text.splitlines() if line.startswith("    ")]
    spine = [name for name in listed if name in ON_THE_SPINE]
    assert {module.room for module in MODULES} - {"", "cli", "codebooks"} <= set(listed)
    for i, name in enumerate(spine):
        too_early = [earlier for earlier in spine[:i] if may_import(earlier, name, "module")]
        assert not too_early, f"{name} comes after {too_early}"


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
