"""Rendering of scores by FluidSynth. A score always gives the same samples."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vqsynth.codebooks.recipes.midi import Score
from vqsynth.codebooks.recipes.packages import FLUID, Package, PackageError, require_soundfont, require_tool
from vqsynth.sound import audio
from vqsynth.sound.frames import Floats

SR_HZ = 44100
PEAK = 0.9
AUDIBLE = 1e-4
TAIL_S = 0.1
_SYNTH_OPTIONS = ("synth.dynamic-sample-loading=1", "synth.polyphony=64", "synth.cpu-cores=1")


def render_phrases(phrases: Iterable[tuple[str, Score]], folder: Path, *, soundfont: Package = FLUID) -> list[Path]:
    """Render scores, each to a WAV file. All have one gain, so that soft ones stay soft.

    Parameters
    ----------
    phrases : iterable of (str, Score)
        Name and score of each file.
    folder : Path
        The folder of the files.
    soundfont : Package
        The SoundFont that plays them.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    PackageError
        If FluidSynth or its SoundFont is missing.

    """
    sounds = {name: _cut_silence(render_score(score, soundfont=soundfont)) for name, score in phrases}
    gain = np.float32(PEAK / max(float(np.abs(y).max()) for y in sounds.values()))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.wav" for name in sounds]
    for path, y in zip(paths, sounds.values(), strict=True):
        audio.save(path, gain * y, SR_HZ)
    return sorted(paths)


def render_score(score: Score, *, soundfont: Package = FLUID) -> Floats:
    """Render a score to samples (n,) at 44.1 kHz, without reverb and chorus.

    Only the left channel is kept. The two channels hold different recordings, slightly out of tune with each other.
    Raises PackageError if FluidSynth or its SoundFont is missing, or fails.
    """
    fluidsynth, file = require_tool("fluidsynth", "fluidsynth"), require_soundfont(soundfont)
    with tempfile.TemporaryDirectory() as temporary:
        midi, raw = Path(temporary) / "score.mid", Path(temporary) / "score.raw"
        midi.write_bytes(score.to_midi())
        # Output is in floats, because FluidSynth dithers integers at random.
        command = [fluidsynth, "-niq", "-R", "0", "-C", "0", "-g", "0.6", "-r", str(SR_HZ), "-O", "float", "-T", "raw"]
        for option in _SYNTH_OPTIONS:
            command += ["-o", option]
        done = subprocess.run([*command, "-F", str(raw), str(file), str(midi)], capture_output=True, check=False)
        if done.returncode or not raw.is_file() or not raw.stat().st_size:
            last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise PackageError(f"fluidsynth could not render ({last}); install a FluidSynth of version 2")
        return np.ascontiguousarray(np.fromfile(raw, "<f4").reshape(-1, 2)[:, 0])


def _cut_silence(y: Floats) -> Floats:
    """Cut a sound a tenth of a second after its last audible sample."""
    audible = np.flatnonzero(np.abs(y) > AUDIBLE)
    return y[: int(audible[-1]) + round(TAIL_S * SR_HZ)] if len(audible) else y
