"""Rendering: a path becomes sound, whole or block by block. A `CodeVoice` takes its frames one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise

import numpy as np

from vqsynth.codes.record import CodebookRecord
from vqsynth.codes.spectra import EXCITATIONS, CodeSpectra
from vqsynth.codes.voice import CodeVoice, amplify, excite_frames, find_attacks, make_side, take_frames, to_frames
from vqsynth.errors import CodebookError
from vqsynth.errors.checks import check_choice, check_kind, check_whole
from vqsynth.path import CodePath
from vqsynth.sound.attacks import ramp, ramp_samples
from vqsynth.sound.excitation import FrameSpectra, check_seed
from vqsynth.sound.frames import Floats, OverlapAdd, fade, rfft
from vqsynth.sound.refinement import ROUNDS, cut_frames, refine
from vqsynth.sound.width import Side, add_layer, check_spread, join_sides, place_layers

MOST_REFINEMENTS = 1000
_FRAMES_AT_ONCE = 256


def render_path(
    path: CodePath,
    spectra: CodeSpectra,
    *,
    excitation: str | None = None,
    seed: int | None = None,
    spread: float | None = None,
    place: float = 0.0,
    refinements: int = ROUNDS,
) -> Floats:
    """Render a path to sound.

    Parameters
    ----------
    path : CodePath
        The path.
    spectra : CodeSpectra
        The spectra of its codebook.
    excitation : {"coherent", "noise", "refined"}, optional
        How spectra get their phases. By default as the path says.
    seed : int, optional
        Seed of the noise and of the first phases. By default as the path says.
    spread : float, optional
        0 to 1, see `vqsynth.sound.width`. Above 0 the sound is stereo, and its middle is the mono sound. By default as
        the path says.
    place : float
        -1 to 1: where the sound stands between the left and the right end of the spread.
    refinements : int
        Number of rounds of the refined excitation, 0 to 1000.

    Returns
    -------
    (n_samples,) float32, or (n_samples, 2)
        The sound, which may exceed full scale: see `audio.limit_peak`.

    Raises
    ------
    CodebookError
        If the path does not fit the spectra.
    ParameterError
        If the excitation is unknown, or the spread or the place is out of range.

    """
    excitation = _pick_excitation(path, excitation)
    if excitation != "refined":
        blocks = render_blocks(path, spectra, excitation=excitation, seed=seed, spread=spread, place=place)
        return _join(blocks, path.n_samples)
    check_fit(path, spectra)
    seed = _pick_seed(path, seed)
    side = make_side(spectra.grid, excitation, seed=seed, spread=_pick_spread(path, spread), place=place)
    check_whole("refinements", refinements, 0, MOST_REFINEMENTS)
    edges = [0, *(t for t in find_attacks(path.controls) if t), len(path)]
    parts = [_refine(path[a:b], spectra, seed, refinements, side) for a, b in pairwise(edges)]
    for before, after, t in zip(parts, parts[1:], edges[1:], strict=False):
        _set_in(before, after, path, t)
    y = np.concatenate(parts)[: path.n_samples]
    return fade(y, 0, length=path.hop_length // 2, n_samples=path.n_samples)


def _refine(path: CodePath, spectra: CodeSpectra, seed: int, rounds: int, side: Side | None) -> Floats:
    """Render a path refined, from the centre of its first frame to a hop after that of its last."""
    frames = _HeldFrames(path, spectra)
    y, partials = frames.sound(seed), frames.sound(seed, noise=False)
    y = refine(y, partials, frames, spectra.grid, rounds=rounds)
    y = y if side is None else join_sides(y, frames.side(y, side))
    return y[spectra.grid.n_fft :]


def _set_in(before: Floats, after: Floats, path: CodePath, t: int) -> None:
    """Fade out what comes before the attack in frame t of a path, and let what comes after it rise."""
    assert path.controls is not None
    n_fade = path.hop_length // 2
    n_rise = min(ramp_samples(float(path.controls.attack_ms[t]), path.sr), len(after))
    falling, rising = ramp(n_fade)[::-1], ramp(n_rise)
    before[len(before) - n_fade :] *= falling if before.ndim == 1 else falling[:, None]
    after[:n_rise] *= rising if after.ndim == 1 else rising[:, None]


def render_layers(
    paths: Sequence[CodePath],
    spectra: CodeSpectra,
    *,
    excitation: str | None = None,
    seed: int | None = None,
    spread: float | None = None,
) -> Floats:
    """Render paths and add them up, each at its place, where they are spread.

    Parameters
    ----------
    paths : sequence of CodePath
        One path or more, of one length.
    spectra, excitation
        As for `render_path`.
    seed : int, optional
        Layer i is rendered with seed + i. By default each path's own seed is used.
    spread : float, optional
        As for `render_path`. By default as each path says.

    Returns
    -------
    (n_samples,) float32, or, where a path is spread, (n_samples, 2)
        The sound, which may exceed full scale.

    Raises
    ------
    CodebookError, ParameterError
        As `render_path` does.

    """
    check_seed(0 if seed is None else seed)
    seeds = [None if seed is None else seed + i for i in range(len(paths))]
    sounds = (
        render_path(path, spectra, excitation=excitation, seed=own, spread=spread, place=place)
        for path, own, place in zip(paths, seeds, place_layers(len(paths)), strict=True)
    )
    return reduce(add_layer, sounds)


def render_blocks(
    path: CodePath,
    spectra: CodeSpectra,
    *,
    excitation: str | None = None,
    seed: int | None = None,
    spread: float | None = None,
    place: float = 0.0,
    block_size: int | None = None,
) -> Iterator[Floats]:
    """Render a path block by block. The block size changes no sample.

    Parameters
    ----------
    path, spectra, excitation, seed, spread, place
        As for `render_path`, except that "refined" is refused: it needs the whole sound.
    block_size : int, optional
        Samples in each block; the last one may be shorter. By default the size that costs least.

    Yields
    ------
    (block_size,) float32, or (block_size, 2)

    Raises
    ------
    CodebookError, ParameterError
        As `render_path` does, and if the block size is under 1.

    """
    voice = CodeVoice(
        spectra, excitation=_pick_excitation(path, excitation), seed=_pick_seed(path, seed),
        spread=_pick_spread(path, spread), place=place,
    )  # fmt: skip
    if block_size is not None:
        check_whole("block_size", block_size, 1)
    check_fit(path, spectra)
    at_once = _FRAMES_AT_ONCE if block_size is None else max(1, min(_FRAMES_AT_ONCE, block_size // path.hop_length))
    return _cut(_play(voice, path, at_once), skip=voice.delay_samples, block_size=block_size)


def check_path(path: CodePath, book: CodebookRecord) -> None:
    """Raise CodebookError for a path of another codebook, and ParameterError for anything but a path."""
    check_kind("path", path, CodePath, "a CodePath")
    if path.sha256 not in book.known_hashes if path.sha256 else path.codebook != book.name:
        raise CodebookError(
            f"the path was made with codebook {path.codebook!r} of hash {path.sha256[:8] or '?'}, this is "
            f"{book.name!r} of hash {book.sha256[:8]}; use that codebook, or translate the path"
        )
    check_fit(path, book.spectra)


def check_fit(path: CodePath, spectra: CodeSpectra) -> None:
    """Raise CodebookError for a path whose codes, rate or hop do not fit the spectra."""
    check_kind("path", path, CodePath, "a CodePath")
    if (highest := path.codes.max()) >= len(spectra):
        raise CodebookError(
            f"the codes of the path must lie between 0 and {len(spectra) - 1} (got {highest}); "
            "use the codebook that the path was made with"
        )
    if (path.sr, path.hop_length) != (spectra.grid.sr, spectra.grid.hop_length):
        raise CodebookError(
            f"the path must have the codebook's rate of {spectra.grid.sr} Hz and hop of {spectra.grid.hop_length} (got "
            f"{path.sr} Hz and {path.hop_length}); use the codebook that the path was made with"
        )


def _pick_excitation(path: CodePath, excitation: str | None) -> str:
    check_kind("path", path, CodePath, "a CodePath")
    return path.excitation if excitation is None else check_choice("excitation", excitation, EXCITATIONS)


def _pick_seed(path: CodePath, seed: int | None) -> int:
    return path.seed if seed is None else check_seed(seed)


def _pick_spread(path: CodePath, spread: float | None) -> float:
    return path.spread if spread is None else check_spread(spread)


class _HeldFrames:
    """Hold the frames of a path. The first and the last last half a window longer: T + n_fft // hop_length frames."""

    def __init__(self, path: CodePath, spectra: CodeSpectra) -> None:
        check_fit(path, spectra)
        held = np.pad(np.arange(len(path)), spectra.grid.n_fft // (2 * path.hop_length), mode="edge")
        self._spectra = spectra
        self._codes, self._gain, self._controls = take_frames(path.codes, amplify(path.gain_db), path.controls, held)

    def __len__(self) -> int:
        return len(self._codes)

    def look_up(self, block: slice) -> FrameSpectra:
        """Return the spectra (1, T, n_bins) of some frames, at gain 1."""
        return self._spectra.look_up(self._codes[None, block], self._controls.take(block) if self._controls else None)

    def magnitudes(self, block: slice) -> Floats:
        """Return the magnitudes (T, n_bins) of some frames, at their gain."""
        magnitudes: Floats = self.look_up(block).amplitudes[0] * self._gain[block, None]
        return magnitudes

    def side(self, y: Floats, side: Side) -> Floats:
        """Return the side (n,) of a sound (n,) of all frames."""
        grid, parts = self._spectra.grid, []
        adder, middle = OverlapAdd(grid), cut_frames(np.pad(y, (0, grid.n_fft)), grid)
        for start in range(0, len(self), _FRAMES_AT_ONCE):
            block = slice(start, start + _FRAMES_AT_ONCE)
            frames = self.look_up(block)
            frames = replace(frames, amplitudes=frames.amplitudes * self._gain[block, None])
            parts.append(adder.push(to_frames(side.excite(frames, rfft(middle[block] * grid.window)[None])[0], grid)))
        return np.concatenate(parts)

    def sound(self, seed: int, *, noise: bool = True) -> Floats:
        """Return the sound of all frames, from the first sample of the first on. Without noise, only partials sound."""
        grid, parts = self._spectra.grid, []
        excitation, adder = self._spectra.make_excitation("coherent", rng=seed), OverlapAdd(grid)
        for start in range(0, len(self), _FRAMES_AT_ONCE):
            block = slice(start, start + _FRAMES_AT_ONCE)
            frames = self.look_up(block)
            if not noise:
                frames = replace(frames, amplitudes=np.where(frames.tonal, frames.amplitudes, np.float32(0)))
            parts.append(adder.push(excite_frames(frames, self._gain[block], excitation, grid)))
        return np.concatenate(parts)


def _play(voice: CodeVoice, path: CodePath, at_once: int) -> Iterator[Floats]:
    """Push a whole path into a voice, `at_once` frames at a time."""
    for start in range(0, len(path), at_once):
        block = slice(start, start + at_once)
        controls = path.controls.take(block) if path.controls else None
        yield voice.push(path.codes[block], path.gain_db[block], controls)
    yield voice.finish(path.n_samples)


def _cut(parts: Iterator[Floats], *, skip: int, block_size: int | None) -> Iterator[Floats]:
    """Drop the first `skip` samples, and yield blocks of `block_size`, or of the size of the parts if it is None."""
    waiting = None
    for part in parts:
        dropped = min(skip, len(part))
        skip -= dropped
        waiting = part[dropped:] if waiting is None else np.concatenate([waiting, part[dropped:]])
        size = block_size or max(1, len(waiting))
        while len(waiting) >= size:
            yield waiting[:size]
            waiting = waiting[size:]
    if waiting is not None and len(waiting):
        yield waiting


def _join(blocks: Iterator[Floats], n_samples: int) -> Floats:
    """Join blocks one by one, so that a long sound is held in memory only once."""
    y, done = np.empty(0, np.float32), 0
    for block in blocks:
        y = y if len(y) else np.empty((n_samples, *block.shape[1:]), np.float32)
        y[done : done + len(block)] = block
        done += len(block)
    return y
