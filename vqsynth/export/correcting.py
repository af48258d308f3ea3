"""What went out is listened to, and what is still to come is corrected by it: its loudness and its centroid.

Frames overlap, and partials that move from one to the next take some of each other away. The last window of what went
out is half a window and more behind the frames, so the correction is slow: it takes back what is missed for longer.
"""

import math

import torch
from torch import Tensor, nn

from vqsynth.export.playing import VOICES
from vqsynth.export.shaping import weigh_loudness
from vqsynth.sound.frames import FrameGrid

RATES = (0.1, 0.1)
"""Share of an error of loudness, and of the centroid, by which a frame moves the correction."""
MOST_DB, MOST_OCTAVES = 3.0, 0.3
"""The largest error that counts, and the largest correction."""


class OutputListener(nn.Module):
    """Hold for each voice what went out, what it was to be, and the correction.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.

    """

    window: Tensor
    weights: Tensor
    hertz: Tensor
    most: list[float]
    rates: list[float]
    heard: Tensor
    wanted: Tensor
    correction: Tensor
    known: list[int]

    def __init__(self, grid: FrameGrid) -> None:
        super().__init__()
        self.delay: int = grid.n_fft // grid.hop_length - 1  # frames from the centre of the last window to the last
        self.register_buffer("window", torch.from_numpy(grid.window.copy()))
        self.register_buffer("weights", torch.from_numpy(weigh_loudness(grid).astype("float32")))
        self.register_buffer("hertz", torch.from_numpy(grid.frequencies_hz.copy()))
        self.most = [MOST_DB, MOST_OCTAVES]
        self.rates = [float(rate) for rate in RATES]
        self.register_buffer("heard", torch.zeros(VOICES, grid.n_fft))
        self.register_buffer("wanted", torch.zeros(VOICES, self.delay + 1, 2))
        self.register_buffer("correction", torch.zeros(VOICES, 2))
        self.known = [0] * VOICES  # frames in a row that could be listened to

    @torch.jit.export
    def restart(self) -> None:
        """Correct nothing until something was heard."""
        for voice in range(len(self.known)):
            self.known[voice] = 0
            self.correction[voice] = torch.zeros(2)

    @torch.jit.export
    def listen(self, voice: int, y: Tensor, level: float, octave: float, amount: float) -> None:
        """Hear the next samples, (hop,), and what the frame that was played with them was to be.

        level: in LUFS, under -100 for silence. octave: the logarithm to base 2 of the centroid in Hz, 0 for none.
        """
        heard = torch.cat([self.heard[voice, y.size(0) :], y])
        self.heard[voice] = heard
        self.wanted[voice] = torch.cat([self.wanted[voice, 1:], torch.tensor([[level, octave]])])
        self.known[voice] = self.known[voice] + 1 if level > -100 else 0
        if self.known[voice] < 3 * self.delay:
            return
        magnitudes = torch.fft.rfft(heard * self.window).abs()
        power, total = float(magnitudes.square().dot(self.weights).item()), float(magnitudes.sum().item())
        got = [-0.691 + 10 * math.log10(power + 1e-12), 0.0]
        got[1] = math.log(float(magnitudes.dot(self.hertz).item()) / max(total, 1e-9) + 1e-3) / math.log(2.0)
        wanted: list[float] = self.wanted[voice, 0].tolist()
        before: list[float] = self.correction[voice].tolist()
        after = [0.0, 0.0]
        for i in range(2):
            if wanted[i] != 0:
                most = self.most[i]
                missed = max(min(wanted[i] - got[i], most), -most)
                after[i] = max(min(before[i] + amount * self.rates[i] * missed, most), -most)
        self.correction[voice] = torch.tensor(after)
