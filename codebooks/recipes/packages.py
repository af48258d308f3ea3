"""The tools and packages that sounds come from, and what to install where one is missing."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vqsynth.errors import VqsynthError


@dataclass(frozen=True)
class Package:
    """Name a Debian package of sounds: its `title`, the file or folder that holds them, their licence and makers."""

    package: str
    title: str
    path: Path
    licence: str


FLUID = Package("fluid-soundfont-gm", "FluidR3 GM", Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), "MIT, Frank Wen")
MUSESCORE = Package(
    "musescore-general-soundfont-lossless",
    "MuseScore General",
    Path("/usr/share/sounds/sf2/MuseScore_General_Full.sf2"),
    "MIT, S. Christian Collins and others",
)
"""Most of its instruments are those of FluidR3. The piano, the sections of strings and some pads are its own."""
SONIC_PI = Package("sonic-pi-samples", "Sonic Pi", Path("/usr/share/sonic-pi/samples"), "CC0 1.0")
_KITS = Path("/usr/share/hydrogen/data/drumkits")
RUMPF = Package("hydrogen-drumkits", "rumpf_kit_z01", _KITS / "rumpf_kit_z01_h2", "CC BY 3.0, Emanuel Rumpf")
AUDIOPHOB = Package("hydrogen-drumkits", "Audiophob", _KITS / "Audiophob", "CC0 1.0")


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


def require_soundfont(soundfont: Package) -> Path:
    """Find the file of a SoundFont. Raises MissingError."""
    if not soundfont.path.is_file():
        raise MissingError({f"the SoundFont '{soundfont.path}'": soundfont.package})
    return soundfont.path


def require_samples(samples: Package) -> Path:
    """Find the folder of some samples. Raises MissingError."""
    if not samples.path.is_dir():
        raise MissingError({f"the samples '{samples.path}'": samples.package})
    return samples.path


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
