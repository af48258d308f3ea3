"""Targets to codes in tensors, frame by frame, without a look ahead.

A code costs what it misses of the targets, as `codes.selection` counts it, and how far its spectrum lies from that of
the code before. What a code misses of a pitch is made up for by transposition, and of a centroid by tilt.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vqsynth.codes.index import Demand
from vqsynth.codes.motion import HELD, usual_runs
from vqsynth.codes.selection import MISS_COST, Selection, price_jumps
from vqsynth.export.chance import NoiseSource
from vqsynth.export.playing import VOICES
from vqsynth.export.shaping import halve

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
Chosen = tuple[Tensor, Tensor, Tensor, Tensor]
"""Of T frames: codes, levels in LUFS, -200 for silence, cents, and the centroid as log2 of Hz, 0 for none."""


class CodeChooser(nn.Module):
    """Choose a code for every frame.

    Parameters
    ----------
    book : CodebookRecord
        The codebook.

    """

    columns: Tensor
    doubts: Tensor
    spreads: Tensor
    lowest: Tensor
    highest: Tensor
    turns: Tensor
    strictness: Tensor
    pitches: Tensor
    loudness: Tensor
    distances: Tensor
    seldom: Tensor
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
        self.register_buffer("lowest", torch.tensor([low for low, _ in ends], dtype=torch.float32))
        self.register_buffer("highest", torch.tensor([high for _, high in ends], dtype=torch.float32))
        spreads = [float(table.spreads[table.position(name)]) if name in table.names else 1.0 for name in TARGETS]
        self.register_buffer("spreads", torch.tensor(spreads, dtype=torch.float32))
        by_cents = torch.tensor([1 / spreads[0], 0.0, 1 / spreads[2]]) / 1200  # flatness stays, transposed or not
        self.register_buffer("turns", by_cents)
        self.register_buffer("strictness", torch.tensor([1.0, 1.0, STRICT]))
        pitches = np.nan_to_num(table.column("pitch")) if "pitch" in table.names else np.zeros(n_codes, np.float32)
        self.register_buffer("pitches", torch.from_numpy(pitches.copy()))
        self.register_buffer("loudness", torch.from_numpy(table.column("loudness").copy()))
        self.register_buffer("distances", torch.from_numpy(book.spectra.distances.astype(np.float16)))
        self.register_buffer("seldom", _seldom(book))
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
    def choose(self, voice: int, x: Tensor, settings: Settings) -> Chosen:
        """Choose for targets (4, T): centroid in Hz, flatness in dB, pitch in Hz, loudness in LUFS; 0 asks nothing."""
        wanted = torch.stack([x[0], x[1], self._halve_glides(voice, x[2])], 1)
        asked = (wanted != 0) & (self.lowest < self.highest)
        held = torch.max(torch.min(wanted, self.highest), self.lowest)
        scaled = torch.stack([held[:, 0].clamp(min=1e-3).log2(), held[:, 1], held[:, 2].clamp(min=1e-3).log2()], 1)
        scaled = torch.where(asked, scaled / self.spreads, torch.zeros_like(scaled))
        cents = self._tune(asked[:, 2], wanted[:, 2], settings["max_transpose"][0])
        cost = self._miss(scaled, asked, cents, settings["weights"])
        codes = self._run(voice, cost, settings)
        anything = asked.any(1)
        codes = torch.where(anything, codes, torch.full_like(codes, self.usual))
        rows = torch.arange(codes.size(0))
        moved = torch.where(anything, cents[rows, codes], torch.zeros_like(cents[:, 0]))
        level = torch.where(x[3] != 0, x[3].clamp(max=0.0), torch.full_like(x[3], self.default_db))
        level = torch.where(anything | (x[3] != 0), level, torch.full_like(level, -200.0))
        octave = torch.where(asked[:, 0], scaled[:, 0] * self.spreads[0], torch.zeros_like(moved))
        return codes, level, moved.double(), octave

    @torch.jit.export
    def gain(self, codes: Tensor, level: Tensor) -> Tensor:
        """Return the factors (T,) that give codes (T,) their levels in LUFS, as long as nothing shapes them."""
        gain = torch.pow(10.0, (level - self.loudness.index_select(0, codes)) / 20)
        return torch.where(level > -120.0, gain.clamp(max=16.0), torch.zeros_like(gain))

    def _halve_glides(self, voice: int, pitch_hz: Tensor) -> Tensor:
        """Ask in a glide for the pitch half-way from the frame before: phases advance from there to here.

        A glide is up to a semitone in a frame. A larger step is one.
        """
        before = torch.cat([torch.full([1], self.before[voice]), pitch_hz[:-1]])
        self.before[voice] = float(pitch_hz[-1].item())
        near = (before > 0.9439 * pitch_hz) & (before < 1.0594 * pitch_hz)
        return torch.where(near, (pitch_hz * before).clamp(min=0.0).sqrt(), pitch_hz)

    def _tune(self, asked: Tensor, wanted_hz: Tensor, most: float) -> Tensor:
        """Tell by how many cents each code would be moved to a pitch, (T, K), to a ten thousandth, as paths hold it."""
        if not bool(asked.any().item()):
            return torch.zeros(asked.size(0), self.n_codes)
        moves = asked[:, None] & (self.pitches > 0)
        ratio = wanted_hz.clamp(min=1e-3)[:, None] / self.pitches.clamp(min=1e-3)
        cents = torch.where(moves, 1200 * ratio.log2(), torch.zeros_like(ratio))
        return torch.round(cents.clamp(-most, most) * 10000) / 10000

    def _miss(self, scaled: Tensor, asked: Tensor, cents: Tensor, weights: list[float]) -> Tensor:
        """Tell what each code misses, (T, K)."""
        away = self.columns - scaled[:, :, None] + cents[:, None] * self.turns[:, None]
        counted = torch.where(asked, self.strictness * torch.tensor(weights), torch.zeros_like(scaled))
        missed = ((away.square() + self.doubts) * counted[:, :, None]).sum(1)
        return self.miss_cost * (missed + (cents / 1200).square())

    def _run(self, voice: int, cost: Tensor, settings: Settings) -> Tensor:
        """Take the cheapest code of each frame, (T,), given the one before."""
        smoothness, strength = settings["smoothness"][0], min(2 * settings["motion"][0], 1.0)
        if strength > 0 and not self.ready[voice]:
            self.chance.seed(voice, int(settings["seed"][0]) + voice)
            self.ready[voice], self.stay[voice] = True, self._draw_run(voice, settings["motion"][0])
        codes: list[int] = []
        last = self.last[voice]
        price = smoothness * strength / float(torch.log(torch.tensor(float(self.n_codes))).item())
        for i in range(cost.size(0)):
            now = cost[i]
            if last >= 0:
                now = now + smoothness * self.distances[last].float()
                if strength > 0:
                    now = self._sway(voice, now + price * self.seldom[last].float(), last, price, settings["motion"][0])
                    now[last] -= self.held * smoothness * strength
            last = int(now.argmin().item())
            codes.append(last)
        self.last[voice] = last
        return torch.tensor(codes, dtype=torch.int64)

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


def _seldom(book: "CodebookRecord") -> Tensor:
    """Tell how seldom the sounds step from code to code, (K, K), in nepers of the chance; 0 where it is not known."""
    if book.transitions is None or not len(book.transitions):
        return torch.zeros(len(book), len(book), dtype=torch.float16)
    rare = price_jumps(book.spectra.distances, Selection(smoothness=1.0, style=1.0), book.transitions)
    return halve(np.asarray(rare * np.log(max(len(book), 2)), np.float16).astype(np.float32))
