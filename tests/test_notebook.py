"""The notebook in examples/ runs from top to bottom, shows something in each cell, and is stored without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FILE = Path(__file__).parent.parent / "examples" / "first-steps.ipynb"


@pytest.fixture(scope="module")
def stored() -> nbformat.NotebookNode:
    return nbformat.read(FILE, as_version=4)


def test_notebook_is_stored_without_outputs_and_without_what_a_machine_left(stored: nbformat.NotebookNode) -> None:
    nbformat.validate(stored)
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert cells and not any(cell.outputs or cell.execution_count for cell in cells)
    assert set(stored.metadata) == {"kernelspec", "language_info"} and FILE.stat().st_size < 20_000
    assert "/home/" not in FILE.read_text(encoding="utf-8")


def test_notebook_runs_and_every_cell_shows_something(stored: nbformat.NotebookNode, tmp_path: Path) -> None:
    client = NotebookClient(
        stored.copy(), timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    made = client.execute()
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in cells)
    kinds = [set(output.get("data", {})) for cell in cells for output in cell.outputs]
    assert sum("text/html" in kind for kind in kinds) >= 10
    assert {path.name for path in tmp_path.iterdir()} == {"wave.json"}
