"""The continuous model played live: a sound that comes in is bent, or two held sounds are mixed. Imports torch.

What can be said is `MODEL_ADDRESSES`. The stream of the model takes blocks of whole hops; a block of 2048 samples costs
a third of four blocks of 512.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.streaming import ModelStream
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import check_number, unknown_name
from vqsynth.live.addresses import Values, read_one
from vqsynth.sound.arrays import Doubles
from vqsynth.sound.frames import Floats
from vqsynth.sound.resampling import make_resampler

MODEL_ADDRESSES = {
    "/shift/N": "Added to component N, in standard deviations of the training sounds, -10 to 10.",
    "/scale/N": "What component N is multiplied by, -10 to 10.",
    "/morph": "0: all the first of two held sounds, to 1: all the second.",
    "/gain": "Added to the loudness, in dB, -120 to 40.",
    "/stop": "Silence, until /gain is sent.",
    "/reset": "Nothing is bent any more.",
}
"""What can be said, and what it means."""
LARGEST = 10.0
NEAR_DB = 10.0
"""A held sound is the mean of the frames that are no further under its loudest one than this."""
SILENT_GAIN_DB = -240.0
CHUNK = 4
"""Hops that are made at once where no sound comes in."""


@dataclass(frozen=True, eq=False)
class Held:
    """Hold a sound that does not move: components (C,) and loudness in LUFS."""

    components: Doubles
    loudness_db: float

    @classmethod
    def of_path(cls, path: LatentPath) -> "Held":
        """Take the mean of the loud frames of a path."""
        loud = path.loudness_db > path.loudness_db.max() - NEAR_DB
        return cls(path.components[:, loud].mean(axis=1).astype(np.float64), float(path.loudness_db[loud].mean()))


class ModelPlayer:
    """Play a continuous model live.

    Parameters
    ----------
    model : ContinuousModel
        The model.
    sr : int, optional
        Sample rate in Hz of what comes in and goes out. By default that of the model.
    between : two of Held, optional
        The sounds to mix. Without them, the sound that comes in is played.
    vocoder : str, optional
        As for `ModelStream`.
    seed : int
        Seed of the noise.

    """

    def __init__(
        self, model: ContinuousModel, *, sr: int | None = None, between: Sequence[Held] = (),
        vocoder: str | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self.model, self.sr, self._between = model, sr or model.sr, tuple(between)
        self._stream = ModelStream(model, vocoder=vocoder, bend=self._bend, seed=seed)
        self._hop = model.grid.frames.hop_length
        self._in, self._out = make_resampler(self.sr, model.sr), make_resampler(model.sr, self.sr)
        self._heard = self._ready = np.zeros(0, np.float32)
        self._sent: deque[Callable[[ModelPlayer], object]] = deque()
        self.scale, self.shift = np.ones(len(model.components)), np.zeros(len(model.components))
        self.weight, self.gain_db, self._last_weight = 0.0, 0.0, 0.0
        self.n_samples = 0
        self._stream.push(np.zeros(self._hop * CHUNK, np.float32))  # what is made at the first use is made now

    @property
    def time_s(self) -> float:
        """Return how much sound was given out, in seconds."""
        return self.n_samples / self.sr

    @property
    def latency_s(self) -> float:
        """Return the time from input to output in seconds, with blocks of one hop."""
        return self._stream.latency_s

    def hear(self, y: Floats) -> None:
        """Take the next samples (n,) of the sound that comes in."""
        if not self._between:
            heard = self._in(np.nan_to_num(y, posinf=0.0, neginf=0.0))
            self._heard = np.concatenate([self._heard, heard])

    def send(self, change: Callable[["ModelPlayer"], object]) -> None:
        """Have the player changed at the next block; from any thread."""
        self._sent.append(change)

    def read(self, n_samples: int) -> Floats:
        """Return the next block of sound, (n_samples,). It may exceed full scale.

        Where less has come in than is to go out, silence goes first; from then on the sound is as much later.
        """
        while self._sent:
            self._sent.popleft()(self)
        while self._between and len(self._ready) < n_samples:
            self._play(np.zeros(CHUNK * self._hop, np.float32))
        whole = len(self._heard) // self._hop * self._hop
        if whole:
            block, self._heard = self._heard[:whole], self._heard[whole:]
            self._play(block)
        missing = max(n_samples - len(self._ready), 0)
        y = np.concatenate([np.zeros(missing, np.float32), self._ready[: n_samples - missing]])
        self._ready = self._ready[n_samples - missing :]
        self.n_samples += n_samples
        return y

    def finish(self) -> Floats:
        """End the sound, and return the rest of it."""
        self._ready = np.concatenate([self._ready, self._out(self._stream.finish())])
        return self._ready

    def describe(self) -> tuple[int | None, dict[str, float], dict[str, float]]:
        """Return no code, and nothing asked or got by descriptor: a model has neither."""
        return None, {}, {}

    def _play(self, block: Floats) -> None:
        self._ready = np.concatenate([self._ready, self._out(self._stream.push(block))])

    def _bend(self, path: LatentPath) -> LatentPath:
        components, loudness_db = path.components.astype(np.float64), path.loudness_db
        if self._between:
            weight = np.linspace(self._last_weight, self.weight, len(path) + 1)[1:]
            self._last_weight = self.weight
            (a, b), one = self._between, 1 - weight
            components = a.components[:, None] * one + b.components[:, None] * weight
            loudness_db = a.loudness_db * one + b.loudness_db * weight
        bent = self.scale[:, None] * components + self.shift[:, None]
        return path.with_values(components=bent, loudness_db=loudness_db + self.gain_db)


class ModelDesk:
    """Take what is said to a model's player, as `Desk` does for a codebook's.

    Parameters
    ----------
    player : ModelPlayer
        The player.

    """

    def __init__(self, player: ModelPlayer) -> None:
        self._player = player

    def close(self) -> None:
        """Do nothing: nothing takes long."""

    def take(
        self, address: str, values: Values = (), *, at_s: float = -math.inf, tell: Callable[[str], object] | None = None
    ) -> None:
        """Take a message; it counts at once. Raises ParameterError for what cannot be used."""
        head, _, part = address.removeprefix("/").partition("/")
        if not address.startswith("/") or (f"/{head}/N" if part else address) not in MODEL_ADDRESSES:
            raise unknown_name(address, tuple(MODEL_ADDRESSES), "address")
        self._player.send(getattr(self, f"_take_{head}")(address, part, values))

    def _take_shift(self, address: str, part: str, values: Values) -> Callable[[ModelPlayer], object]:
        i, value = self._component(address, part), check_number(address, read_one(address, values), -LARGEST, LARGEST)
        return lambda player: player.shift.__setitem__(i, value)

    def _take_scale(self, address: str, part: str, values: Values) -> Callable[[ModelPlayer], object]:
        i, value = self._component(address, part), check_number(address, read_one(address, values), -LARGEST, LARGEST)
        return lambda player: player.scale.__setitem__(i, value)

    def _take_morph(self, address: str, _: str, values: Values) -> Callable[[ModelPlayer], object]:
        return _set("weight", check_number(address, read_one(address, values), 0, 1))

    def _take_gain(self, address: str, _: str, values: Values) -> Callable[[ModelPlayer], object]:
        return _set("gain_db", check_number(address, read_one(address, values), -120, 40))

    def _take_stop(self, *_: Any) -> Callable[[ModelPlayer], object]:
        return _set("gain_db", SILENT_GAIN_DB)

    def _take_reset(self, *_: Any) -> Callable[[ModelPlayer], object]:
        def reset(player: ModelPlayer) -> None:
            player.scale[:], player.shift[:] = 1, 0
            player.weight = player.gain_db = 0.0

        return reset

    def _component(self, address: str, part: str) -> int:
        n = len(self._player.scale)
        if not part.isdecimal() or not 1 <= int(part[:9]) <= n:
            raise ParameterError(f"{address} must name a component from 1 to {n}, as in /shift/1")
        return int(part) - 1


def _set(name: str, value: float) -> Callable[[ModelPlayer], object]:
    return lambda player: setattr(player, name, value)
