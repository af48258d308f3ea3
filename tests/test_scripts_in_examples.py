"""The scripts in examples/ run as they stand, and write what they say they write."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN = {
    "follow_a_curve": {"sweep.wav", "sweep.png"},
    "follow_a_voice": {"voice.wav", "followed.wav"},
    "edit_a_score": {"before.wav", "after.wav", "score.json"},
    "glide": {"violin.wav", "cello.wav", "glide.wav"},
    "table_research": {"bright.csv"},
    "train_your_own": {"mine", "sounds"},
}


def test_every_script_is_known() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_script_writes_what_it_says(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))["main"]
    main(str(tmp_path))
    assert WRITTEN[name] <= {path.name for path in tmp_path.iterdir()}
    assert capsys.readouterr().out.strip()
