"""What README.md and the pages in docs/ print: the Python runs, and the commands are those that there are."""

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import vqsynth
from vqsynth.cli.main import verbs
from vqsynth.sound import descriptors

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


def read_blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXTS[page], re.DOTALL | re.MULTILINE)


def read_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every line of code that begins with vqsynth, where it stands alone or in a sentence."""
    lines = re.findall(r"^    (vqsynth (?:.*\\\n)*.*)$", text, re.MULTILINE)
    for line in [*lines, *re.findall(r"`(vqsynth [a-z][^`]*)`", text)]:
        for part in re.split(r"\s\|\s|\s{3,}", line.replace("\\\n", "")):
            if part.startswith("vqsynth "):
                yield shlex.split(part.replace("[", " ").replace("]", " "))[1:]


def find_command(words: list[str]) -> click.Command:
    command: click.Command = verbs
    for word in words:
        if not isinstance(command, click.Group) or word == "VERB":
            break
        command = command.get_command(click.Context(command), word) or pytest.fail(f"there is no verb {word!r}")
    return command


def list_options(command: click.Command) -> set[str]:
    return {o for given in command.params for o in (*given.opts, *given.secondary_opts)} | {"--help", "-h"}


def list_all_options(command: click.Command) -> set[str]:
    found = list_options(command)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found |= list_all_options(command.get_command(context, name) or command)
    return found


@pytest.mark.parametrize("page", TEXTS)
def test_command_in_a_page_names_a_verb_and_its_options(page: str) -> None:
    for words in read_commands(TEXTS[page]):
        given = {word for word in words if re.fullmatch("--?[a-z][a-z-]*", word)}
        assert given <= list_options(find_command(words)), words


@pytest.mark.parametrize("page", [name for name in TEXTS if "`--" in TEXTS[name] and name != "CONTRIBUTING.md"])
def test_option_in_a_sentence_is_one_of_a_verb(page: str) -> None:
    named = set(re.findall(r"`(--[a-z][a-z-]*[a-z])[` ]", TEXTS[page]))
    assert named <= list_all_options(verbs), page


def test_readme_names_every_page_and_no_other() -> None:
    linked = set(re.findall(r"\(docs/([\w-]+\.md)\)", TEXTS["README.md"]))
    assert linked == {page.name for page in PAGES[2:]} - {"index.md", "reference.md"}


@pytest.mark.parametrize(
    ("page", "written"),
    [("README.md", {"wave.wav", "wave.json"}), ("research-with-the-table.md", set()), ("glide.md", set())],
)
def test_python_in_a_page_runs(page: str, written: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = dict(descriptors.REGISTRY)
    (block,) = read_blocks(page, "python")
    script = tmp_path / "page.py"
    script.write_text(block, encoding="utf-8")
    try:
        runpy.run_path(str(script))
    finally:
        descriptors.REGISTRY.clear()
        descriptors.REGISTRY.update(known)
    assert {file.name for file in tmp_path.iterdir()} == written | {script.name}


def test_path_written_by_hand_lasts_as_the_page_says(tmp_path: Path) -> None:
    (text,) = read_blocks("edit-a-score.md", "json")
    (tmp_path / "hand.json").write_text(text, encoding="utf-8")
    path = vqsynth.CodePath.load(tmp_path / "hand.json")
    assert len(path) == 53 and path.codes[0] == json.loads(text)["runs"][0]["code"]
    assert vqsynth.load("violin").render(path).any()
