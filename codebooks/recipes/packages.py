"""The tools and packages that sounds come from, and what to install where one is missing."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from vqsynth.errors import VqsynthError

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SAMPLES = Path("/usr/share/sonic-pi/samples")


class PackageError(VqsynthError):
    """A package that a recipe needs is missing, or could not be installed."""


class MissingError(PackageError):
    """Say in one line what is missing, by the Debian package that has it, and the command that installs all of it."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        self.missing = dict(missing)
        install = " ".join(dict.fromkeys(self.missing.values()))
        super().__init__(f"missing: {', '.join(self.missing)}; sudo apt-get install {install}")


def require_all(checks: Iterable[Callable[[], object]]) -> None:
    """Run all checks. Raises one MissingError for all that is missing."""
    missing: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except MissingError as e:
            missing |= e.missing
    if missing:
        raise MissingError(missing)


def require_tool(command: str, package: str) -> str:
    """Find a command. Raises MissingError, naming the package that has it."""
    found = shutil.which(command)
    if found is None:
        raise MissingError({f"the command '{command}'": package})
    return found


def require_soundfont(file: Path = SOUNDFONT) -> Path:
    """Find the General MIDI SoundFont of Frank Wen. Raises MissingError."""
    if not file.is_file():
        raise MissingError({f"the SoundFont '{file}'": "fluid-soundfont-gm"})
    return file


def require_samples(folder: Path = SAMPLES) -> Path:
    """Find the folder of Sonic Pi's samples. Raises MissingError."""
    if not folder.is_dir():
        raise MissingError({f"the samples '{folder}'": "sonic-pi-samples"})
    return folder


def install_npm_package(name: str, version: str, folder: Path) -> Path:
    """Unpack an npm package under `folder`, without running anything of it, and return where it lies.

    Raises PackageError where npm is missing or cannot get the package.
    """
    unpacked = folder / "node_modules" / name
    if unpacked.is_dir():
        return unpacked
    npm = require_tool("npm", "npm")
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        "--prefix",
        str(folder),
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-audit",
        "--no-fund",
        "--no-save",
    ]
    done = subprocess.run([npm, "install", *options, f"{name}@{version}"], capture_output=True, text=True, check=False)
    if done.returncode or not unpacked.is_dir():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PackageError(f"npm could not install {name}@{version} ({last}); check the network and try again")
    return unpacked
