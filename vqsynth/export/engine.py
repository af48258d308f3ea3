"""What a codebook does in a patch: the engine behind encode, decode, follow, choose and forward."""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.codes.controls import MAX_ENVELOPE_DB, MAX_TILT_DB, MAX_TRANSPOSE_CENTS
from vqsynth.codes.envelopes import BANDS
from vqsynth.export.choosing import CodeChooser
from vqsynth.export.contract import HIGHEST_SEED, INTEGER, Attribute, Settings, check_voices, clean
from vqsynth.export.correcting import OutputListener
from vqsynth.export.hearing import FAINTEST, FrameCutter, make_finder
from vqsynth.export.playing import VOICES, FramePlayer
from vqsynth.export.shaping import CodeShaper

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord

LOUDEST = 16.0
"""The largest gain that is played, 24 dB over RMS 1."""
ATTRIBUTES = (
    Attribute("smoothness", "cost of a step between spectra, against that of a missed target", 0, 1000, (2.0,)),
    Attribute("motion", "how often the code changes: 0 as it must, .5 as in training, 1 always", 0, 1, (0.0,)),
    Attribute("weights", "how much centroid, flatness and pitch count", 0, 1e6, (1.0, 1.0, 1.0)),
    Attribute("max_transpose", "most cents of transposition to a pitch", 0, MAX_TRANSPOSE_CENTS, (100.0,)),
    Attribute("max_tilt", "most dB per octave of tilt to a centroid", 0, MAX_TILT_DB, (4.0,)),
    Attribute("correction", "how much follow corrects by what went out, 0 to 1", 0, 1, (1.0,)),
    Attribute("transpose", "cents by which all sound is moved", -MAX_TRANSPOSE_CENTS, MAX_TRANSPOSE_CENTS, (0.0,)),
    Attribute("tilt", "dB per octave by which all sound is tilted", -MAX_TILT_DB, MAX_TILT_DB, (0.0,)),
    Attribute("envelope", f"a band, 1 to {BANDS} or 0 for all, and by how many dB it is moved",
              -MAX_ENVELOPE_DB, MAX_ENVELOPE_DB, (0.0, 0.0)),
    Attribute("seed", "seed of the noise; restarts the voices", 0, HIGHEST_SEED, (0,), INTEGER),
    Attribute("restart", "any number starts the voices anew", -2**31, HIGHEST_SEED, (0,), INTEGER),
    Attribute("sr", "sample rate of the host in Hz", 4000, 384000, (44100,), INTEGER),
)  # fmt: skip


class CodebookEngine(nn.Module):
    """Do the work of the methods, (batch, channels, frames) in and out, a voice for each of the batch.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    window: Tensor
    envelope: Tensor

    def __init__(self, book: "CodebookRecord") -> None:
        super().__init__()
        self.cutter, self.find = FrameCutter(book.grid), make_finder(book)
        self.chooser, self.shaper, self.player = (
            CodeChooser(book),
            CodeShaper(book.spectra, book.table),
            FramePlayer(book.grid),
        )
        self.listener = OutputListener(book.grid)
        self.settings = Settings(ATTRIBUTES)
        self.settings.values["sr"] = [float(book.grid.sr)]
        self.register_buffer("window", torch.from_numpy(book.grid.window.copy()))
        self.register_buffer("envelope", torch.zeros(BANDS, dtype=torch.float64))
        self.window_power: float = float(np.mean(book.grid.window.astype(np.float64) ** 2))
        self.faintest: float = FAINTEST * self.window_power
        self.sr: float = float(book.grid.sr)
        self.hop: int = book.grid.hop_length
        self.n_codes: int = len(book)
        self.loudest: float = LOUDEST
        self.voices: int = VOICES

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Turn sound (B, 1, T * hop) into codes and gains (B, 2, T)."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            codes, gain = self._encode(voice, clean(x[voice, 0]))
            made.append(torch.stack([codes.float(), gain]))
        return torch.stack(made)

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Turn codes and gains (B, 2, T) into sound (B, 1, T * hop)."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            codes, gain = clean(x[voice, 0]), clean(x[voice, 1]).clamp(0.0, self.loudest)
            still = torch.zeros_like(codes).double()
            codes = codes.round().clamp(0, self.n_codes - 1).long()
            made.append(self._sound(voice, codes, gain, still, None))
        return torch.stack(made)

    @torch.jit.export
    def choose(self, x: Tensor) -> Tensor:
        """Turn targets (B, 4, T) into codes and gains (B, 2, T)."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            wanted = self._wanted(x[voice])
            parts: list[Tensor] = []
            for i in range(wanted.size(1)):
                code, level, _, _ = self.chooser.choose(voice, wanted[:, i], self.settings.values)
                parts.append(torch.tensor([[float(code)], [self.chooser.gain(code, level)]]))
            made.append(torch.cat(parts, 1))
        return torch.stack(made)

    @torch.jit.export
    def follow(self, x: Tensor) -> Tensor:
        """Turn targets (B, 4, T) into sound (B, 1, T * hop). Each frame is corrected by those before it."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            wanted = self._wanted(x[voice])
            parts: list[Tensor] = []
            for i in range(wanted.size(1)):
                parts.append(self._follow(voice, wanted[:, i]))
            made.append(torch.cat(parts, 1))
        return torch.stack(made)

    def _follow(self, voice: int, wanted: Tensor) -> Tensor:
        """Turn the targets of a frame, (4,), into sound (1, hop)."""
        code, level, cents, octave = self.chooser.choose(voice, wanted, self.settings.values)
        correction: list[float] = self.listener.correction[voice].tolist()
        gain = self.chooser.gain(code, level) * math.pow(10.0, correction[0] / 20)
        aimed = torch.tensor([octave + correction[1] if octave != 0 else 0.0])
        moved = torch.tensor([cents], dtype=torch.float64)
        y = self._sound(voice, torch.tensor([code]), torch.tensor([gain]), moved, aimed)
        self.listener.listen(voice, y[0], level, octave, self.settings.values["correction"][0])
        return y

    @torch.jit.export
    def transfer(self, x: Tensor) -> Tensor:
        """Turn sound (B, 1, T * hop) into sound."""
        made: list[Tensor] = []
        for voice in range(check_voices(x, self.voices)):
            codes, gain = self._encode(voice, clean(x[voice, 0]))
            still = torch.zeros_like(gain).double()
            made.append(self._sound(voice, codes, gain.clamp(max=self.loudest), still, None))
        return torch.stack(made)

    @torch.jit.export
    def restart(self) -> None:
        """Start all voices anew."""
        self.cutter.restart()
        self.chooser.restart()
        self.player.restart()
        self.listener.restart()

    @torch.jit.export
    def get(self, name: str) -> list[float]:
        """Return the values of an attribute."""
        return self.settings.values[name]

    @torch.jit.export
    def put(self, name: str, values: list[float]) -> int:
        """Set an attribute. Return 0, or -1 for a value that cannot be."""
        if name == "envelope" and not (values[0] >= 0 and values[0] <= self.envelope.size(0)):
            return -1
        if not self.settings.put(name, values):
            return -1
        if name == "envelope":
            band, by_db = int(values[0]), round(values[1] * 10) / 10  # as paths hold it
            moved = self.envelope.clone()
            if band == 0:
                moved[:] = by_db
            else:
                moved[band - 1] = by_db
            self.envelope.copy_(moved)
        if name == "seed" or name == "restart":
            self.restart()
        return 0

    def _encode(self, voice: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes and gains of a block, (T,) each."""
        frames = self.cutter.cut(voice, x)[1]
        windowed = frames * self.window
        power = windowed.double().square().mean(1)
        heard = power > self.faintest
        power = torch.where(heard, power, torch.zeros_like(power))
        return self.find(windowed * heard[:, None], power), (power / self.window_power).sqrt().float()

    def _wanted(self, x: Tensor) -> Tensor:
        """Bring targets (4, T) in Hz to the rate at which the codebook was made."""
        if self.chooser.distances.size(0) == 0:
            self.chooser.price_steps(self.shaper.magnitudes)
        scale = self.sr / self.settings.values["sr"][0]
        return clean(x) * torch.tensor([scale, 1.0, scale, 1.0])[:, None]

    def _sound(self, voice: int, codes: Tensor, gain: Tensor, cents: Tensor, octave: Tensor | None) -> Tensor:
        """Play a block of frames, (1, T * hop).

        Where `octave` is given, for all frames, codes are tilted to this centroid and keep their loudness.
        """
        values = self.settings.values
        self.player.make_ready(voice, int(values["seed"][0]))
        idle, rows = self.player.take_rows(voice, gain > 0)
        silence = torch.zeros(idle * self.hop)
        if rows.size(0) == 0:
            return silence[None]
        if idle > 0 or rows.size(0) > codes.size(0):
            codes, gain, cents = codes.index_select(0, rows), gain.index_select(0, rows), cents.index_select(0, rows)
        moved = torch.round((cents + values["transpose"][0]) * 10000) / 10000  # as paths hold it
        amplitudes, peak, advance, tonal = self.shaper.look_up(codes, moved)
        tilt = torch.full_like(moved, values["tilt"][0])
        if octave is not None and values["max_tilt"][0] > 0:
            tilt += self.shaper.aim(codes, amplitudes, octave.expand(codes.size(0)), values["max_tilt"][0])
        amplitudes = self.shaper.bend(codes, amplitudes, moved, torch.round(tilt * 10000) / 10000, self.envelope)
        if octave is not None:
            gain = gain * self.shaper.louden(codes, amplitudes)
        return torch.cat([silence, self.player.play(voice, amplitudes, peak, advance, tonal, gain)])[None]
