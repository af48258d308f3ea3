"""Targets to codes in tensors, frame by frame, without a look ahead.

A code costs what it misses of the targets, as `codes.selection` counts it, and how far its spectrum lies from that of
the code before. What a code misses of a pitch is made up for by transposition, and of a centroid by tilt.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.codes.index import Demand
from vqsynth.codes.motion import HELD, usual_runs
from vqsynth.codes.selection import MISS_COST
from vqsynth.export.chance import NoiseSource
from vqsynth.export.playing import VOICES

if TYPE_CHECKING:
    from vqsynth.codes.record import CodebookRecord

TARGETS = ("centroid", "flatness", "pitch")
"""What is followed, beside loudness, which is met by gain."""
UNUSABLE = 1e6
STRICT = 100.0
"""How much more a missed pitch counts than other descriptors: no code makes up for a wrong note."""
DEFAULT_LOUDNESS_DB = -20.0
"""The loudness where none is asked for, as elsewhere."""
Settings = dict[str, list[float]]
SILENT = -200.0
Chosen = tuple[int, float, float, float]
"""Of a frame: code, level in LUFS, -200 for silence, cents, and the centroid as log2 of Hz, 0 for none."""


class CodeChooser(nn.Module):
    """Choose a code for every frame.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    columns: Tensor
    doubts: Tensor
    spreads: list[float]
    lowest: list[float]
    highest: list[float]
    octaves: Tensor
    pitched: Tensor
    still: Tensor
    loudness: Tensor
    distances: Tensor
    seldom: Tensor
    steps: Tensor
    runs: Tensor
    shares: Tensor
    last: list[int]
    stay: list[int]
    ready: list[bool]
    before: list[float]

    def __init__(self, book: "CodebookRecord") -> None:
        super().__init__()
        table, n_codes = book.table, len(book)
        columns, doubts, ends = zip(*(_describe(book, name) for name in TARGETS), strict=True)
        for name, rows in (("columns", columns), ("doubts", doubts)):
            self.register_buffer(name, torch.from_numpy(np.stack(rows).astype(np.float32)))
        self.lowest, self.highest = ([float(end[i]) for end in ends] for i in (0, 1))
        self.spreads = [float(table.spreads[table.position(name)]) if name in table.names else 1.0 for name in TARGETS]
        self.strict: float = STRICT
        pitches = np.nan_to_num(table.column("pitch")) if "pitch" in table.names else np.zeros(n_codes, np.float32)
        self.register_buffer("octaves", torch.from_numpy(np.log2(np.maximum(pitches, 1e-3)).astype(np.float32)))
        self.register_buffer("pitched", torch.from_numpy((pitches > 0).astype(np.float32)))
        self.register_buffer("still", torch.zeros(n_codes))
        self.register_buffer("loudness", torch.from_numpy(table.column("loudness").copy()))
        self.register_buffer("distances", torch.zeros(0, 0))
        self.register_buffer("seldom", torch.zeros(0, 0))
        steps = np.zeros((0, 3), np.int64) if book.transitions is None else book.transitions
        self.register_buffer("steps", torch.from_numpy(steps.astype(np.int32)))
        frames, shares = usual_runs(book.transitions, n_codes)
        self.register_buffer("runs", torch.from_numpy(frames.astype(np.float32)))
        self.register_buffer("shares", torch.from_numpy(np.cumsum(shares)))
        self.chance = NoiseSource(VOICES)
        self.miss_cost: float = MISS_COST
        self.held: float = HELD
        self.unusable: float = UNUSABLE
        self.usual: int = int(np.argmax(table.counts))
        self.default_db: float = DEFAULT_LOUDNESS_DB
        self.n_codes: int = n_codes
        self.silent: float = SILENT
        self.last = [-1] * VOICES  # the code before, -1 for none
        self.stay = [0] * VOICES  # the frames until the code must change
        self.ready = [False] * VOICES
        self.before = [0.0] * VOICES  # the pitch that was asked for last, in Hz

    @torch.jit.export
    def restart(self) -> None:
        """Forget the codes before."""
        for voice in range(len(self.last)):
            self.last[voice], self.ready[voice], self.before[voice] = -1, False, 0.0

    @torch.jit.export
    def price_steps(self, magnitudes: Tensor) -> None:
        """Compute what steps between codes cost, of their spectra (K, n_bins). The file is smaller without them."""
        power = magnitudes.float() * 1.4142135
        power[:, [0, magnitudes.size(1) - 1]] = magnitudes[:, [0, magnitudes.size(1) - 1]].float()
        self.distances = (2 - 2 * (power @ power.t())).clamp(min=0)
        if self.steps.size(0) > 0:
            steps = self.steps.long()
            counts = torch.zeros(self.n_codes, self.n_codes)
            counts[steps[:, 0], steps[:, 1]] = steps[:, 2].float()
            usual = (counts.sum(0) + 0.5) / (counts.sum() + 0.5 * self.n_codes)
            self.seldom = -torch.log((counts + usual) / (counts.sum(1)[:, None] + 1))

    @torch.jit.export
    def choose(self, voice: int, x: Tensor, settings: Settings) -> Chosen:
        """Choose for the targets of a frame, (4,): centroid in Hz, flatness in dB, pitch in Hz, loudness in LUFS.

        0 asks for nothing.
        """
        wanted: list[float] = x.tolist()
        loudness = min(wanted[3], 0.0)
        asked = [wanted[i] != 0 and self.lowest[i] < self.highest[i] for i in range(3)]
        if not (asked[0] or asked[1] or asked[2]):
            return self.usual, loudness if loudness < 0 else self.silent, 0.0, 0.0
        pitch_hz = self._halve_glide(voice, wanted[2])
        cents = self._tune(pitch_hz, settings["max_transpose"][0]) if asked[2] else self.still
        cost, octave = self.miss_cost * (cents / 1200).square(), 0.0
        for i in range(3):
            if asked[i]:
                held = max(min(pitch_hz if i == 2 else wanted[i], self.highest[i]), self.lowest[i])
                place = held if i == 1 else _octave(held)
                octave = place if i == 0 else octave
                away = self.columns[i] - place / self.spreads[i]
                if asked[2] and i != 1:
                    away = away + cents / (1200 * self.spreads[i])
                factor = self.miss_cost * settings["weights"][i] * (self.strict if i == 2 else 1.0)
                cost = cost + factor * (away.square() + self.doubts[i])
        code = self._step(voice, cost, settings)
        return code, loudness if loudness < 0 else self.default_db, float(cents[code].item()), octave

    @torch.jit.export
    def gain(self, code: int, level: float) -> float:
        """Return the factor that gives a code its level in LUFS, as long as nothing shapes it."""
        if level <= -120:
            return 0.0
        return min(math.pow(10.0, (level - float(self.loudness[code].item())) / 20), 16.0)

    def _halve_glide(self, voice: int, pitch_hz: float) -> float:
        """Ask in a glide for the pitch half-way from the frame before: phases advance from there to here.

        A glide is up to a semitone in a frame. A larger step is one.
        """
        before, self.before[voice] = self.before[voice], pitch_hz
        if before > 0.9439 * pitch_hz and before < 1.0594 * pitch_hz:
            return math.sqrt(pitch_hz * before)
        return pitch_hz

    def _tune(self, wanted_hz: float, most: float) -> Tensor:
        """Tell by how many cents each code would be moved to a pitch, (K,), to a ten thousandth, as paths hold it."""
        cents = (1200 * (_octave(wanted_hz) - self.octaves)).clamp(-most, most) * self.pitched
        return torch.round(cents * 10000) / 10000

    def _step(self, voice: int, cost: Tensor, settings: Settings) -> int:
        """Take the cheapest code of a frame, given the one before and the costs (K,) of all."""
        smoothness, motion, last = settings["smoothness"][0], settings["motion"][0], self.last[voice]
        strength = min(2 * motion, 1.0)
        if strength > 0 and not self.ready[voice]:
            self.chance.seed(voice, int(settings["seed"][0]) + voice)
            self.ready[voice], self.stay[voice] = True, self._draw_run(voice, motion)
        if last >= 0:
            cost = cost + smoothness * self.distances[last]
            if strength > 0:
                price = smoothness * strength / math.log(max(self.n_codes, 2))
                if self.steps.size(0) > 0:
                    cost = cost + price * self.seldom[last]
                cost = self._sway(voice, cost, last, price, motion)
                cost[last] -= self.held * smoothness * strength
        self.last[voice] = int(cost.argmin().item())
        return self.last[voice]

    def _sway(self, voice: int, cost: Tensor, last: int, price: float, motion: float) -> Tensor:
        """Let the code change, and chance speak, where a run is over."""
        self.stay[voice] -= 1
        if self.stay[voice] > 0:
            return cost
        self.stay[voice] = self._draw_run(voice, motion)
        luck = self.chance.draw_uniform(voice, self.n_codes).clamp(min=1e-12)
        cost = cost + price * torch.log(-torch.log(luck)).float()
        cost[last] += self.unusable
        return cost

    def _draw_run(self, voice: int, motion: float) -> int:
        """Draw how many frames a code is held, as long as those of the training sounds are at a motion of .5."""
        drawn = self.chance.draw_uniform(voice, 2)
        code = int(torch.searchsorted(self.shares, drawn[:1]).clamp(max=self.n_codes - 1).item())
        later = (float(self.runs[code].item()) - 1) * (1 - motion) / motion
        if later < 1e-6:
            return 1
        frames = torch.log(1 - drawn[1]) / torch.log(torch.tensor(later / (1 + later), dtype=torch.float64))
        return min(int(frames.item()) + 1, 1000000)


def _octave(hz: float) -> float:
    return math.log(max(hz, 1e-3)) / math.log(2.0)


def _describe(
    book: "CodebookRecord", name: str
) -> tuple[NDArray[np.float64], NDArray[np.float32], tuple[float, float]]:
    """Return of all codes the scaled values of a descriptor, what speaks against them, and the range of the values.

    The range is empty where no code has a usable value.
    """
    table, none = book.table, np.zeros(len(book))
    if name not in table.names or np.isnan(table.column(name)).all():
        return none, none.astype(np.float32), (0.0, 0.0)
    values = table.column(name)
    demand = Demand(table, {name: np.full(1, np.nanmedian(values), np.float64)})
    column = demand.columns[:, 0]
    doubts = np.where(np.isnan(column), np.float32(UNUSABLE), np.broadcast_to(demand.doubts[0], len(book)))
    return np.nan_to_num(column), doubts.astype(np.float32), (float(np.nanmin(values)), float(np.nanmax(values)))
