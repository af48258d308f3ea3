"""A sample of what `tests/bench/fuzz.py` does a thousand times, of all kinds but sounds and curves."""

from pathlib import Path

import pytest

from tests.hostile import Originals, spoil, use
from vqsynth.errors import VqsynthError

SEED, PER_KIND = 7, 3


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Originals:
    return Originals(tmp_path_factory.mktemp("originals"))


def test_use_of_hostile_files_ends_in_an_answer_or_in_one_sentence(originals: Originals, tmp_path: Path) -> None:
    """A few of each kind; the error says which file it is about."""
    said = []
    for number in range(PER_KIND * len(originals.kinds)):
        case = spoil(originals, tmp_path / str(number), seed=SEED, number=number)
        if case.kind.startswith(("a.", "float.", "curve.", "points.")):
            continue
        try:
            use(case)
        except VqsynthError as e:
            said.append(str(e))
    assert len(said) > 20 and max(map(len, said)) < 2000


def test_spoil_of_the_same_seed_and_number_is_the_same(originals: Originals, tmp_path: Path) -> None:
    for number in range(12):
        one, two = (spoil(originals, tmp_path / f"{name}{number}", seed=1, number=number) for name in "ab")
        assert (one.kind, one.done) == (two.kind, two.done)
