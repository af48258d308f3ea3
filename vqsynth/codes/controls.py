"""What a code alone cannot give: transposition, tilt, an envelope, a stronger fundamental, and an attack.

Each is a number per frame, an envelope 24 of them, bounded, and nothing at zero. All keep the power of the frame, so
that level stays a matter of gain. A tilt is an envelope that is a straight line over octaves, in one number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.envelopes import BANDS, ENVELOPE_DECIMALS, spread_bands
from vqsynth.errors import ParameterError
from vqsynth.sound.attacks import MAX_ATTACK_MS
from vqsynth.sound.excitation import FrameSpectra
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.partials import LOBE, Partials, phase_advance
from vqsynth.storage.records import read_numbers

MAX_TILT_DB = 6.0
MAX_TRANSPOSE_CENTS = 1200.0
MAX_FUNDAMENTAL_DB = 40.0
MAX_ENVELOPE_DB = 40.0
_NEPER = np.float32(np.log(10) / 20)
LOWEST_OCTAVE_HZ = 50.0
"""Tilt counts octaves from here; under it, the spectrum is left level."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Hold T frames' controls.

    Parameters
    ----------
    tilt_db : array (T,)
        dB per octave, up to 6 either way.
    transpose_cents : array (T,)
        Cents, up to an octave either way.
    fundamental_hz : array (T,)
        Where the code has its fundamental, in Hz.
    fundamental_db : array (T,)
        By how many dB that is raised, 0 to 40.
    envelope_db : array (T, 24) or (24,)
        By how many dB the bands of `vqsynth.codes.envelopes` are moved, up to 40 either way, kept to a tenth of a dB.
        24 numbers hold for all frames. By default nothing.
    attack_ms : array (T,) or 0
        Where it is above 0, the sound before ends and a new one begins at this frame; it rises from 10 to 90 % in so
        many ms, up to 100. By default nowhere.

    Raises
    ------
    ParameterError
        For lengths that differ and values out of bounds.

    """

    tilt_db: NDArray[np.float64]
    transpose_cents: NDArray[np.float64]
    fundamental_hz: NDArray[np.float64]
    fundamental_db: NDArray[np.float64]
    envelope_db: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BANDS))
    attack_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(()))

    def __post_init__(self) -> None:
        limits = {"tilt_db": (-MAX_TILT_DB, MAX_TILT_DB),
                  "transpose_cents": (-MAX_TRANSPOSE_CENTS, MAX_TRANSPOSE_CENTS), "fundamental_hz": (0.0, 1e6),
                  "fundamental_db": (0.0, MAX_FUNDAMENTAL_DB), ATTACK: (0.0, MAX_ATTACK_MS)}  # fmt: skip
        if np.ndim(self.attack_ms) == 0:
            object.__setattr__(self, ATTACK, np.full(len(self), self.attack_ms))
        for name, (low, high) in limits.items():
            values = np.round(np.asarray(getattr(self, name), np.float64), 4)
            if values.shape != (len(self),) or not ((values >= low) & (values <= high)).all():
                raise ParameterError(f"{name} must hold {len(self)} numbers from {low:g} to {high:g}")
            object.__setattr__(self, name, values)
        object.__setattr__(self, "envelope_db", _check_envelope(self.envelope_db, len(self)))

    def __len__(self) -> int:
        return len(self.tilt_db)

    def take(self, frames: Any) -> "Controls":
        """Take some frames, by a slice or an array of indices."""
        taken = object.__new__(Controls)  # what was checked once is not checked again for every frame that is played
        for name in _ROWS:
            object.__setattr__(taken, name, getattr(self, name)[frames])
        return taken

    def to_fields(self) -> dict[str, list[Any]]:
        """List what is not zero, for JSON: a row of T numbers for each control, 24 such rows for the envelope."""
        used = {name for name in SIZES if getattr(self, name).any()}
        used |= {ATTACK} if self.attack_ms.any() else set()
        used |= {PLACES[name] for name in PLACES if name in used}
        return {field.name: getattr(self, field.name).T.tolist() for field in fields(self) if field.name in used}


def _check_envelope(values: Any, n_frames: int) -> NDArray[np.float64]:
    """Round envelopes, (T, 24) or (24,), to (T, 24). Raises ParameterError."""
    given = np.asarray(values, np.float64)
    rows = np.round(given, ENVELOPE_DECIMALS) + 0.0  # no -0
    inside = (np.abs(rows) <= MAX_ENVELOPE_DB).all()
    if rows.shape not in ((BANDS,), (n_frames, BANDS)) or not inside:
        raise ParameterError(
            f"{ENVELOPE} must hold {BANDS} numbers from {-MAX_ENVELOPE_DB:g} to {MAX_ENVELOPE_DB:g} for each of "
            f"{n_frames} frames"
        )
    return np.broadcast_to(rows, (n_frames, BANDS))


ENVELOPE, ATTACK = "envelope_db", "attack_ms"
SIZES = ("tilt_db", "transpose_cents", "fundamental_db", ENVELOPE)
"""What tells how much of a control is used, nothing at zero."""
PLACES = {"fundamental_db": "fundamental_hz"}
"""What says, beside a size, where it counts."""
_ROWS = tuple(field.name for field in fields(Controls))
CONTROLS = frozenset(_ROWS)


def join_controls(first: Controls, second: Controls) -> Controls:
    """Join the controls of two paths, one after the other."""
    names = [field.name for field in fields(Controls)]
    return Controls(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def no_controls(n_frames: int) -> Controls:
    """Make controls that change nothing."""
    zeros = np.zeros(n_frames)
    return Controls(zeros, zeros, zeros, zeros)


def read_controls(values: Mapping[str, Any], n_frames: int) -> Controls:
    """Make controls of what a file holds, the rest being zero.

    Parameters
    ----------
    values : dict of name to list
        What `Controls.to_fields` lists; the envelope may be an array (T, 24) instead.
    n_frames : int
        T.

    Returns
    -------
    Controls
        Of T frames.

    Raises
    ------
    ParameterError
        For unusable values.

    """
    rows = {name: row for name, row in values.items() if name in CONTROLS and name != ENVELOPE}
    known = {name: read_numbers(rows[name], name) for name in sorted(rows)}
    for name, row in known.items():
        if len(row) != n_frames:
            raise ParameterError(f"{name} must hold {n_frames} numbers, as many as there are codes (got {len(row)})")
    if ENVELOPE in values:
        given = values[ENVELOPE]
        known[ENVELOPE] = given if isinstance(given, np.ndarray) else _read_bands(given, n_frames)
    return replace(no_controls(n_frames), **known)


def _read_bands(rows: Any, n_frames: int) -> NDArray[np.float64]:
    """Read 24 rows of T numbers as envelopes (T, 24). Raises ParameterError."""
    if not isinstance(rows, list) or len(rows) != BANDS:
        raise ParameterError(f"{ENVELOPE} must hold {BANDS} rows, one for each band, of {n_frames} numbers")
    bands = [read_numbers(row, ENVELOPE) for row in rows]
    if (wrong := next((row for row in bands if len(row) != n_frames), None)) is not None:
        raise ParameterError(f"{ENVELOPE} must hold {n_frames} numbers for each band (got {len(wrong)})")
    return np.stack(bands, axis=1)


def apply_controls(
    frames: FrameSpectra, controls: Controls, partials: Partials, codes: NDArray[np.int64], grid: FrameGrid
) -> FrameSpectra:
    """Shape the frames of one voice: raise, transpose, bend by tilt and envelope, and bring each frame's power back.

    frames: (1, T, n_bins) of `codes` (1, T). partials: those of the codebook, (K, n_bins).
    """
    power = _power(frames.amplitudes[0])
    shaped, frequency = frames, partials.frequency[codes[0]]
    if controls.fundamental_db.any():
        shaped, frequency = _raise_fundamental(shaped, frequency, controls, grid)
    if controls.transpose_cents.any():
        shaped = _transpose(shaped, frequency, controls, grid)
    values = shaped.amplitudes[0]
    if controls.tilt_db.any() or controls.envelope_db.any():
        values = values * np.exp(_bend(controls, grid))
    values = values * np.sqrt(power / np.maximum(_power(values), 1e-20))[:, None]
    return replace(shaped, amplitudes=values[None])


def _bend(controls: Controls, grid: FrameGrid) -> Floats:
    """Tell by what tilt and envelope multiply each bin, (T, n_bins), as a natural logarithm."""
    tilt, envelope = (_NEPER * each.astype(np.float32) for each in (controls.tilt_db, controls.envelope_db))
    if not envelope.any():
        return np.asarray(tilt[:, None] * tilt_octaves(grid))
    bent = spread_bands(envelope, grid)
    if tilt.any():
        bent += tilt[:, None] * tilt_octaves(grid)
    return bent


def tilt_octaves(grid: FrameGrid) -> Floats:
    """Count the octaves of each bin over 1 kHz, (n_bins,)."""
    octaves: Floats = np.log2(np.maximum(grid.frequencies_hz, LOWEST_OCTAVE_HZ) / 1000).astype(np.float32)
    return octaves


def _raise_fundamental(
    frames: FrameSpectra, frequency: Floats, controls: Controls, grid: FrameGrid
) -> tuple[FrameSpectra, Floats]:
    """Raise the bins that a window's main lobe about the fundamental covers, and make them a partial of its own.

    frequency: (T, n_bins), of the partial that a bin belongs to, in bins; returned for the frames that come back.
    """
    place: Floats = (controls.fundamental_hz * grid.n_fft / grid.sr).astype(np.float32)[:, None]
    top = min(grid.n_bins, int(place.max()) + LOBE + 2)
    away = np.arange(top) - place
    is_raised = (np.abs(away) <= LOBE) & (controls.fundamental_db > 0)[:, None]
    by_db = controls.fundamental_db[:, None] * np.clip(LOBE + 0.5 - np.abs(away), 0, 1)
    values, peak, advance, tonal = (
        array[0].copy() for array in (frames.amplitudes, frames.peak, frames.advance, frames.tonal)
    )
    frequency = frequency.copy()
    values[:, :top] *= (10 ** (by_db / 20)).astype(np.float32)
    tonal[:, :top] |= is_raised
    frequency[:, :top] = np.where(is_raised, place, frequency[:, :top])
    nearest = np.minimum(np.rint(place), grid.n_bins - 1).astype(np.int16)
    peak[:, :top] = np.where(is_raised, nearest, peak[:, :top])
    advance[:, :top] = np.where(is_raised, phase_advance(frequency[:, :top], peak[:, :top], grid), advance[:, :top])
    return FrameSpectra(values[None], peak[None], advance[None], tonal[None]), frequency


def _transpose(frames: FrameSpectra, frequency: Floats, controls: Controls, grid: FrameGrid) -> FrameSpectra:
    """Read every bin from where it lay before, and let partials run faster or slower.

    A frame that stays where it is keeps its bins to the bit, whatever the frames beside it do.
    """
    moved = np.flatnonzero(controls.transpose_cents)
    if len(moved) == len(controls):
        return _move_bins(frames, frequency, controls.transpose_cents, grid)
    whole: list[NDArray[Any]] = [frames.amplitudes, frames.peak, frames.advance, frames.tonal]
    arrays = [array[0] for array in whole]
    some = FrameSpectra(*(array[moved][None] for array in arrays))
    some = _move_bins(some, frequency[moved], controls.transpose_cents[moved], grid)
    parts: list[NDArray[Any]] = [some.amplitudes, some.peak, some.advance, some.tonal]
    for i, part in enumerate(parts):
        arrays[i] = arrays[i].copy()
        arrays[i][moved] = part[0]
    return FrameSpectra(*(array[None] for array in arrays))


def _move_bins(frames: FrameSpectra, frequency: Floats, cents: NDArray[np.float64], grid: FrameGrid) -> FrameSpectra:
    """Transpose frames, each by its cents (T,)."""
    ratio = np.exp2(cents / 1200).astype(np.float32)[:, None]
    source = np.arange(grid.n_bins, dtype=np.float32) / ratio
    below = np.minimum(source.astype(np.int64), grid.n_bins - 2)
    between = np.minimum(source - below, 1).astype(np.float32)
    values = frames.amplitudes[0]
    rows = grid.n_bins * np.arange(len(values))[:, None]
    low, high = (values.take(rows + below + i) for i in (0, 1))
    inside = source <= grid.n_bins - 1
    moved = np.where(inside, low + between * (high - low), low * 0)
    nearest = rows + np.clip(np.rint(source).astype(np.int64), 0, grid.n_bins - 1)
    shifted: Floats = (frequency.take(nearest) * ratio).astype(np.float32, copy=False)
    moved_peak = np.clip(np.rint(shifted), 0, grid.n_bins - 1)
    # a partial halfway between two bins, as of a flat peak, would round to the other one: what rests keeps its phases
    peak = np.where(ratio == 1, frames.peak[0], moved_peak).astype(np.int16)
    tonal = frames.tonal[0].take(nearest) & inside
    return FrameSpectra(moved[None], peak[None], phase_advance(shifted, peak, grid)[None], tonal[None])


def _power(amplitudes: Floats) -> Floats:
    """Take the power of frames, (T,), up to a constant: DC and Nyquist count half."""
    power: Floats = (amplitudes**2).sum(axis=1) - (amplitudes[:, 0] ** 2 + amplitudes[:, -1] ** 2) / 2
    return power
