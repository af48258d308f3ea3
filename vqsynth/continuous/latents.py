"""A latent path: what a continuous model hears in a sound, and all it needs to make one.

Principal components over time, in standard deviations of the model's corpus, the strongest first, and the loudness
beside them. A record that is never changed: what is done to it gives a new one.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_kind, check_number, check_whole, show
from vqsynth.continuous.latentfiles import ARRAYS, FACTS, read_fields, write_fields
from vqsynth.curves.language import make_curve
from vqsynth.errors import ModelError, ParameterError
from vqsynth.notebook import GOT, draw_curves, show_block
from vqsynth.sound.arrays import Doubles, Floats
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.mel import SILENT_LUFS
from vqsynth.storage.files import StrPath

LOUDEST_DB = 120.0
"""Loudness beyond is refused; below `mel.SILENT_LUFS` it is silence."""
LARGEST = 1e6
"""Standard deviations: far beyond what any sound has, and far from where float32 ends."""
LOUDNESS_DECIMALS = 4
DRAWN = 4
"""Components that a notebook draws; the others move the latents less."""
LONGEST_S = 3600.0
MOST_SAMPLES = 2**40
"""Far more than anybody records, and few enough for every machine to count frames by."""


@dataclass(frozen=True, eq=False, repr=False)
class LatentPath:
    """Hold a sound as components over time, and its loudness beside them.

    There are T = 1 + n_samples // hop_length frames. Arrays are copied and cannot be written to.

    Parameters
    ----------
    model, sha256 : str
        The name of the model that the path belongs to, and the hash of its auto-encoder.
    sr, hop_length, n_samples : int
        The clock: Hz, samples between frames, samples of the sound.
    components : (C, T) float32
        In standard deviations of the model's corpus around its mean, 0.
    loudness_db : (T,) float64
        K-weighted, in LUFS.
    vocoder, excitation : str, optional
        How the path is decoded. By default as suits the model.
    seed : int
        Seed of the noise.

    Raises
    ------
    ParameterError
        Where these do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> path = continuous.LatentPath("strings", "", 44100, 512, 1024, np.zeros((16, 3)), np.full(3, -20.0))
    >>> path.with_values(loudness_db=path.loudness_db - 6).loudness_db
    array([-26., -26., -26.])

    """

    model: str
    sha256: str
    sr: int
    hop_length: int
    n_samples: int
    components: Floats
    loudness_db: Doubles
    vocoder: str | None = None
    excitation: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        components, loudness_db = np.array(self.components, np.float64), np.array(self.loudness_db, np.float64)
        for name in ("sr", "hop_length", "n_samples"):
            check_whole(name, getattr(self, name), 1, MOST_SAMPLES)
        frames = 1 + self.n_samples // self.hop_length
        if components.shape[1:] != (frames,) or not len(components) or loudness_db.shape != (frames,):
            raise ParameterError(
                f"{self.n_samples} samples at hop_length {self.hop_length} make {frames} frames, so components of "
                f"shape (C, {frames}) and loudness_db of ({frames},) are expected (got {components.shape} and "
                f"{loudness_db.shape})"
            )
        _check_range(components, -LARGEST, LARGEST, "components")
        _check_range(loudness_db, -np.inf, LOUDEST_DB, "loudness_db")
        check_seed(self.seed)
        _freeze(self, "components", np.ascontiguousarray(components, np.float32))
        _freeze(self, "loudness_db", np.round(np.maximum(loudness_db, SILENT_LUFS), LOUDNESS_DECIMALS))

    def __len__(self) -> int:
        return len(self.loudness_db)

    def __repr__(self) -> str:
        return f"LatentPath({self.model!r}, {len(self)} frames, {self.seconds:.2f} s, {self.n_components} components)"

    def _repr_html_(self) -> str:
        level = draw_curves(
            "loudness (LUFS)", (np.where(self.loudness_db > SILENT_LUFS, self.loudness_db, np.nan), GOT)
        )
        rows = (draw_curves(f"component {i}", (row, GOT)) for i, row in enumerate(self.components[:DRAWN], 1))
        return show_block(repr(self), level, *rows)

    @property
    def n_components(self) -> int:
        """Tell the number of components, C."""
        return len(self.components)

    @property
    def seconds(self) -> float:
        """Tell the duration in seconds."""
        return self.n_samples / self.sr

    @property
    def times_s(self) -> Doubles:
        """Tell the times of the frames in seconds, (T,)."""
        return np.arange(len(self)) * self.hop_length / self.sr

    def sample(self, curve: Any) -> Doubles:
        """Take a curve's values at the frames, (T,).

        curve: anything that `curves.make_curve` takes; it lasts from the first frame to the last, so that `line(0,1)`
        is 0 in the first and 1 in the last. Raises ParameterError for an unusable one.
        """
        times = self.times_s
        return make_curve(curve).sample(times, float(times[-1]) or self.seconds)

    def with_values(self, *, components: ArrayLike | None = None, loudness_db: ArrayLike | None = None) -> "LatentPath":
        """Replace the components (C, T), the loudness (T,), or both, the rest staying."""
        return replace(
            self,
            components=self.components if components is None else np.asarray(components),
            loudness_db=self.loudness_db if loudness_db is None else np.asarray(loudness_db),
        )

    def save(self, file: StrPath) -> None:
        """Write the path as JSON or safetensors, by the suffix, whole or not at all.

        Raises ParameterError for another suffix, VqsynthError where the system refuses.
        """
        write_fields(file, *({name: getattr(self, name) for name in names} for names in (FACTS, ARRAYS)))

    @classmethod
    def load(cls, file: StrPath) -> "LatentPath":
        """Read a file that `save` wrote, perhaps edited since. Raises ModelError that says what is wrong with it."""
        try:
            return cls(**read_fields(file))
        except OSError as e:
            raise ModelError(f"cannot read the latent path '{file}': {(e.strerror or str(e)).split(': ')[0]}") from e
        except (ParameterError, OverflowError) as e:
            raise ModelError(f"the latent path '{file}' cannot be used: {e}") from e


def check_latents(path: Any) -> LatentPath:
    """Refuse what is no latent path. Raises ParameterError."""
    return check_kind("path", path, LatentPath, "a LatentPath")


def check_same_model(*paths: LatentPath) -> None:
    """Refuse paths that are not of one model. Raises ModelError."""
    first = paths[0]
    for path in paths:
        check_latents(path)
    for path in paths[1:]:
        kinds = [(p.sha256, p.sr, p.hop_length, p.n_components) for p in (first, path)]
        if kinds[0] != kinds[1]:
            names = (f"{p.model!r} of hash {p.sha256[:8]}" for p in (first, path))
            raise ModelError(f"the latent paths are of different models, {' and '.join(names)}; encode all with one")


def count_samples(seconds: float, sr: int) -> int:
    """Turn a duration into samples, at least 1. Raises ParameterError outside 0 to an hour."""
    try:
        known = 0 < check_number("seconds", seconds) <= LONGEST_S
    except ParameterError:
        known = False
    if not known:
        raise ParameterError(f"seconds must be above 0 and at most {LONGEST_S:.0f} (got {show(seconds)})")
    return max(1, round(seconds * sr))


def _check_range(values: Doubles, low: float, high: float, name: str) -> None:
    if not np.isfinite(values).all():
        raise ParameterError(f"{name} must hold finite numbers (got NaN or infinite ones)")
    worst = float(values.max() if values.max() > high else values.min())
    if not low <= worst <= high:
        raise ParameterError(f"{name} must lie within {high:g} (got {worst:.4g}); bend it less")


def _freeze(path: LatentPath, name: str, values: NDArray[Any]) -> None:
    values.flags.writeable = False
    object.__setattr__(path, name, values)
