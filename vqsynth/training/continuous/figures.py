"""The figures on a card: errors of held-out sounds, what components follow, the loudness left in the latents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vqsynth.continuous.components import Components
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.vae import VAE, encode_frames
from vqsynth.errors import VqsynthError
from vqsynth.sound import audio
from vqsynth.sound.arrays import Doubles, Ints
from vqsynth.sound.descriptors import REGISTRY, measure
from vqsynth.sound.distances import Distances, compare_sounds, mean_distances
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import analyse_sound
from vqsynth.training.continuous.corpus import AUDIBLE_DB, MelCorpus
from vqsynth.training.core.held_out import measure_each

if TYPE_CHECKING:
    from vqsynth.continuous.model import ContinuousModel


HELD_OUT_S = 20.0
"""Seconds from the start of each held-out sound that every vocoder decodes."""
DESCRIBED_S = 1200.0
"""Seconds of sound that are measured to find the descriptor that each component follows."""
REGRESSION_FRAMES = 40_000
REGRESSION_S = 300.0
"""Seconds from the start of each held-out sound that the loudness regression is tested on."""
FEWEST_FRAMES = 50


def describe_components(corpus: MelCorpus, values: Floats) -> list[dict[str, Any]]:
    """Tell which descriptor each component follows most, and its correlation with it (Pearson's).

    values: (T, C) components of all frames of the corpus. Descriptors compared as ratios are compared by their
    logarithms; frames without a value, or not audible, do not count.
    """
    rows, measured = _measure_pieces(corpus)
    values = values[rows]
    described = []
    for component in range(values.shape[1]):
        found = {name: _correlate(values[:, component], column) for name, column in measured.items()}
        name = max(found, key=lambda key: abs(found[key]))
        described.append({"component": component + 1, "descriptor": name, "correlation": round(found[name], 3)})
    return described


def regress_loudness(
    vae: VAE, latents: Floats, corpus: MelCorpus, flattening: Flattening, held_out: Sequence[Path]
) -> float | None:
    """Tell how much of the flattened loudness of held-out sounds can be read from their latents: R2.

    A fresh regressor, gradient-boosted trees, learns it from the training sounds. R2 is 1 for all, 0 or less for
    nothing; None without held-out sounds, of which the first minutes are heard. Inaudible frames do not count.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    if not held_out:
        return None
    rows = corpus.originals[:: max(1, len(corpus.originals) // REGRESSION_FRAMES)]
    regressor = HistGradientBoostingRegressor(random_state=0, early_stopping=False)
    regressor.fit(latents[rows], flattening.flatten(corpus.loudness_db[rows]))
    frames = [analyse_sound(y, corpus.grid) for y in _hear_beginnings(held_out, corpus.grid.frames.sr)]
    if not frames:
        return None
    heard = [f.loudness_db > f.loudness_db.max() - AUDIBLE_DB for f in frames]
    z = np.concatenate([encode_frames(vae, f.log_mel)[h] for f, h in zip(frames, heard, strict=True)])
    u = flattening.flatten(np.concatenate([f.loudness_db[h] for f, h in zip(frames, heard, strict=True)]))
    if len(u) < FEWEST_FRAMES:
        return None
    return round(float(regressor.score(z, u)), 3)


def measure_vocoders(
    model: "ContinuousModel",
    paths: Sequence[Path],
    *,
    seconds: float = HELD_OUT_S,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, dict[str, Distances]]:
    """Encode and decode sound files with every vocoder of a model, and compare: vocoder to file name to distances.

    seconds: how much of each file. What cannot be measured is told to `say`, and left out.
    """
    files = measure_each(paths, lambda path: _measure_file(model, path, seconds), say=say)
    return {name: {file: found[name] for file, found in files.items()} for name in model.vocoders}


def _measure_file(model: "ContinuousModel", file: Path, seconds: float) -> dict[str, Distances]:
    sr = model.grid.frames.sr
    y = audio.load(file, sr=sr)[0][: round(seconds * sr)]
    latent_path = model.encode(y, sr)
    return {name: compare_sounds(y, model.render(latent_path, vocoder=name), sr=sr) for name in model.vocoders}


def _hear_beginnings(paths: Sequence[Path], sr: int) -> Iterator[Floats]:
    """Read the first minutes of sounds; what cannot be read any more is left out."""
    for path in paths:
        try:
            yield audio.load(path, sr=sr)[0][: round(REGRESSION_S * sr)]
        except (VqsynthError, OSError):
            continue


def choose_vocoder(figures: dict[str, dict[str, Distances]], trained: Sequence[str]) -> str:
    """Name the trained vocoder that comes nearest, all three distances counting alike; the first without figures."""
    means = {name: mean_distances(list(figures[name].values())) for name in trained if figures.get(name)}
    if not means:
        return trained[0]
    best = {field: min(asdict(m)[field] for m in means.values()) for field in ("lsd_db", "sc", "mcd_db")}
    return min(means, key=lambda name: sum(asdict(means[name])[f] / max(low, 1e-9) for f, low in best.items()))


def summarize_figures(figures: dict[str, dict[str, Distances]]) -> dict[str, Any]:
    """Gather the means per vocoder and the distances per file for a card."""
    return {
        name: {
            "mean": mean_distances(list(files.values())).to_dict() if files else None,
            "files": {file: d.to_dict() for file, d in files.items()},
        }
        for name, files in figures.items()
    }


def fit_components(latents: Floats, corpus: MelCorpus) -> Components:
    """Find the principal components of the latents (T, C) of the audible frames that are not transposed."""
    rows = corpus.originals
    return Components.of_latents(latents[rows if len(rows) > latents.shape[1] else slice(None)])


def _measure_pieces(corpus: MelCorpus) -> tuple[Ints, dict[str, Doubles]]:
    """Measure original pieces, spread over the corpus: audible frames (O,), and descriptors by name, (O,)."""
    grid = corpus.grid.frames
    originals = np.flatnonzero(corpus.is_original)
    wanted = max(1, int(DESCRIBED_S / max(corpus.seconds, 1e-9) * len(originals)))
    rows: list[Ints] = []
    columns: dict[str, list[Floats]] = {name: [] for name in REGISTRY}
    for first, end in corpus.pieces[originals[:: max(1, round(len(originals) / wanted))]]:
        n_samples = int(end - first - 1) * grid.hop_length + 1
        y = corpus.sounds(np.array([first]), n_samples)[0]
        kept = np.flatnonzero(corpus.audible[first:end])
        rows.append(first + kept)
        for name, values in measure(y, grid).items():
            columns[name].append(values[kept])
    return np.concatenate(rows), {name: _scaled(name, np.concatenate(c)) for name, c in columns.items()}


def _scaled(name: str, values: Floats) -> Doubles:
    if REGISTRY[name].scale != "octave":
        return values.astype(np.float64)
    return np.log2(np.where(values > 0, values, np.nan)).astype(np.float64)


def _correlate(a: Floats, b: Doubles) -> float:
    usable = np.isfinite(b)
    if usable.sum() < FEWEST_FRAMES or a[usable].std() < 1e-9 or b[usable].std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a[usable].astype(np.float64), b[usable])[0, 1])
