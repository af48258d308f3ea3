"""Check an installed vqsynth, and a sound and a report that it made, from outside the checkout.

Usage: check_install.py CHECKOUT SOUND REPORT
"""

import json
import sys
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import numpy as np
import soundfile

import vqsynth


def check_layout(checkout: Path) -> None:
    """Hold that the package is not the checkout's, that it is whole, and that it leaves nothing beside itself."""
    home = Path(vqsynth.__file__).resolve().parent
    require(not home.is_relative_to(checkout), f"vqsynth comes from the checkout, {home}")
    tops = {Path(f).parts[0] for f in metadata.files("vqsynth") or [] if ".." not in Path(f).parts}
    strays = {top for top in tops if top != "vqsynth" and not top.endswith(".dist-info")}
    require(not strays, f"the wheel puts {sorted(strays)} beside vqsynth in site-packages")
    for folder in "cli", "codebooks", "tests":
        require(not (home.parent / folder).exists(), f"a top-level {folder} landed in site-packages")
    require(metadata.version("vqsynth") == vqsynth.__version__, "the version is not the same everywhere")
    require((home / "py.typed").is_file(), "py.typed is missing")
    book = files("vqsynth.codebooks") / "violin"
    for name in "card.json", "grains.safetensors", "model.safetensors", "table.csv":
        require((book / name).is_file(), f"violin/{name} is missing from the wheel")


def check_sound(sound: Path, report: Path) -> None:
    """Hold that the sound lasts 3 s, is finite, neither silent nor clipped, and that the report tells of it."""
    y, sr = soundfile.read(sound)
    told = json.loads(report.read_text(encoding="utf-8"))
    require(y.ndim == 1 and sr == told["sr"], f"expected mono at {told['sr']} Hz, got {y.shape} at {sr} Hz")
    require(abs(len(y) / sr - 3) < 0.02, f"expected 3 s, got {len(y) / sr:.3f} s")
    require(bool(np.isfinite(y).all()), "the sound holds NaN or infinite samples")
    rms, peak = float(np.sqrt(np.mean(y**2))), float(np.abs(y).max())
    require(rms > 0.01 and peak <= 1, f"expected a sound, got RMS {rms:.4f} and peak {peak:.3f}")
    print(f"wheel: {len(y) / sr:.2f} s at {sr} Hz, RMS {20 * np.log10(rms):.1f} dB, report and package complete")


def require(holds: bool, problem: str) -> None:
    """End with one line where something does not hold."""
    if not holds:
        raise SystemExit(f"check_install: {problem}")


if __name__ == "__main__":
    check_layout(Path(sys.argv[1]).resolve())
    check_sound(Path(sys.argv[2]), Path(sys.argv[3]))
