"""Running the page's modules in node, on data that is written as the page receives it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import vqsynth
from vqsynth.codebook import Codebook
from vqsynth.path import CodePath
from vqsynth.studio.sending import PARTS

NODE = shutil.which("node") or shutil.which("nodejs")
STATIC = Path(vqsynth.__file__).parent / "studio" / "static"
needs_node = pytest.mark.skipif(NODE is None, reason="no node here, which the page's modules are run by")

PREAMBLE = """\
import fs from "node:fs";
const engine = process.argv[2], folder = process.argv[3];
const load = (name) => import(`${engine}/${name}.js`);
const bytes = (name) => { const b = fs.readFileSync(`${folder}/${name}`); return b.buffer.slice(b.byteOffset, b.byteOffset + b.length); };
const json = (name) => JSON.parse(fs.readFileSync(`${folder}/${name}`, "utf8"));
const keep = (name, array) => fs.writeFileSync(`${folder}/${name}`, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
const say = (value) => process.stdout.write(JSON.stringify(value));
const openSelector = async () => {
  const { Table } = await load("table"), { Selector } = await load("select");
  return new Selector(new Table(json("table")), new Float32Array(bytes("distances")), new Uint32Array(bytes("transitions")));
};
const openBook = async () => new (await load("book")).Book(json("card"), bytes("grains"), bytes("partials"));
"""  # noqa: E501  the lines of a program


def run_node(folder: Path, program: str) -> Any:
    """Run a program, and return what it says as JSON. It reads and writes files of the folder."""
    file = folder / "program.mjs"
    file.write_text(PREAMBLE + program, encoding="utf-8")
    command = [str(NODE), str(file), str(STATIC / "engine"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def send_book(book: Codebook, folder: Path) -> Path:
    """Write all parts of a codebook into a folder."""
    for name, (pack, _) in PARTS.items():
        (folder / name).write_bytes(pack(book))
    return folder


def send_path(path: CodePath, folder: Path, name: str = "path") -> None:
    (folder / name).write_text(json.dumps(path.to_fields()), encoding="utf-8")


def level_db(error: NDArray[Any], of: NDArray[Any]) -> float:
    """Return the level of an error relative to a sound."""
    power = np.square([np.linalg.norm(part.astype(np.float64)) for part in (error, of)])
    return float(10 * np.log10(max(power[0], 1e-300) / power[1]))
