"""A path, the score of a sound: a code and a gain for every frame.

Its file is JSON with a line for each run of a code, see `vqsynth.codes.pathtext`. It is small, can be edited and
compared as text, and gives the same samples each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.controls import SIZES, Controls, join_controls, no_controls
from vqsynth.codes.encoding import scale_kept
from vqsynth.codes.pathtext import KIND, MOST_SAMPLES, ROWS, read_layers, write_text
from vqsynth.codes.voice import LOUDEST_DB, SILENT_DB
from vqsynth.errors import CodebookError, ParameterError
from vqsynth.errors.checks import check_kind, check_path, check_row, check_whole, show
from vqsynth.notebook import GOT, draw_codes, draw_curves, show_block, show_lines
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.width import check_spread
from vqsynth.storage.files import MOST_TEXT_BYTES, StrPath, read_regular, write_whole
from vqsynth.storage.records import parse_json

GAIN_DECIMALS = 4
"""Gains are rounded to a ten-thousandth of a decibel, so that a path file holds exactly what is rendered."""


@dataclass(frozen=True, eq=False, repr=False)
class CodePath:
    """Hold T = 1 + n_samples // hop_length codes and gains, and what is needed to render them again.

    A path is cut by a slice of frames, joined by `+` and compared by `==`. Its arrays cannot be written to.

    Parameters
    ----------
    codebook, sha256 : str
        Name of the codebook, and hash of its spectra.
    sr, hop_length, n_samples : int
        Sample rate in Hz, step between frames, and length of the sound in samples.
    codes : (T,) int
        A code for each frame.
    gain_db : (T,) float
        Gain of each frame in dB, up to 120. At 0 a code sounds at RMS 1; -120 and less is silence.
    excitation, seed : str, int
        The excitation and the seed with which the path is rendered by default.
    controls : Controls, optional
        Tilt, transposition and fundamental of T frames.
    spread : float
        0 to 1. Above 0 the path is rendered in stereo by default, and the wider, the larger the spread is.

    Raises
    ------
    ParameterError
        If these do not fit together.

    """

    codebook: str
    sha256: str
    sr: int
    hop_length: int
    n_samples: int
    codes: NDArray[np.int64]
    gain_db: NDArray[np.float64]
    excitation: str = "coherent"
    seed: int = 0
    controls: Controls | None = None
    spread: float = 0.0

    def __post_init__(self) -> None:
        codes, gain_db = check_row("codes", self.codes, whole=True), check_row("gain_db", self.gain_db)
        if (codes < 0).any():
            raise ParameterError(f"codes must be 0 or more (got {codes.min()})")
        for name in ("sr", "hop_length", "n_samples"):
            check_whole(name, getattr(self, name), 1, MOST_SAMPLES)
        frames = 1 + self.n_samples // self.hop_length
        if not len(codes) == len(gain_db) == frames:
            raise ParameterError(
                f"codes and gain_db need {frames} entries, one per frame of {self.n_samples} samples at hop_length "
                f"{self.hop_length} (got {len(codes)} and {len(gain_db)})"
            )
        if not (np.isfinite(gain_db) & (gain_db <= LOUDEST_DB)).all():
            raise ParameterError(
                f"gain_db must hold finite numbers up to {LOUDEST_DB:g} (got {gain_db.max():.4g}); turn the sound, or "
                "the loudness target, down to full scale"
            )
        check_seed(self.seed)
        object.__setattr__(self, "spread", check_spread(self.spread))
        for name in ("codebook", "sha256", "excitation"):
            check_kind(name, getattr(self, name), str, "text")
        if self.controls is not None and len(check_kind("controls", self.controls, Controls, "Controls")) != frames:
            raise ParameterError(f"controls must have {frames} frames, as the codes have (got {len(self.controls)})")
        rounded = np.round(np.maximum(gain_db, SILENT_DB), GAIN_DECIMALS)
        for name, row in (("codes", codes.astype(np.int64)), ("gain_db", rounded)):
            row.flags.writeable = False
            object.__setattr__(self, name, row)

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        used = len(np.unique(self.codes))
        return f"CodePath({self.codebook!r}, {len(self)} frames, {self.seconds:.2f} s, {used} codes used)"

    def _repr_html_(self) -> str:
        return show_block(repr(self), draw_path(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodePath) and self.to_fields() == other.to_fields()

    def __hash__(self) -> int:
        return hash((self.sha256, self.n_samples, self.codes.tobytes(), self.gain_db.tobytes()))

    def __getitem__(self, frames: slice) -> "CodePath":
        """Return some consecutive frames as a new path.

        Parameters
        ----------
        frames : slice
            Frames from `start` to `stop`, with a step of 1.

        Returns
        -------
        CodePath

        Raises
        ------
        ParameterError
            If `frames` is not such a slice, or holds no frame.

        Examples
        --------
        >>> import vqsynth
        >>> path = vqsynth.load("violin").follow(targets={"pitch": "A4"}, seconds=1)
        >>> len(path[10:50])
        40

        """
        if not isinstance(frames, slice) or frames.step not in (None, 1):
            raise ParameterError(
                f"the index of a path must be a slice of frames, such as path[10:50] (got {show(frames)})"
            )
        start, stop, _ = frames.indices(len(self))
        if stop <= start:
            raise ParameterError(f"path[{start}:{stop}] must hold a frame (the path has {len(self)}); choose others")
        n_samples = (
            self.n_samples - start * self.hop_length if stop == len(self) else (stop - start) * self.hop_length - 1
        )
        controls = self.controls.take(frames) if self.controls else None
        return replace(
            self, n_samples=max(1, n_samples), codes=self.codes[frames], gain_db=self.gain_db[frames], controls=controls
        )

    def __add__(self, other: "CodePath") -> "CodePath":
        """Join two paths of one codebook, one after the other. Raises ParameterError if the codebooks differ."""
        check_kind("what follows a path", other, CodePath, "a CodePath")
        clocks = [(path.sha256, path.sr, path.hop_length) for path in (self, other)]
        if clocks[0] != clocks[1]:
            raise ParameterError(
                "paths can only be joined if they belong to one codebook (got two); translate one of them first"
            )
        controls = None
        if self.controls or other.controls:
            both = (path.controls or no_controls(len(path)) for path in (self, other))
            controls = join_controls(*both)
        return replace(
            self, n_samples=len(self) * self.hop_length + other.n_samples, codes=np.append(self.codes, other.codes),
            gain_db=np.append(self.gain_db, other.gain_db), controls=controls,
        )  # fmt: skip

    def with_gain(self, gain_db: ArrayLike) -> "CodePath":
        """Return a path with other gains and the same codes.

        Parameters
        ----------
        gain_db : float or (T,) float
            Gains in dB: one for all frames, or one for each.

        Returns
        -------
        CodePath

        Raises
        ------
        ParameterError
            If there is not a gain for each frame, or a gain is not a number up to 120.

        Examples
        --------
        >>> import vqsynth
        >>> path = vqsynth.load("violin").follow(targets={"pitch": "A4"}, seconds=0.1)
        >>> float(path.with_gain(-20).gain_db[0])
        -20.0

        """
        gains = np.full(len(self), gain_db) if np.ndim(gain_db) == 0 else gain_db
        return replace(self, gain_db=check_row("gain_db", gains))

    def with_keep(self, **keep: float) -> "CodePath":
        """Return the path of an encoded sound with less of what it keeps of that sound, besides codes and gains.

        Parameters
        ----------
        **keep : float
            How much stays of `pitch`, the transposition of codes, and of `envelope`: from 0, the codebook's own, to 1,
            all of it. What is not named stays.

        Returns
        -------
        CodePath

        Raises
        ------
        ParameterError
            For another name, and an amount outside 0 to 1.

        Examples
        --------
        >>> import numpy as np
        >>> import vqsynth
        >>> tone = 0.1 * np.sin(2 * np.pi * 450 * np.arange(22050) / 44100)
        >>> path = vqsynth.load("violin").encode(tone, 44100)
        >>> bool(path.with_keep(pitch=1, envelope=0).controls.envelope_db.any())
        False

        """
        return replace(self, controls=scale_kept(self.controls, keep))

    @property
    def seconds(self) -> float:
        """Return the duration in seconds."""
        return self.n_samples / self.sr

    def with_codes(self, codes: ArrayLike) -> "CodePath":
        """Return a path with other codes and the same gains.

        Parameters
        ----------
        codes : (T,) int
            A code for each frame.

        Returns
        -------
        CodePath

        Raises
        ------
        ParameterError
            If there is not a code for each frame.

        Examples
        --------
        >>> import vqsynth
        >>> path = vqsynth.load("violin").follow(targets={"pitch": "A4"}, seconds=0.1)
        >>> bool(path.with_codes(path.codes[::-1]).codes[0] == path.codes[-1])
        True

        """
        return replace(self, codes=check_row("codes", codes, whole=True))

    def to_fields(self) -> dict[str, Any]:
        """Return the entries of a path file, with a number for each frame in every row."""
        spread = {"spread": self.spread} if self.spread else {}
        return {
            "format": ROWS, "kind": KIND, "codebook": self.codebook, "sha256": self.sha256, "sr": self.sr,
            "hop_length": self.hop_length, "n_samples": self.n_samples, "excitation": self.excitation,
            "seed": self.seed, "codes": self.codes.tolist(), "gain_db": self.gain_db.tolist(),
        } | spread | (self.controls.to_fields() if self.controls else {})  # fmt: skip

    def save(self, file: StrPath) -> None:
        """Write the path as JSON that people can edit, with a line per run of a code. Raises as `save_layers` does."""
        save_layers([self], file)

    @classmethod
    def load(cls, file: StrPath) -> "CodePath":
        """Read a path file. Raises CodebookError if the file cannot be used, or holds several layers."""
        found = load_layers(file)
        if len(found) > 1:
            raise CodebookError(
                f"the path file '{file}' must hold one path (got {len(found)} layers); use path.load_layers"
            )
        return found[0]


def draw_path(path: CodePath) -> str:
    """Draw the codes of a path for a notebook, and below them its gain and controls, of envelopes the mean size."""
    runs = 1 + np.count_nonzero(np.diff(path.codes))
    rows = {"gain (dB)": np.where(path.gain_db > SILENT_DB, path.gain_db, np.nan)}
    if path.controls:
        used = {name: values for name in SIZES if (values := getattr(path.controls, name)).any()}
        rows |= {name: np.abs(values).mean(axis=1) if values.ndim == 2 else values for name, values in used.items()}
    said = show_lines([f"{runs} runs over {path.seconds:.2f} s, a colour for each code"])
    return said + draw_codes(path.codes) + "".join(draw_curves(name, (row, GOT)) for name, row in rows.items())


def save_layers(paths: Sequence[CodePath], file: StrPath) -> None:
    """Write paths that sound together into one path file, completely or not at all.

    Parameters
    ----------
    paths : sequence of CodePath
        One path or more, of one codebook and one length.
    file : str or Path
        The path file.

    Raises
    ------
    ParameterError
        If there is no path, or the paths differ in codebook, rate or length.
    VqsynthError
        If the file cannot be written.

    """
    check_layers(paths)
    write_whole(check_path("file", file), write_text([path.to_fields() for path in paths]))


def load_layers(file: StrPath) -> tuple[CodePath, ...]:
    """Read the paths of a path file: one, or several that sound together.

    Parameters
    ----------
    file : str or Path
        The path file.

    Returns
    -------
    tuple of CodePath

    Raises
    ------
    CodebookError
        If the file cannot be read or used. The message says why.

    """
    file = check_path("file", file)
    data = read_regular(file, error=CodebookError, what="the path file", most_bytes=MOST_TEXT_BYTES)
    try:
        fields = parse_json(data)
    except ValueError as e:
        raise CodebookError(f"'{file}' is not a path file, which holds JSON with codes and gain_db: {e}") from e
    try:
        return read_paths(fields)
    except ParameterError as e:
        raise CodebookError(f"the path file '{file}' cannot be used: {e}") from e


def read_paths(fields: Any) -> tuple[CodePath, ...]:
    """Make paths of what the JSON of a path file holds. Raises ParameterError, which says what is wrong with it."""
    paths = tuple(CodePath(**layer) for layer in read_layers(fields))
    check_layers(paths)
    return paths


def check_layers(paths: Sequence[CodePath]) -> None:
    """Raise ParameterError unless the paths can sound together."""
    if not isinstance(paths, Sequence):
        raise ParameterError(f"layers must be a list of paths (got {show(paths)})")
    for path in paths:
        check_kind("each layer", path, CodePath, "a CodePath")
    if len({(path.sha256, path.sr, path.hop_length, path.n_samples) for path in paths}) != 1:
        raise ParameterError(
            f"layers must be at least one path, all of one codebook and one length (got {len(paths)} paths)"
        )
