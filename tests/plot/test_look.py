"""Pictures in any surroundings: no backend is needed, none is changed, and nobody's settings show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INLINE = "module://matplotlib_inline.backend_inline"
COMMAND = [sys.executable, "-c", "from vqsynth.cli.main import main; main()"]


@pytest.fixture(scope="module")
def plain(book_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The map as it is drawn where nothing is set."""
    return draw(book_folder, tmp_path_factory.mktemp("plain"), {})


def draw(book_folder: Path, folder: Path, settings: dict[str, str]) -> bytes:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MPLBACKEND")}
    done = subprocess.run([*COMMAND, "map", book_folder, "-o", "m.png"], cwd=folder, env=kept | settings,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return (folder / "m.png").read_bytes()


@pytest.mark.parametrize("backend", [INLINE, "nonsense", "GTK3Agg", "module://no.such"])
def test_map_is_the_same_whatever_mplbackend_says(
    backend: str, book_folder: Path, plain: bytes, tmp_path: Path
) -> None:
    assert draw(book_folder, tmp_path, {"MPLBACKEND": backend}) == plain


def test_map_is_the_same_whatever_the_users_settings_file_says(book_folder: Path, plain: bytes, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("backend: TkAgg\nfont.size: 40\nimage.origin: lower\nsavefig.dpi: 20\n")
    assert draw(book_folder, tmp_path, {}) == plain


def test_pages_with_pictures_are_made_whatever_mplbackend_says(book_folder: Path, tmp_path: Path) -> None:
    words = ["synth", book_folder, "--target", "centroid=900", "--seconds", "0.5", "-o", "a.wav", "--html", "a.html"]
    done = subprocess.run([*COMMAND, *map(str, words)], cwd=tmp_path, env=os.environ | {"MPLBACKEND": "nonsense"},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.html").stat().st_size > 10000


@pytest.mark.parametrize(("given", "later"), [("svg", "svg"), ("nonsense", "None"), (None, "None")])
def test_load_matplotlib_leaves_backend_settings_and_environment_to_the_user(given: str | None, later: str) -> None:
    program = (
        "import os, sys; from vqsynth.plot.look import apply_look, make_figure\n"
        "with apply_look(): make_figure(2, 2, None)\n"
        "import matplotlib as mpl\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "print(mpl.rcParams._get_backend_or_none(), os.environ.get('MPLBACKEND'), mpl.rcParams['font.size'])"
    )
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    settings = {} if given is None else {"MPLBACKEND": given}
    done = subprocess.run([sys.executable, "-c", program], env=kept | settings, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout == f"{later} {given} 10.0\n"
