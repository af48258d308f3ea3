"""Hostile files by a seed: every kind that vqsynth reads, spoiled, with hashes that fit again, and read.

`Originals` makes one good file or folder of each kind; `spoil` makes hostile case `number` of a seed out of one; `use`
reads it as people do. All that may come of it is an answer or a VqsynthError.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.continuous.small import SR, make_small_model, make_sound
from tests.sound_worlds import make_codebook
from tests.training.codebook.sound_files import small_corpus
from vqsynth import continuous
from vqsynth.cli.printing import describe_card
from vqsynth.curves import language as curves
from vqsynth.model.vqvae import ModelConfig
from vqsynth.path import load_layers, save_layers
from vqsynth.sound import audio
from vqsynth.storage.bundle import CARD_HASH
from vqsynth.store import load
from vqsynth.training.codebook.trainer import CodebookTrainer, TrainConfig
from vqsynth.training.core.checkpoint import Checkpoint, check_fit, load_checkpoint, save_checkpoint

SOUNDS = ("a.wav", "float.wav", "a.flac", "a.ogg", "a.aiff", "a.mp3", "a.au", "a.caf", "a.w64")
TEXTS = {
    "curve.csv": "time,value\n0,600\n2.5,3000\n6,900\n",
    "curve.json": "[[0, 600], [2.5, 3000], [6, 900]]",
    "points.json": '{"times": [0, 2.5, 6], "values": [600, 3000, 900]}',
}
NASTY: tuple[Any, ...] = (
    10**400, -(10**400), 2**63, 2**31, 10**9, 100_000, -1, 0, 2.5, 1e308, True, None, "", "x" * 5000, "\ud800",
    "a\x1b[2J\x07\n", "a\0b", [], {}, [[]], [1, [2]], {"a": {}}, "NaN", float("nan"), float("inf"), -0.0,
)  # fmt: skip
DTYPES = ("BOOL", "U8", "I8", "I16", "I32", "I64", "U64", "F16", "BF16", "F32", "F64", "C64", "F8_E4M3", "F4", "X")
Rng = np.random.Generator


@dataclass(frozen=True)
class Case:
    """A spoiled file or folder: its kind, where it lies, and what was done to it."""

    kind: str
    path: Path
    done: str


class Originals:
    """A good file or folder of each kind, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        book, model = make_codebook(), make_small_model(vocoders=("magnitude", "melgan"))
        book.save(folder / "book")
        model.save(folder / "model")
        y = make_sound(0.2)
        path = book.encode(y, SR)
        bent = book.follow(seconds=0.2, centroid=900)
        path.save(folder / "path.json")
        _controlled(bent).save(folder / "controls.json")
        (folder / "rows.json").write_text(json.dumps(_controlled(bent).to_fields()))
        save_layers([bent, bent.with_codes(bent.codes[::-1])], folder / "layers.json")
        latents = model.encode(y, SR)
        latents.save(folder / "latents.json")
        latents.save(folder / "latents.safetensors")
        for name, text in TEXTS.items():
            (folder / name).write_text(text)
        for name in SOUNDS:
            soundfile.write(folder / name, y, SR, subtype="FLOAT" if name == "float.wav" else None)
        trainer = make_trainer()
        trainer.advance()
        save_checkpoint(folder / "checkpoint.safetensors", Checkpoint(1, 10, 0.1, {}, "", trainer.to_tensors()))
        self.kinds = sorted({*KINDS_OF_FOLDERS, *(p.name for p in folder.iterdir() if p.is_file())})


KINDS_OF_FOLDERS = {
    **{f"book/{name}": "book" for name in ("card.json", "table.csv", "grains.safetensors", "model.safetensors")},
    **{f"model/{name}": "model" for name in ("card.json", "vae.safetensors", "vocoder-magnitude.safetensors")},
    "model/vocoder-melgan.safetensors": "model",
}


def spoil(originals: Originals, folder: Path, *, seed: int, number: int) -> Case:
    """Make a hostile case in a folder of its own, the same for the same seed and number."""
    rng = np.random.default_rng([seed, number])
    kind = originals.kinds[number % len(originals.kinds)]
    folder.mkdir(parents=True)
    if kind in KINDS_OF_FOLDERS:
        bundle = KINDS_OF_FOLDERS[kind]
        shutil.copytree(originals.folder / bundle, folder / bundle)
        path, file = folder / bundle, folder / kind
    else:
        path = file = folder / kind
        shutil.copy(originals.folder / kind, file)
    done = _spoil_file(file, rng)
    if kind in KINDS_OF_FOLDERS and rng.random() < 0.8:
        _reseal(path, file)
    return Case(kind, path, done)


def use(case: Case) -> None:
    """Read what a case holds, and play it where it can be read."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        _USES[case.kind.split("/")[0].rpartition(".")[0] or case.kind.split("/")[0]](case.path)


def _use_book(folder: Path) -> None:
    book = load(folder)
    list(describe_card(book.card))
    book.table.to_csv()
    repr(book.table)
    book.render(book.follow(seconds=0.1, loudness=-20))
    book.encode(np.sin(np.arange(3000)), book.grid.sr)


def _use_model(folder: Path) -> None:
    model = continuous.load(folder)
    list(describe_card(model.card))
    path = model.encode(make_sound(0.1), model.sr)
    for vocoder in model.vocoders:
        model.decode(path, vocoder=vocoder)


def _use_path(file: Path) -> None:
    paths = load_layers(file)
    _book().render(*paths)
    save_layers(paths, file.with_name("again.json"))


def _use_latents(file: Path) -> None:
    path = continuous.LatentPath.load(file)
    path.save(file.with_name(f"again{file.suffix}"))
    make_small_model(vocoders=("magnitude", "melgan")).decode(path)


def _use_curve(file: Path) -> None:
    curves.make_curve(f"@{file}").sample(np.linspace(0, 1, 50), 1.0)


def _use_sound(file: Path) -> None:
    audio.load(file)
    for _ in audio.stream(file, sr=SR):
        pass


def _use_checkpoint(file: Path) -> None:
    trainer, saved = make_trainer(), load_checkpoint(file)
    check_fit(saved.tensors, trainer.to_tensors(), file=file)
    trainer.take_up(saved.tensors, step=min(saved.step, 9))
    trainer.advance()


_USES: dict[str, Callable[[Path], None]] = {
    "book": _use_book, "model": _use_model, "path": _use_path, "controls": _use_path, "layers": _use_path,
    "rows": _use_path,
    "latents": _use_latents, "curve": _use_curve, "points": _use_curve, "checkpoint": _use_checkpoint,
    "a": _use_sound, "float": _use_sound,
}  # fmt: skip


@cache
def _book() -> Any:
    return make_codebook()


@cache
def _corpus() -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return small_corpus(Path(folder))


def make_trainer() -> CodebookTrainer:
    """Make a small training, the same one each time."""
    config = ModelConfig(n_fft=256, codes=8, latent=4, encoder_width=8, decoder_width=8)
    return CodebookTrainer(TrainConfig(config, steps=10, batch=16), _corpus(), total=10)


def _controlled(path: Any) -> Any:
    from vqsynth.codes.controls import no_controls

    n = len(path)
    values = {"tilt_db": 1.0, "transpose_cents": 50.0, "fundamental_hz": 200.0, "fundamental_db": 6.0}
    rows = {name: np.full(n, value) for name, value in values.items()} | {"envelope_db": np.arange(24.0)}
    return replace(path, controls=replace(no_controls(n), **rows))


def _spoil_file(file: Path, rng: Rng) -> str:
    data = file.read_bytes()
    if rng.random() < 0.08:
        return _replace_by_no_file(file, rng)
    spoilers: list[Callable[[bytes, Rng], tuple[str, bytes]]] = [_flip, _cut, _overwrite_size, _repeat]
    if file.suffix == ".json":
        spoilers = [_change_json] * 8 + [_decorate_text, *spoilers]
    elif file.suffix == ".csv":
        spoilers = [_change_cell] * 4 + [_decorate_text, *spoilers]
    elif file.suffix == ".safetensors":
        spoilers = [_change_tensors] * 8 + spoilers
    done, spoiled = spoilers[rng.integers(len(spoilers))](data, rng)
    file.write_bytes(spoiled)
    return done


def _replace_by_no_file(file: Path, rng: Rng) -> str:
    file.unlink()
    made: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(file),
        "folder": file.mkdir,
        "dangling link": lambda: file.symlink_to("nowhere"),
        "link to itself": lambda: file.symlink_to(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "empty": file.touch,
        "missing": lambda: None,
        "100 GB of nothing": lambda: _make_sparse(file),
    }
    what = list(made)[rng.integers(len(made))]
    made[what]()
    return what


def _make_sparse(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(100 * 2**30)


def _flip(data: bytes, rng: Rng) -> tuple[str, bytes]:
    spoiled = bytearray(data)
    for place in rng.integers(len(data) if rng.random() < 0.5 else min(len(data), 100), size=rng.integers(1, 9)):
        spoiled[place] ^= 1 << int(rng.integers(8))
    return "bits flipped", bytes(spoiled)


def _cut(data: bytes, rng: Rng) -> tuple[str, bytes]:
    return "cut off", data[: int(rng.integers(len(data)))]


def _overwrite_size(data: bytes, rng: Rng) -> tuple[str, bytes]:
    """Write a large number where headers have theirs."""
    number = int(rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 10**6]))
    place, order = int(rng.integers(min(len(data), 120))), "<>"[rng.integers(2)]
    return f"{number:#x} at byte {place}", data[:place] + struct.pack(f"{order}I", number) + data[place + 4 :]


def _repeat(data: bytes, rng: Rng) -> tuple[str, bytes]:
    start, stop = sorted(map(int, rng.integers(len(data) + 1, size=2)))
    return "a part twice", data[:stop] + data[start:]


def _decorate_text(data: bytes, rng: Rng) -> tuple[str, bytes]:
    decorated = {
        "a byte order mark": b"\xef\xbb\xbf" + data,
        "two byte order marks": b"\xef\xbb\xbf" * 2 + data,
        "UTF-16": data.decode().encode("utf-16"),
        "zeros inside": data[:20] + b"\0\0" + data[20:],
        "Latin-1 inside": data[:20] + b"\xe9" + data[20:],
        "old line ends": data.replace(b"\n", b"\r"),
        "brackets": b"[" * 200_000,
        "many lists": b"[" + b"[]," * 3_000_000 + b"1]",
    }
    what = list(decorated)[rng.integers(len(decorated))]
    return what, decorated[what]


def _change_cell(data: bytes, rng: Rng) -> tuple[str, bytes]:
    rows = [line.split(",") for line in data.decode().splitlines()]
    row = rows[rng.integers(len(rows))]
    cell = ["nan", "inf", "-1", "1e999", "9" * 5000, "", "x", '"', "\x1b[2J", "1;2", "0x10", "1_0", "1e38", "#"]
    value = cell[rng.integers(len(cell))]
    if rng.random() < 0.2:
        row.append(value)
    elif rng.random() < 0.1:
        row.pop()
    else:
        row[rng.integers(len(row))] = value
    return f"a cell {value[:20]!r}", "\n".join(map(",".join, rows)).encode()


def _change_json(data: bytes, rng: Rng) -> tuple[str, bytes]:
    found = json.loads(data)
    found.pop(CARD_HASH, None) if isinstance(found, dict) else None
    done = _change_node(found, rng)
    return done, json.dumps(found).encode()


def _change_node(found: Any, rng: Rng) -> str:
    """Change one value somewhere inside, in place."""
    node, key, trail = found, None, []
    while isinstance(node, dict | list) and len(node):
        if key is not None and rng.random() < 0.35:
            break
        holder = node
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = keys[int(rng.integers(len(keys)))]
        trail.append(str(key))
        node = node[key]
    value = NASTY[rng.integers(len(NASTY))]
    if rng.random() < 0.1:
        del holder[key]
        return f"{'/'.join(trail)} left out"
    if isinstance(holder[key], list) and holder[key] and rng.random() < 0.3:
        value = [value] * len(holder[key])
    elif isinstance(holder[key], int | float) and rng.random() < 0.3:
        value = holder[key] * int(rng.choice([2, 4, 16, 1024])) + int(rng.integers(2))
    holder[key] = value
    return f"{'/'.join(trail)} = {str(value)[:40]!r}"


def _change_tensors(data: bytes, rng: Rng) -> tuple[str, bytes]:
    """Change the header, and let the bytes behind it fit again, more or less."""
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    names = [name for name in header if name != "__metadata__"]
    entry = header[names[rng.integers(len(names))]]
    what = ("dtype", "shape", "rank", "nasty", "values", "renamed")[rng.integers(6)]
    if what == "dtype":
        entry["dtype"] = DTYPES[rng.integers(len(DTYPES))]
    elif what == "shape":
        entry["shape"] = [int(n) for n in rng.permutation(entry["shape"])] if rng.random() < 0.5 else [0, 2**40]
    elif what == "rank":
        entry["shape"] = [*entry["shape"], 1] if rng.random() < 0.5 else [int(np.prod(entry["shape"]))]
    elif what == "nasty":
        done, spoiled = _change_node(header, rng), header
        return done, _pack(spoiled, body)
    elif what == "renamed":
        header["another"] = header.pop(names[rng.integers(len(names))])
    else:
        start, stop = entry["data_offsets"]
        filled = {"zeros": b"\0", "ones": b"\xff", "large": b"\x7b", "negative": b"\xbc"}
        what = list(filled)[rng.integers(len(filled))]
        body = body[:start] + filled[what] * (stop - start) + body[stop:]
    return f"{what} of a tensor: {str(entry)[:60]}", _pack(_sign(header, body), body)


def _pack(header: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def _sign(header: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Put the hash of a checkpoint or a latent path right, where NumPy knows what the tensors are."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    from vqsynth.continuous import latentfiles
    from vqsynth.training.core import checkpoint

    about = header.get("__metadata__", {})
    try:
        tensors = parse(_pack(header, body))
        if "training" in about:
            about["sha256"] = checkpoint._hash(about["training"], tensors)
        elif "facts" in about:
            about["sha256"] = latentfiles._hash(about["facts"], tensors)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError):
        return header
    return header


def _reseal(folder: Path, file: Path) -> None:
    """Put the hash of a spoiled file on the card, and take the card's own away."""
    if not (folder / "card.json").is_file() or (folder / "card.json").stat().st_size > 2**20:
        return
    try:
        card = json.loads((folder / "card.json").read_bytes())
        if file.name != "card.json" and file.is_file() and file.stat().st_size < 2**30:
            card["files"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        card.pop(CARD_HASH, None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    if file.name != "card.json":
        (folder / "card.json").write_text(json.dumps(card))
