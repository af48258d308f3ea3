"""What is said of a codebook, good or poor, and that it tells what to do."""

import pytest

from vqsynth.training.codebook.verdict import judge_codebook


def test_judge_codebook_of_a_good_one_says_so() -> None:
    (line,) = judge_codebook(asked=1024, used=0.97, frames=50_000, lsd_db=6.2, folder="mine")
    assert line.startswith("This is a good codebook: 97% of its 1024 codes are used") and "6.2 dB" in line
    (line,) = judge_codebook(asked=64, used=1.0, frames=50_000, lsd_db=None, folder="mine")
    assert line == "This is a good codebook: 100% of its 64 codes are used."


@pytest.mark.parametrize(
    ("frames", "advice"), [(40_000, "go on with --base mine --minutes 12"), (4000, "train with --codes 200")]
)
def test_judge_codebook_of_few_codes_used_tells_what_to_do(frames: int, advice: str) -> None:
    (line,) = judge_codebook(asked=1024, used=0.398, frames=frames, lsd_db=6.0, folder="mine")
    assert line.startswith("This codebook is poor: of 1024 codes only 408 are used") and advice in line


def test_judge_codebook_without_a_network_advises_no_longer_training() -> None:
    poor, far = judge_codebook(asked=1024, used=0.5, frames=90_000, lsd_db=14.0, folder="mine", quick=True)
    assert "--base" not in poor + far and "add other sounds" in poor and "more sounds of their kind" in far


def test_judge_codebook_of_far_sounds_asks_for_more_of_their_kind() -> None:
    lines = judge_codebook(asked=1024, used=0.5, frames=90_000, lsd_db=14.0, folder="mine")
    assert len(lines) == 2 and "14.0 dB off" in lines[1] and "more sounds of their kind" in lines[1]
