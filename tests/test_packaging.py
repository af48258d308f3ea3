"""What pyproject.toml says by hand, held against the folders it speaks of."""

import ast
import sys
import tomllib
from importlib import import_module
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("vqsynth", "cli", "codebooks")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Where the name of a distribution is not the name that is imported.
IMPORTED_AS = {"faiss-cpu": "faiss", "scikit-learn": "sklearn", "jack-client": "jack", "python-osc": "pythonosc"}


def names_of(requirements: list[str]) -> set[str]:
    return {line.split(">")[0].split("=")[0].split("[")[0].strip() for line in requirements}


def read_constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_packages_in_pyproject_are_the_folders_with_modules() -> None:
    homes = {"vqsynth": "vqsynth", "cli": "vqsynth.cli", "codebooks": "vqsynth.codebooks"}
    found = set()
    for top, package in homes.items():
        for init in (ROOT / top).rglob("__init__.py"):
            found.add(".".join([package, *init.parent.relative_to(ROOT / top).parts]))
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_dependencies_in_pyproject_are_what_the_sources_import() -> None:
    imported = set()
    for path in (path for top in SOURCES for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                imported.add(node.module.split(".")[0])
    outer = imported - set(sys.stdlib_module_names) - {"vqsynth"}
    extras = PROJECT["project"]["optional-dependencies"]
    needed = names_of([*PROJECT["project"]["dependencies"], *extras["studio"], *extras["live"]])
    declared = {IMPORTED_AS.get(name, name) for name in needed - {"python-rtmidi"}}  # which mido imports
    assert outer == declared


def test_constraints_pin_every_dependency_to_one_version() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = names_of([*PROJECT["project"]["dependencies"], *chain(*extras.values())])
    lines = read_constraints()
    assert all(line.count("==") == 1 and "+" not in line for line in lines)
    assert wanted - {"vqsynth"} <= {line.split("==")[0].lower() for line in lines}


@pytest.mark.parametrize(
    "module", ["vqsynth.cli.main", "vqsynth.codebooks", "vqsynth.model", "vqsynth.training.codebook"]
)
def test_import_of_a_mapped_package_succeeds(module: str) -> None:
    assert import_module(module).__name__ == module


def test_shipped_codebooks_are_found_as_package_data() -> None:
    shipped = {p.name for p in (ROOT / "codebooks").iterdir() if (p / "card.json").is_file()}
    assert "violin" in shipped
    for name in shipped:
        folder = files("vqsynth.codebooks") / name
        present = {file.name for file in folder.iterdir()}
        assert {"card.json", "model.safetensors", "grains.safetensors", "table.csv"} <= present


def test_notice_credits_what_each_shipped_codebook_was_made_of() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for card in (ROOT / "codebooks").glob("*/card.json"):
        assert f"codebooks/{card.parent.name}" in notice
