"""What went out is listened to, and what is still to come is corrected by it: its loudness and its centroid.

Frames overlap, and partials that move from one to the next take some of each other away. The last window of what went
out is half a window and more behind the frames, so the correction is slow: it takes back what is missed for longer.
"""

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
    most: Tensor
    rates: Tensor
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
        self.register_buffer("most", torch.tensor([MOST_DB, MOST_OCTAVES]))
        self.register_buffer("rates", torch.tensor(RATES))
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
        loudness = -0.691 + 10 * torch.log10((magnitudes.square() * self.weights).sum() + 1e-12)
        centre = torch.log2((magnitudes * self.hertz).sum() / magnitudes.sum().clamp(min=1e-9) + 1e-3)
        wanted = self.wanted[voice, 0]
        missed = torch.max(torch.min(wanted - torch.stack([loudness, centre]), self.most), -self.most)
        moved = torch.max(torch.min(self.correction[voice] + amount * self.rates * missed, self.most), -self.most)
        self.correction[voice] = torch.where(wanted != 0, moved, torch.zeros_like(moved))
