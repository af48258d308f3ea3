"""A latent path: a sound as a continuous model encodes it, and all that the model needs to decode it.

It holds principal components over time, in standard deviations of the model's corpus, the one of largest variance
first, and the loudness. A path is never changed: every operation returns a new one.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.continuous.latentfiles import ARRAYS, FACTS, read_fields, write_fields
from vqsynth.curves.language import make_curve
from vqsynth.errors import ModelError, ParameterError
from vqsynth.errors.checks import check_kind, check_number, check_whole, show
from vqsynth.notebook import GOT, draw_curves, show_block
from vqsynth.sound.arrays import Doubles, Floats
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.mel import SILENT_LUFS
from vqsynth.storage.files import StrPath

LOUDEST_DB = 120.0
"""Loudness above this is refused; below `mel.SILENT_LUFS` it is silence."""
LARGEST = 1e6
"""The largest component in standard deviations: far more than any sound has, and far below the limit of float32."""
LOUDNESS_DECIMALS = 4
DRAWN = 4
"""Components that a notebook draws; the others move the latents less."""
LONGEST_S = 3600.0
MOST_SAMPLES = 2**40
"""Far more than anybody records, and small enough to count frames with on every machine."""


@dataclass(frozen=True, eq=False, repr=False)
class LatentPath:
    """Hold a sound as components and loudness over time.

    There are T = 1 + n_samples // hop_length frames. Arrays are copied and cannot be written to.

    Parameters
    ----------
    model, sha256 : str
        The name of the model that the path belongs to, and the hash of its VAE.
    sr, hop_length, n_samples : int
        Sample rate in Hz, samples between frames, samples of the sound.
    components : (C, T) float32
        In standard deviations of the model's corpus around its mean, 0.
    loudness_db : (T,) float64
        K-weighted, in LUFS.
    vocoder, excitation : str, optional
        How the path is decoded. By default with the model's best vocoder and that vocoder's own excitation.
    seed : int
        Seed of the noise.

    Raises
    ------
    ParameterError
        Where shapes do not fit the number of frames, and for values out of range.

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
        """Return the number of components, C."""
        return len(self.components)

    @property
    def seconds(self) -> float:
        """Return the duration in seconds."""
        return self.n_samples / self.sr

    @property
    def times_s(self) -> Doubles:
        """Return the times of the frames in seconds, (T,)."""
        return np.arange(len(self)) * self.hop_length / self.sr

    def sample(self, curve: Any) -> Doubles:
        """Sample a curve at the frames.

        Parameters
        ----------
        curve : number, str or array
            Anything that `vqsynth.curves.language.make_curve` takes. It lasts from the first frame to the last:
            "line(0,1)" is 0 in the first and 1 in the last.

        Returns
        -------
        (T,) float64
            The values.

        Raises
        ------
        ParameterError
            For a curve that cannot be used.

        """
        times = self.times_s
        return make_curve(curve).sample(times, float(times[-1]) or self.seconds)

    def with_values(self, *, components: ArrayLike | None = None, loudness_db: ArrayLike | None = None) -> "LatentPath":
        """Return a path with other components, another loudness, or both.

        Parameters
        ----------
        components : (C, T), optional
            In standard deviations.
        loudness_db : (T,), optional
            In LUFS.

        Returns
        -------
        LatentPath
            The new path; everything else stays.

        Raises
        ------
        ParameterError
            For shapes that do not fit, and values out of range.

        """
        return replace(
            self,
            components=self.components if components is None else np.asarray(components),
            loudness_db=self.loudness_db if loudness_db is None else np.asarray(loudness_db),
        )

    def plot(
        self,
        file: StrPath,
        *,
        components: int = 8,
        before: "LatentPath | None" = None,
        title: str | None = None,
        dark: bool = False,
    ) -> None:
        """Draw the loudness in dB, and the first components in standard deviations.

        Parameters
        ----------
        file : str or Path
            The picture, .png, .svg or .pdf.
        components : int
            Number of components to draw, 1 or more, on one scale.
        before : LatentPath, optional
            Another path to draw behind, such as the one before bending.
        title : str, optional
            Title of the picture.
        dark : bool
            Whether to draw on dark paper.

        Raises
        ------
        ModelError
            For paths of two models.
        ParameterError
            For less than one component, and an unknown extension.
        VqsynthError
            Where the file cannot be written.

        """
        from vqsynth.plot import plot_latents

        if before is not None:
            check_same_model(self, before)
        plot_latents(self, file, components=components, before=before, title=title, dark=dark)

    def save(self, file: StrPath) -> None:
        """Write the path to a file, completely or not at all.

        Parameters
        ----------
        file : str or Path
            A name that ends in .json or .safetensors.

        Raises
        ------
        ParameterError
            For another suffix.
        VqsynthError
            Where the file cannot be written.

        """
        write_fields(file, *({name: getattr(self, name) for name in names} for names in (FACTS, ARRAYS)))

    @classmethod
    def load(cls, file: StrPath) -> "LatentPath":
        """Read a file that `save` wrote; it may have been edited since.

        Parameters
        ----------
        file : str or Path
            A name that ends in .json or .safetensors.

        Returns
        -------
        LatentPath

        Raises
        ------
        ModelError
            Where the file cannot be read or used; it says why.

        """
        try:
            return cls(**read_fields(file))
        except OSError as e:
            raise ModelError(f"cannot read the latent path '{file}': {(e.strerror or str(e)).split(': ')[0]}") from e
        except (ParameterError, OverflowError) as e:
            raise ModelError(f"the latent path '{file}' cannot be used: {e}") from e


def check_latents(path: Any) -> LatentPath:
    """Return a latent path. Raises ParameterError for anything else."""
    return check_kind("path", path, LatentPath, "a LatentPath")


def check_same_model(*paths: LatentPath) -> None:
    """Raise ModelError for paths that are not all of one model."""
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
