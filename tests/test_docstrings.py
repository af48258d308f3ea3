"""The examples in docstrings run, those of the names that people use among them, and say what comes out."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import vqsynth

LEAST = 25
"""How many public names have an example, at least."""


def find_examples() -> Iterator[doctest.DocTest]:
    """Find the examples of the library, and of what is in its rooms."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    home = Path(vqsynth.__file__).parent
    for found in pkgutil.walk_packages([str(home)], "vqsynth."):
        module = importlib.import_module(found.name)
        yield from (example for example in finder.find(module, found.name) if example.examples)


EXAMPLES = {example.name: example for example in find_examples()}


def test_names_that_people_use_have_examples() -> None:
    assert len(EXAMPLES) >= LEAST, sorted(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_says_what_comes_out(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    failed, _ = runner.run(EXAMPLES[name], out=said.append, clear_globs=False)
    assert not failed, "".join(said)
