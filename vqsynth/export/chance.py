"""NumPy's random numbers in tensors, number for number, so that an exported codebook has the noise of the renderer.

The generator is PCG64 (O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random
number generation", 2014), its seed spread by NumPy's `SeedSequence`. Normal numbers come from a ziggurat of 256 layers
(Marsaglia, Tsang, "The ziggurat method for generating random variables", 2000). Tensors of int64 stand for unsigned
words of 64 bits: sums and products wrap, and shifts are masked.

A ziggurat takes one word of 32 bits for a number, and in one of 80 numbers more. All words of a block are looked at
together; those rare ones are gone through one by one.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
AT_ONCE = 512
"""Words of 64 bits that are drawn together."""
EDGE, AREA = 3.6541528853610088, 0.00492867323399
"""Where the ziggurat's tail begins, and the area of a layer."""
LAYERS = 256
_MASK = 2**64 - 1


class NoiseSource(nn.Module):
    """Draw as `numpy.random.default_rng(seed)` does: uniform numbers first, then normal ones of single precision.

    Every voice has numbers of its own.

    Parameters
    ----------
    voices : int
        Number of voices.

    """

    powers: Tensor
    sums: Tensor
    state: Tensor
    offsets: Tensor
    widths: Tensor
    inside: Tensor
    heights: list[float]
    waiting: list[Tensor]

    def __init__(self, voices: int) -> None:
        super().__init__()
        for name, words in zip(("powers", "sums"), _jumps(AT_ONCE), strict=True):
            self.register_buffer(name, words)
        widths, inside, heights = _layers()
        self.register_buffer("widths", torch.from_numpy(np.concatenate([widths, -widths])))
        self.register_buffer("inside", torch.from_numpy(np.concatenate([inside, inside])))
        self.heights = [float(height) for height in heights]
        self.register_buffer("state", torch.zeros(voices, 2, dtype=torch.int64))
        self.register_buffer("offsets", torch.zeros(voices, 2, AT_ONCE, dtype=torch.int64))
        self.edge: float = EDGE
        self.at_once: int = AT_ONCE
        self.waiting = [torch.zeros(0, dtype=torch.int64) for _ in range(voices)]

    @torch.jit.export
    def seed(self, voice: int, seed: int) -> None:
        """Start the numbers of a voice anew."""
        words = _spread_seed(seed)
        start, stream = words[:2], words[2:]
        increment = torch.stack([(stream[0] << 1) | ((stream[1] >> 63) & 1), (stream[1] << 1) | 1])
        high, low = _multiply(self.sums, increment[0], increment[1])
        self.offsets[voice] = torch.stack([high, low])
        # PCG starts at 0, makes a step, adds the start and makes another.
        first = _add(increment, start)
        moved = _multiply(self.powers[:, 0], first[0], first[1])
        self.state[voice] = _add(torch.stack(moved), increment)
        self.waiting[voice] = torch.zeros(0, dtype=torch.int64)

    @torch.jit.export
    def draw_words(self, voice: int, count: int) -> Tensor:
        """Draw `count` words of 64 bits, at most `at_once`: (count,) int64."""
        state, offsets = self.state[voice], self.offsets[voice]
        high, low = _multiply(self.powers[:, :count], state[0], state[1])
        sum_low = low + offsets[1, :count]
        sum_high = high + offsets[0, :count] + _is_less(sum_low, low)
        self.state[voice] = torch.stack([sum_high[-1], sum_low[-1]])
        folded, turn = sum_high ^ sum_low, (sum_high >> 58) & 63
        # A word turned right by up to 63: the last bit is shifted out first, so that no sign comes in.
        right = ((folded >> 1) & 0x7FFFFFFFFFFFFFFF) >> (turn - 1).clamp(min=0)
        return torch.where(turn > 0, right | (folded << (64 - turn).clamp(max=63)), folded)

    @torch.jit.export
    def draw_uniform(self, voice: int, count: int) -> Tensor:
        """Draw numbers from 0 to 1, (count,) float64."""
        drawn: list[Tensor] = []
        while count > 0:
            few = min(count, self.at_once)
            drawn.append(((self.draw_words(voice, few) >> 11) & 0x1FFFFFFFFFFFFF).double() / 9007199254740992.0)
            count -= few
        return torch.cat(drawn)

    @torch.jit.export
    def draw_normal(self, voice: int, count: int) -> Tensor:
        """Draw normal numbers, (count,) float32."""
        drawn: list[Tensor] = []
        while count > 0:
            few = min(count, self.at_once)
            drawn.append(self._draw_few(voice, few))
            count -= few
        return torch.cat(drawn)

    def _draw_few(self, voice: int, count: int) -> Tensor:
        """Draw normal numbers, at most `at_once`."""
        words = self.waiting[voice]
        need = count + 40 + count // 16
        if words.size(0) < need:
            fresh = self.draw_words(voice, (need - words.size(0) + 1) // 2)
            words = torch.cat([words, torch.stack([fresh, fresh >> 32], 1).flatten() & 0xFFFFFFFF])
        layer, size = words & 0x1FF, words >> 9  # a sign stands above the layer
        value = size.float() * self.widths.index_select(0, layer)
        odd = (size >= self.inside.index_select(0, layer)).nonzero().flatten()
        if odd.size(0) == 0:
            self.waiting[voice] = words[count:]
            return value[:count]
        dropped, used = self._look_closer(words, value, odd, count)
        self.waiting[voice] = words[used:]
        taken = torch.ones(used, dtype=torch.bool)
        taken[torch.tensor(dropped, dtype=torch.int64)] = False
        return value[:used][taken]

    def _look_closer(self, words: Tensor, value: Tensor, odd: Tensor, count: int) -> tuple[list[int], int]:
        """Decide on words outside the core of their layer. Numbers of the tail are written to `value`.

        Return the places of the words that give no number, and how many words `count` numbers take.
        """
        places: list[int] = odd.tolist()
        layers: list[int] = (words.index_select(0, odd) & 0xFF).tolist()
        shares: list[int] = (words.index_select(0, (odd + 1).clamp(max=words.size(0) - 1)) >> 8).tolist()
        dropped: list[int] = []
        used, after = count, 0
        for i in range(len(places)):
            at, layer = places[i], layers[i]
            if at >= used:
                break
            if at >= after:
                kept, after = True, at + 2
                if layer == 0:
                    after = self._draw_tail(words, value, at)
                else:
                    x, low, high = float(value[at].item()), self.heights[layer], self.heights[layer - 1]
                    kept = low + (high - low) * (shares[i] / 16777216.0) < math.exp(-0.5 * x * x)
                if not kept:
                    dropped.append(at)
                for place in range(at + 1, after):
                    dropped.append(place)
                used += after - at - (1 if kept else 0)
        return dropped, used

    def _draw_tail(self, words: Tensor, value: Tensor, at: int) -> int:
        """Write to `value` a number beyond the edge. Return the first word that is left."""
        start = at + 1
        x, y = 1.0, 0.0
        while y + y <= x * x:
            first = float((words[start] >> 8).item()) / 16777216.0
            second = float((words[start + 1] >> 8).item()) / 16777216.0
            x, y = -math.log1p(-first) / self.edge, -math.log1p(-second)
            start += 2
        sign = -1.0 if int(((words[at] >> 17) & 1).item()) == 1 else 1.0
        value[at] = sign * (self.edge + x)
        return start


def _is_less(a: Tensor, b: Tensor) -> Tensor:
    """Tell where a is less than b as unsigned words: 1 there, else 0."""
    lowest = -9223372036854775807 - 1
    return ((a ^ lowest) < (b ^ lowest)).long()


def _high_product(a_low: Tensor, a_high: Tensor, b: Tensor) -> Tensor:
    """Return the upper 64 bits of the product of two unsigned words, of one of which the halves are given."""
    b_low, b_high = b & 0xFFFFFFFF, (b >> 32) & 0xFFFFFFFF
    middle, other = a_high * b_low, a_low * b_high
    carry = (((a_low * b_low) >> 32) & 0xFFFFFFFF) + (middle & 0xFFFFFFFF) + (other & 0xFFFFFFFF)
    high = a_high * b_high + ((middle >> 32) & 0xFFFFFFFF) + ((other >> 32) & 0xFFFFFFFF)
    return high + ((carry >> 32) & 0xFFFFFFFF)


def _multiply(a: Tensor, b_high: Tensor, b_low: Tensor) -> tuple[Tensor, Tensor]:
    """Multiply numbers of 128 bits; of those of `a`, (4, n), the upper and the lower word and its halves are given."""
    return _high_product(a[2], a[3], b_low) + a[1] * b_high + a[0] * b_low, a[1] * b_low


def _add(a: Tensor, b: Tensor) -> Tensor:
    """Add two numbers of 128 bits, (2,) each, the upper word first."""
    low = a[1] + b[1]
    return torch.stack([a[0] + b[0] + _is_less(low, a[1]), low])


def _spread_seed(seed: int) -> Tensor:
    """Spread a seed of up to 32 bits over four words of 64 bits, as NumPy's `SeedSequence` does: (4,)."""
    constant = 0x43B0D7E5
    pool: list[int] = []
    for i in range(4):
        value = (seed & 0xFFFFFFFF if i == 0 else 0) ^ constant
        constant = (constant * 0x931E8875) & 0xFFFFFFFF
        value = (value * constant) & 0xFFFFFFFF
        pool.append(value ^ (value >> 16))
    for i in range(4):
        for j in range(4):
            if i != j:
                value = pool[i] ^ constant
                constant = (constant * 0x931E8875) & 0xFFFFFFFF
                value = (value * constant) & 0xFFFFFFFF
                value = value ^ (value >> 16)
                mixed = ((0xCA01F9DD * pool[j] & 0xFFFFFFFF) - (0x4973F715 * value & 0xFFFFFFFF)) & 0xFFFFFFFF
                pool[j] = mixed ^ (mixed >> 16)
    constant = 0x8B51F9DD
    words: list[int] = []
    for i in range(8):
        value = pool[i % 4] ^ constant
        constant = (constant * 0x58F38DED) & 0xFFFFFFFF
        value = (value * constant) & 0xFFFFFFFF
        words.append(value ^ (value >> 16))
    drawn = torch.tensor(words, dtype=torch.int64)
    return drawn[::2] | (drawn[1::2] << 32)


def _jumps(count: int) -> tuple[Tensor, Tensor]:
    """Compute by what 1 to `count` steps multiply the state and the increment.

    (4, count) each: upper words, lower words, and the lower and the upper halves of these.
    """
    powers, sums, power, total = [], [], 1, 0
    for _ in range(count):
        total = (total + power) % 2**128
        power = power * MULTIPLIER % 2**128
        powers.append(power)
        sums.append(total)
    return _to_words(powers), _to_words(sums)


def _to_words(numbers: list[int]) -> Tensor:
    lower = [number & _MASK for number in numbers]
    rows = [[number >> 64 for number in numbers], lower, [w & 0xFFFFFFFF for w in lower], [w >> 32 for w in lower]]
    return torch.from_numpy(np.array(rows, np.uint64).view(np.int64))


def _layers() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Compute the ziggurat: width of a step, steps inside the layer's core, and height of its upper edge, (256,)."""

    def height(x: float) -> float:
        return math.exp(-0.5 * x * x)

    edges = [0.0] * LAYERS
    edges[-1] = EDGE
    for i in range(LAYERS - 2, 0, -1):
        edges[i] = math.sqrt(-2 * math.log(AREA / edges[i + 1] + height(edges[i + 1])))
    base = AREA / height(EDGE)
    widths = np.array([base, *edges[1:]]) / 2**23
    cores = [EDGE / base, 0.0, *(edges[i - 1] / edges[i] for i in range(2, LAYERS))]
    return (
        widths.astype(np.float32),
        np.array([int(c * 2**23) for c in cores]),
        np.array([1.0, *(height(x) for x in edges[1:])], np.float32),
    )
