"""A continuous model played live: a block of sound in, a block out, bent on the way.

Everything is causal, so that blocks of any size give the same samples as encoding and rendering the whole sound.

The output is delayed. A frame is known when the half window after its centre has come in. A sample is known when the
frame half a window after it is known. That is n_fft samples, of which one hop has already come in with the block, so
that sample i of the output is sample i - (n_fft - hop_length) of the whole. From the microphone to the loudspeaker the
time to gather a block is added. With a window of 2048 samples and a hop of 512 at 44.1 kHz: 35 ms + 12 ms = 46 ms.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.continuous.bounds import bound_mel
from vqsynth.continuous.latents import LatentPath
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.vae import DecoderStream, EncoderStream
from vqsynth.errors import ParameterError
from vqsynth.errors.checks import show
from vqsynth.sound.audio import check_samples
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.mel import analyse_frames

Bend = Callable[[LatentPath], LatentPath]
FIRST_FRAMES, FRAMES_AT_ONCE = 32, 128
"""Frames of the first block of a path, so that it is heard soon, and of every other one."""


def count_delay(grid: FrameGrid) -> int:
    """Return the delay of a stream's output behind its input, in samples."""
    return grid.n_fft - grid.hop_length


def decode_blocks(
    model: ContinuousModel,
    path: LatentPath,
    *,
    vocoder: str | None = None,
    excitation: str | None = None,
    seed: int | None = None,
) -> Iterator[Floats]:
    """Decode a latent path block by block, so that its beginning is heard before its end is made.

    Parameters
    ----------
    model : ContinuousModel
        The model.
    path : LatentPath
        A path of this model.
    vocoder, excitation, seed
        As for `ContinuousModel.decode`. "griffin-lim" and "refined", the default of "magnitude", need the whole sound,
        which then is one block.

    Yields
    ------
    (n,) float32
        The next samples. Together they are those of `ContinuousModel.render`, and may exceed full scale.

    Raises
    ------
    ModelError, ParameterError
        As `ContinuousModel.render` does.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> from vqsynth.continuous.streaming import decode_blocks
    >>> model = continuous.load("strings")
    >>> path = model.encode(np.full(44100, 0.1), 44100)
    >>> blocks = list(decode_blocks(model, path, excitation="coherent"))
    >>> bool((np.concatenate(blocks) == model.render(path, excitation="coherent")).all())
    True

    """
    model.check_path(path)
    path = model.direct(path, vocoder=vocoder, excitation=excitation, seed=seed)
    voice = model.make_vocoder(path.vocoder)
    voice.check_excitation(path.excitation)
    try:
        stream = voice.stream(excitation=path.excitation or next(iter(voice.excitations), None), seed=path.seed)
    except ParameterError:
        yield model.render(path)
        return
    decoder, skip, start = DecoderStream(model.vae), stream.delay_samples, 0
    latents, loudness_db = model.to_latents(path), path.loudness_db.astype(np.float32)
    while start < len(path):
        block = slice(start, start + (FRAMES_AT_ONCE if start else FIRST_FRAMES))
        y = stream.push(bound_mel(decoder.push(*(rows[block] for rows in latents))), loudness_db[block])
        yield y[skip:]
        skip, start = max(0, skip - len(y)), block.stop
    yield stream.finish(path.n_samples)[skip:]


class ModelStream:
    """Play a model live: every block of sound that is pushed gives a block of the same length.

    Parameters
    ----------
    model : ContinuousModel
        The model to play.
    vocoder, excitation : str, optional
        As for `ContinuousModel.decode`, except "griffin-lim" and "refined", which need the whole sound.
    bend : function, optional
        Changes the sound on its way. It is given the frames of each block as a `LatentPath` that begins at 0 s, and
        returns a path of as many frames. What it does to a frame should not depend on other frames or on time;
        otherwise the sound depends on how it is cut into blocks.
    seed : int
        Seed of the noise.

    Raises
    ------
    ParameterError
        For an unknown vocoder or excitation, and for one that needs the whole sound.

    Examples
    --------
    >>> import numpy as np
    >>> from vqsynth import continuous
    >>> stream = continuous.ModelStream(continuous.load("strings"))
    >>> [len(stream.push(block)) for block in np.zeros((3, 512), np.float32)]
    [512, 512, 512]
    >>> len(stream.finish()) == stream.delay_samples
    True

    """

    def __init__(
        self,
        model: ContinuousModel,
        *,
        vocoder: str | None = None,
        excitation: str | None = None,
        bend: Bend | None = None,
        seed: int = 0,
    ) -> None:
        if bend is not None and not callable(bend):
            raise ParameterError(f"bend must be a function of a path (got {show(bend)})")
        self._model, self._bend, self._grid = model, bend, model.grid.frames
        self._encoder, self._decoder = EncoderStream(model.vae), DecoderStream(model.vae)
        self._vocoder = model.make_vocoder(vocoder).stream(excitation=excitation, seed=check_seed(seed))
        half = self._grid.n_fft // 2
        self._heard = np.zeros(half, np.float32)  # what the next frames begin with
        self._made = np.zeros(half - self._grid.hop_length, np.float32)  # what was not given out yet
        self._n_samples: int | None = 0

    @property
    def delay_samples(self) -> int:
        """Return the delay of the output behind the input, in samples."""
        return count_delay(self._grid)

    @property
    def latency_s(self) -> float:
        """Return the time from input to output in seconds, with blocks of one hop."""
        return (self.delay_samples + self._grid.hop_length) / self._grid.sr

    def push(self, y: ArrayLike) -> Floats:
        """Play the next block.

        Parameters
        ----------
        y : (n,)
            The block, at the model's sample rate. n must be a multiple of its hop.

        Returns
        -------
        y : (n,) float32
            The output, delayed by `delay_samples`. It may exceed full scale.

        Raises
        ------
        AudioError
            If the samples are not a sound.
        ParameterError
            For another length, or after `finish`. A block that is refused, or that `bend` fails on, leaves the stream
            as it was.

        """
        if self._n_samples is None:
            raise ParameterError("this stream has ended; make a new ModelStream")
        block = check_samples(y)
        if len(block) % self._grid.hop_length:
            raise ParameterError(
                f"a block must have a multiple of {self._grid.hop_length} samples, the hop of model "
                f"{self._model.name!r} (got {len(block)})"
            )
        y = self._play(block)
        self._n_samples += len(block)
        return y

    def finish(self) -> Floats:
        """End the stream and return the rest of its output, (delay_samples,), or (0,) where nothing was pushed."""
        n_samples, rest = self._n_samples, np.zeros(0, np.float32)
        if n_samples:
            rest = self._play(np.zeros(self._grid.n_fft // 2, np.float32))
            rest = np.concatenate([rest, self._made, self._vocoder.finish(n_samples)])
        self._n_samples = None
        return rest

    def _play(self, block: Floats) -> Floats:
        frames, rest = self._cut(block)
        if len(frames):
            self._made = np.concatenate([self._made, self._sound(frames)])
        self._heard = rest
        y, self._made = self._made[: len(block)], self._made[len(block) :]
        return y

    def _cut(self, block: Floats) -> tuple[Floats, Floats]:
        """Return the frames (t, n_fft) that this block completes, and the samples that the next ones begin with."""
        hop, n_fft = self._grid.hop_length, self._grid.n_fft
        heard = np.concatenate([self._heard, block])
        n_frames = max(0, 1 + (len(heard) - n_fft) // hop)
        if not n_frames:
            return np.zeros((0, n_fft), np.float32), heard
        return np.lib.stride_tricks.sliding_window_view(heard, n_fft)[::hop][:n_frames], heard[n_frames * hop :]

    def _sound(self, frames: Floats) -> Floats:
        path = self._encode(frames) if self._bend is None else self._encode_bent(frames, self._bend)
        log_mel = bound_mel(self._decoder.push(*self._model.to_latents(path)))
        return self._vocoder.push(log_mel, path.loudness_db.astype(np.float32))

    def _encode(self, frames: Floats) -> LatentPath:
        mel = analyse_frames(frames, self._model.grid)
        n_samples = max(1, (len(frames) - 1) * self._grid.hop_length)
        return self._model.to_path(self._encoder.push(mel.log_mel), mel.loudness_db, n_samples=n_samples)

    def _encode_bent(self, frames: Floats, bend: Bend) -> LatentPath:
        """Encode frames and bend them. Where that fails the encoder's state is restored."""
        mark = self._encoder.past.copy()
        try:
            path = bend(self._encode(frames))
            self._check_bent(path, len(frames))
        except BaseException:
            self._encoder.past = mark
            raise
        return path

    def _check_bent(self, path: LatentPath, n_frames: int) -> None:
        self._model.check_path(path)
        if len(path) != n_frames:
            raise ParameterError(f"bend must return as many frames as it was given, {n_frames} (got {len(path)})")
