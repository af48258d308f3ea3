"""A sound to codes, gains, and what it has besides: how far its pitch and its envelope are from those of its codes.

A code of a codebook has a pitch and an envelope of its own. The transposition to the pitch of the sound
and 24 bands of envelope are what it takes to come near: log-spectral distance, spectral convergence and mel-cepstral
distance of sounds from elsewhere are 9.8 dB, .71, 7.5 dB without an envelope, and 7.5 dB, .32, 2.8 dB with one. An
envelope smoothed over .2 s leaves .2 dB, .02 and .5 dB more.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.controls import MAX_ENVELOPE_DB, Controls, no_controls
from vqsynth.codes.envelopes import BANDS, measure_bands, spread_bands
from vqsynth.codes.matching import REACH_CENTS, SpectrumMatcher
from vqsynth.codes.spectra import CodeSpectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.codes.voice import SILENT_DB
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_choice, check_number, show, unknown_name
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats, frame_blocks
from vqsynth.sound.pitch import count_samples, estimate_pitch, keep_usable

FRAMES_AT_ONCE = 512
ROUNDS = 3
"""Rounds of the fit of an envelope: its bands overlap, so that one round comes only near."""
_FAINTEST = 1e-7

KEPT = ("pitch", "envelope")
"""What can be kept of a sound."""
CODES_BY = ("search", "encoder")
Codes = NDArray[np.int64]
Find = Callable[[Floats, NDArray[np.floating]], Codes]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Hold what a sound was encoded to.

    Attributes
    ----------
    codes : array (T,) of int64
        A code for each frame.
    gain_db : array (T,)
        The level of each frame in dB; -120 is silence.
    controls : Controls or None
        The transposition and the envelope that bring the codes to the sound.

    """

    codes: Codes
    gain_db: Doubles
    controls: Controls | None


def check_keep(keep: Mapping[str, Any] | None) -> dict[str, float]:
    """Complete how much is kept, 0 to 1 by name, with 1. Raises ParameterError for other names and amounts."""
    if keep is not None and not isinstance(keep, Mapping):
        raise ParameterError(f"keep must be a dict, as {{'pitch': 1, 'envelope': 0.5}} (got {show(keep)})")
    given = keep or {}
    for name, amount in given.items():
        if name not in KEPT:
            raise unknown_name(name, KEPT, "thing to keep")
        check_number(f"keep {name}", amount, 0, 1)
    return dict.fromkeys(KEPT, 1.0) | {name: float(amount) for name, amount in given.items()}


def pick_finder(
    by: str, spectra: CodeSpectra, table: DescriptorTable, make_encoder: Callable[[], Callable[[Floats], Codes]]
) -> Find:
    """Make what finds codes by one of `CODES_BY`; only "encoder" makes an encoder. Raises ParameterError."""
    if check_choice("codes_by", by, CODES_BY) == "search":
        return SpectrumMatcher(spectra, table).match
    encode = make_encoder()
    return lambda frames, pitch_hz: encode(frames)


def scale_kept(controls: Controls | None, keep: Mapping[str, Any]) -> Controls | None:
    """Scale what controls keep of a sound: its transposition and its envelope. Raises as `check_keep` does."""
    amounts = check_keep(keep)
    if controls is None:
        return None
    cents, envelope = amounts["pitch"] * controls.transpose_cents, amounts["envelope"] * controls.envelope_db
    return replace(controls, transpose_cents=cents, envelope_db=envelope)


def encode_sound(
    blocks: Iterable[Floats],
    n_samples: int,
    find: Find,
    spectra: CodeSpectra,
    table: DescriptorTable,
    *,
    pitch: float = 1.0,
    envelope: float = 1.0,
    needs_pitch: bool = True,
    advance: Callable[[float], object] = lambda share: None,
) -> Encoded:
    """Encode a sound.

    Parameters
    ----------
    blocks : iterable of arrays (n,)
        The sound in pieces, at the rate of the spectra and free of offset. Only some frames are in memory at a time.
    n_samples : int
        Length of the whole sound.
    find : function
        Takes raw frames (T, n_fft) and their pitch in Hz (T,), and returns their codes (T,).
    spectra, table
        The codes.
    pitch, envelope : float
        How much of the sound's pitch and envelope is kept, 0 to 1.
    needs_pitch : bool
        Whether `find` looks at the pitch. If it does not and no pitch is kept, none is estimated.
    advance : function
        Called with the share that is done, 0 to 1.

    Returns
    -------
    Encoded
        Of T = 1 + n_samples // hop_length frames.

    """
    grid, done = spectra.grid, 0
    wide = max(grid.n_fft, count_samples(grid.sr))  # a pitch is looked for in longer frames
    beside = (wide - grid.n_fft) // 2
    encoder = FrameEncoder(find, spectra, table, pitch=pitch, envelope=envelope)
    hears_pitch = needs_pitch or pitch > 0
    parts: list[Encoded] = []
    for wider in frame_blocks(blocks, n_samples, grid, at_once=FRAMES_AT_ONCE, n_fft=wide):
        f0_hz = hear_pitch(wider, grid.sr) if hears_pitch else np.full(len(wider), np.nan, np.float32)
        parts.append(encoder.encode(wider[:, beside : beside + grid.n_fft], f0_hz))
        done += len(wider)
        advance(done / grid.count(n_samples))
    moved = [part.controls or no_controls(len(part.codes)) for part in parts]
    controls = replace(
        no_controls(done),
        transpose_cents=np.concatenate([each.transpose_cents for each in moved]),
        envelope_db=np.concatenate([each.envelope_db for each in moved]),
    )
    is_used = bool(controls.transpose_cents.any() or controls.envelope_db.any())
    codes, gain_db = (np.concatenate([getattr(part, name) for part in parts]) for name in ("codes", "gain_db"))
    return Encoded(codes, gain_db, controls if is_used else None)


class FrameEncoder:
    """Encode frames, each for itself.

    Parameters
    ----------
    find, spectra, table, pitch, envelope
        As for `encode_sound`.

    """

    def __init__(
        self, find: Find, spectra: CodeSpectra, table: DescriptorTable, *, pitch: float = 1.0, envelope: float = 1.0
    ) -> None:
        self._find, self._spectra, self._table = find, spectra, table
        self._pitch, self._envelope = pitch, envelope
        self._window = spectra.grid.window
        self._window_power = np.mean(self._window.astype(np.float64) ** 2)

    def encode(self, frames: Floats, f0_hz: Floats) -> Encoded:
        """Encode some frames.

        Parameters
        ----------
        frames : array (T, n_fft)
            Raw frames, free of offset.
        f0_hz : array (T,)
            Their pitch in Hz, NaN where there is none.

        Returns
        -------
        Encoded
            Controls are None where neither pitch nor envelope is kept.

        """
        windowed = (frames * self._window).astype(np.float64)
        level = (windowed**2).mean(axis=1) / self._window_power
        heard = level > 10 ** (SILENT_DB / 10)  # what cannot be heard gets one code, and no pitch
        pitch_hz = np.where(heard, f0_hz, np.float32(np.nan))
        found = self._find(frames if heard.all() else frames * heard[:, None].astype(np.float32), pitch_hz)
        cents = self._pitch * _find_transposition(pitch_hz, found, self._table)
        gain_db = 10 * np.log10(np.maximum(level, 10 ** (SILENT_DB / 10)))
        controls = replace(no_controls(len(found)), transpose_cents=cents) if self._pitch else None
        if self._envelope:
            bands = np.where(heard[:, None], _fit_envelope(windowed, found, cents, self._spectra), 0.0)
            controls = replace(controls or no_controls(len(found)), envelope_db=self._envelope * bands)
        return Encoded(found.astype(np.int64), gain_db, controls)


def hear_pitch(frames: Floats, sr: int) -> Floats:
    """Hear the pitch of frames (T, n) in Hz, as the descriptor does: NaN where it is not sure."""
    n_samples = count_samples(sr)
    beside = (frames.shape[1] - n_samples) // 2
    return keep_usable(*estimate_pitch(frames[:, beside : beside + n_samples], sr))


def _find_transposition(pitch_hz: Floats, codes: Codes, table: DescriptorTable) -> Doubles:
    """Find by how many cents codes are to be moved to a pitch, (T,): not at all where it is out of reach."""
    if "pitch" not in table.names:
        return np.zeros(len(codes))
    with np.errstate(invalid="ignore"):
        cents = 1200 * np.log2(pitch_hz.astype(np.float64) / table.column("pitch")[codes])
    return np.where(np.abs(cents) <= REACH_CENTS, cents, 0.0)


def _fit_envelope(windowed: Doubles, codes: Codes, cents: Doubles, spectra: CodeSpectra) -> Doubles:
    """Fit the envelope between transposed codes and windowed frames (T, n_fft): (T, 24) in dB."""
    wanted = np.abs(np.fft.rfft(windowed)) ** 2
    wanted /= np.maximum(wanted.sum(axis=1, keepdims=True), 1e-30)
    wanted_db = 10 * np.log10(measure_bands(wanted, spectra.grid) + _FAINTEST)
    moved = replace(no_controls(len(codes)), transpose_cents=cents)
    power = spectra.look_up(codes[None], moved).amplitudes[0].astype(np.float64) ** 2
    envelope = np.zeros((len(codes), BANDS))
    for _ in range(ROUNDS):
        bent = power * 10 ** (spread_bands(envelope.astype(np.float32), spectra.grid).astype(np.float64) / 10)
        bent /= np.maximum(bent.sum(axis=1, keepdims=True), 1e-30)
        missed = wanted_db - 10 * np.log10(measure_bands(bent, spectra.grid) + _FAINTEST)
        envelope = np.clip(envelope + missed, -MAX_ENVELOPE_DB, MAX_ENVELOPE_DB)
    return envelope
