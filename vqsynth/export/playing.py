"""Shaped spectra to sound in tensors, sample for sample as `codes.voice.CodeVoice` plays them.

A voice stands still until its first frame that sounds. That frame is held for half a window, so that the first samples
are made of as many frames as all others, and half a hop of them is faded in. The sound lies half a window behind its
frames.
"""

import numpy as np
import torch
from torch import Tensor, nn

from vqsynth.export.chance import NoiseSource
from vqsynth.sound.frames import FrameGrid, fade_ends

VOICES = 16
"""The most voices, or channels of a multichannel object, that a file plays."""


class FramePlayer(nn.Module):
    """Give frames their phases, and add them up to sound.

    Parameters
    ----------
    grid : FrameGrid
        Window and hop.
    voices : int
        Number of voices.

    """

    window: Tensor
    scale: Tensor
    rise: Tensor
    phase: Tensor
    past: Tensor
    tail: Tensor
    age: list[int]

    def __init__(self, grid: FrameGrid, voices: int = VOICES) -> None:
        super().__init__()
        self.n_fft: int = grid.n_fft
        self.hop: int = grid.hop_length
        self.parts: int = grid.n_fft // grid.hop_length
        self.lead: int = grid.n_fft // 2 // grid.hop_length
        power = np.sum(grid.window.astype(np.float64) ** 2)
        half, fade = grid.n_fft // 2, grid.hop_length // 2
        self.register_buffer("window", torch.from_numpy(grid.window / np.sqrt(power).astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(grid.window * np.float32(grid.hop_length / power)))
        self.register_buffer("rise", torch.from_numpy(fade_ends(-half, half + grid.hop_length, fade=fade)))
        self.register_buffer("phase", torch.zeros(voices, grid.n_bins))
        self.register_buffer("past", torch.zeros(voices, grid.n_fft - grid.hop_length))
        self.register_buffer("tail", torch.zeros(voices, self.parts - 1, grid.hop_length))
        self.noise = NoiseSource(voices)
        self.age = [-2] * voices  # -2: not seeded, -1: not begun, else the frames that were played

    @torch.jit.export
    def restart(self) -> None:
        """Let every voice stand still until it sounds again, with the numbers of its seed."""
        for voice in range(len(self.age)):
            self.age[voice] = -2

    @torch.jit.export
    def make_ready(self, voice: int, seed: int) -> None:
        """Draw the first phases and noise of a voice that has none."""
        if self.age[voice] == -2:
            self.noise.seed(voice, seed + voice)
            self.phase[voice] = (self.noise.draw_uniform(voice, self.n_fft // 2 + 1) * 6.283185307179586).float()
            self.past[voice] = self.noise.draw_normal(voice, self.n_fft - self.hop)
            self.tail[voice] = torch.zeros(self.parts - 1, self.hop)
            self.age[voice] = -1

    @torch.jit.export
    def take_rows(self, voice: int, sounding: Tensor) -> tuple[int, Tensor]:
        """Tell how many of the next frames, (T,) bool, only wait for the sound to begin, and which are played.

        A frame is played several times where it is held.
        """
        frames = sounding.size(0)
        if self.age[voice] >= 0:
            return 0, torch.arange(frames)
        if not bool(sounding.any().item()):
            return frames, torch.arange(0)
        idle = int(sounding.long().argmax().item())
        return idle, torch.arange(idle - self.lead, frames).clamp(min=idle)

    @torch.jit.export
    def play(
        self, voice: int, amplitudes: Tensor, peak: Tensor, advance: Tensor, tonal: Tensor, gain: Tensor
    ) -> Tensor:
        """Play frames (T, n_bins) at gains (T,). Return (T * hop,) samples, or less where a sound begins."""
        frames = amplitudes.size(0)
        phases = self._run_phases(voice, peak, advance)
        fresh = self.noise.draw_normal(voice, frames * self.hop)
        noise = torch.cat([self.past[voice], fresh])
        self.past[voice] = noise[frames * self.hop :]
        spectra = torch.fft.rfft(noise.unfold(0, self.n_fft, self.hop) * self.window)
        real = amplitudes * torch.where(tonal, torch.cos(phases), torch.real(spectra))
        imaginary = amplitudes * torch.where(tonal, torch.sin(phases), torch.imag(spectra))
        y = torch.fft.irfft(torch.complex(real, imaginary), self.n_fft) * gain[:, None]
        return self._fade_in(voice, self._add_up(voice, y * self.scale))

    def _run_phases(self, voice: int, peak: Tensor, advance: Tensor) -> Tensor:
        phase = self.phase[voice]
        run: list[Tensor] = []
        for i in range(peak.size(0)):
            phase = phase.index_select(0, peak[i]) + advance[i]
            phase = phase - 6.2831854820251465 * torch.floor(phase / 6.2831854820251465)
            run.append(phase)
        self.phase[voice] = phase
        return torch.stack(run)

    def _add_up(self, voice: int, y: Tensor) -> Tensor:
        """Add frames (T, n_fft), windowed, to those before, from the oldest to the newest: (T * hop,) samples."""
        tail, nothing = self.tail[voice], torch.zeros(1, self.hop)
        made: list[Tensor] = []
        for i in range(y.size(0)):
            summed = torch.cat([tail, nothing]) + y[i].view(self.parts, self.hop)
            made.append(summed[0])
            tail = summed[1:]
        self.tail[voice] = tail
        return torch.cat(made)

    def _fade_in(self, voice: int, y: Tensor) -> Tensor:
        """Drop what was played only to hold the first frame, and fade in what follows."""
        if self.age[voice] < 0:
            y = y[self.lead * self.hop :]
            self.age[voice] = 0
        start = self.age[voice] * self.hop
        self.age[voice] = min(self.age[voice] + y.size(0) // self.hop, 1000000)
        if start < self.rise.size(0):
            rise = self.rise[start : start + y.size(0)]
            y = torch.cat([y[: rise.size(0)] * rise, y[rise.size(0) :]])
        return y
