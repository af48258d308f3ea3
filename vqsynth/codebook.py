"""A codebook: the grains, the table and the model of one sound world, and the methods that people use.

Playing needs the grains and the table only; the model, and torch with it, is loaded when a sound is encoded.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import check_flag, check_kind, check_whole, show
from vqsynth.codes.index import Targets, check_targets, check_weights
from vqsynth.codes.measuring import measure_table
from vqsynth.codes.selection import Selection, check_taken, make_selection, most_used, price_jumps, select_codes
from vqsynth.codes.spectra import Grains, normalize_power
from vqsynth.codes.table import DescriptorTable
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.targets import DEFAULT_LOUDNESS_DB, LONGEST_S, Mappings, check_seconds, sample_targets
from vqsynth.errors import CodebookError, ParameterError, VqsynthWarning
from vqsynth.path import CodePath, check_layers
from vqsynth.render import check_fit, render_layers
from vqsynth.sound.audio import check_samples, limit_peak, to_mono
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats, FrameGrid, frame_blocks
from vqsynth.sound.offset import audible_blocks
from vqsynth.storage.bundle import Card, Kind, seal, write_bundle
from vqsynth.storage.files import StrPath

OPTIONS = frozenset(field.name for field in fields(Selection))
GRAINS, TABLE, MODEL = "grains.safetensors", "table.csv", "model.safetensors"
ALSO = "also"
"""What a card calls the hashes that the grains' file, which holds columns of the table too, has had before."""
CODEBOOK = Kind(
    noun="codebook",
    fields={"name": str, "sr": int, "n_fft": int, "hop_length": int, "codes": int, "descriptors": list, "model": dict},
    files=(GRAINS, TABLE, MODEL),
    error=CodebookError,
)
"""The folder: the spectra of the codes; their descriptors, a row per code; encoder, code vectors and decoder."""
_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Codebook:
    """Hold what a codebook's folder holds.

    card: what `card.json` says. grains: K spectra on `grid`. table: K rows of descriptors. model_state: the weights,
    name to array. transitions: (N, 3), how often the training corpus went from code to code, or None.
    """

    card: Card
    grid: FrameGrid
    grains: Grains
    table: DescriptorTable
    model_state: Mapping[str, NDArray[Any]]
    transitions: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """Tell the codebook's name."""
        return str(self.card["name"])

    @cached_property
    def sha256(self) -> str:
        """Tell the hash of the spectra, by which paths know their codebook; measuring the table anew leaves it."""
        return self.grains.fingerprint

    @property
    def known_hashes(self) -> frozenset[str]:
        """List the hashes that paths of this codebook may carry: older ones have that of the grains' file."""
        also = self.card.get(ALSO)
        return frozenset([self.sha256, self.card["files"][GRAINS], *(map(str, also) if isinstance(also, list) else ())])

    def __len__(self) -> int:
        return len(self.grains)

    def __repr__(self) -> str:
        return f"Codebook({self.name!r}, {len(self)} codes, {self.grid.sr} Hz)"

    @classmethod
    def build(
        cls,
        *,
        name: str,
        grid: FrameGrid,
        magnitudes: NDArray[np.floating[Any]],
        counts: NDArray[np.int64],
        model_config: Mapping[str, Any],
        model_state: Mapping[str, NDArray[Any]],
        card: Mapping[str, Any],
        transitions: NDArray[np.int64] | None = None,
    ) -> "Codebook":
        """Make a codebook of what training found: normalize the grains, sound and measure them.

        magnitudes: (K, n_bins), linear. counts: (K,), how often the corpus used each code. card: what else to say.
        Raises CodebookError for spectra that are silent or not finite, and weights that are not.
        """
        stored = normalize_power(magnitudes, grid).astype(np.float16)
        grains = Grains(stored.astype(np.float32), grid)
        frames = {"sr": grid.sr, "n_fft": grid.n_fft, "hop_length": grid.hop_length, "codes": len(grains)}
        about = {"name": name, **card, **frames, "model": dict(model_config)}
        table = measure_table(grains, counts)
        return cls(about, grid, grains, table, dict(model_state), transitions)._sealed()

    def measured_again(self) -> "Codebook":
        """Measure the table again, with every descriptor that is registered now: also the user's own."""
        card = self.card | {ALSO: sorted(self.known_hashes - {self.sha256})}
        return replace(self, card=card, table=measure_table(self.grains, self.table.counts))._sealed()

    def save(self, folder: StrPath) -> None:
        """Write the codebook as a folder, whole or not at all; a codebook that stands there is replaced.

        Raises CodebookError where the folder holds anything else, or cannot be written.
        """
        write_bundle(folder, self.card, self._contents(), CODEBOOK)

    def _contents(self) -> dict[str, bytes]:
        from safetensors.numpy import save

        grains = np.ascontiguousarray(self.grains.magnitudes, np.float16)
        weights = {name: np.ascontiguousarray(array) for name, array in self.model_state.items()}
        arrays: dict[str, NDArray[Any]] = {"grains": grains}
        if self.table.deviations is not None:
            arrays["deviations"] = np.ascontiguousarray(self.table.deviations, np.float32)
        if self.transitions is not None:
            arrays["transitions"] = np.ascontiguousarray(self.transitions, np.int32)
        return {GRAINS: save(arrays), TABLE: self.table.to_csv().encode(), MODEL: save(weights)}

    def _sealed(self) -> "Codebook":
        columns = zip(self.table.names, self.table.units, self.table.scales, strict=True)
        described = [{"name": name, "unit": unit, "scale": scale} for name, unit, scale in columns]
        return replace(self, card=seal({**self.card, "descriptors": described}, self._contents(), CODEBOOK))

    def sample_curves(
        self, *, seconds: float, mapping: Mappings = "clamp", **curves: Any
    ) -> dict[str, NDArray[np.float64]]:
        """Turn curves into values per frame, loudness at -20 where none is given.

        curves: descriptor name to anything that `curves.make_curve` takes. mapping: as in
        `vqsynth.curves.ranges`. Returns name to (T,), NaN where a sound that is a target has no value.
        Raises ParameterError for unknown names, unusable curves, and a duration outside 0 to an hour.
        """
        return sample_targets(curves, self.table, self.grid, seconds=seconds, mapping=mapping)

    def choose(self, targets: Targets, *, seconds: float, **options: Any) -> CodePath:
        """Choose codes and gains for values per frame, as `sample_curves` gives them.

        options: fields of `selection.Selection`, and `taken`, see `select_codes`. Loudness is met by gain; where
        nothing else is asked for, the code that the corpus used most, and that is not taken, is held.
        Raises ParameterError for unknown names and unusable options.
        """
        taken, selection = options.pop("taken", None), make_selection(options)
        targets, seconds = check_targets(self.table, targets), check_seconds(seconds, self.grid)
        others = {name: values for name, values in targets.items() if name != "loudness"}
        check_taken(taken, len(targets["loudness"]))
        check_weights(others, selection.weights)
        codes = most_used(self.table, len(targets["loudness"]), taken=taken)
        if others:
            jumps = price_jumps(self.grains.distances, selection, self.transitions)
            codes = select_codes(self.table, jumps, others, selection, taken=taken)
        gain_db = targets["loudness"] - self.table.column("loudness")[codes]
        n_samples = self.grid.samples(seconds)
        return CodePath(self.name, self.sha256, self.grid.sr, self.grid.hop_length, n_samples, codes, gain_db)

    def follow(self, *, seconds: float, mapping: Mappings = "clamp", **curves: Any) -> CodePath:
        """Find a path that follows curves, such as `centroid="sin(p5,p95,0.2)"`; or fields of `Selection`, by name."""
        options = {name: curves.pop(name) for name in OPTIONS & set(curves)}
        targets = self.sample_curves(seconds=seconds, mapping=mapping, **curves)
        return self.choose(targets, seconds=seconds, **options)

    def traverse(self, by: str, *, descending: bool = False, frames_per_code: int = 4) -> CodePath:
        """Line up the codes in the order of a descriptor, each held and all equally loud.

        Codes without a usable value are left out. Raises ParameterError for an unknown name, where none is usable, and
        for more than an hour of sound.
        """
        check_flag("descending", descending)
        check_whole("frames_per_code", frames_per_code, 1)
        order = self.table.sort(by, descending=descending)
        order = order[~np.isnan(self.table.column(by)[order])]
        if len(order) * frames_per_code * self.grid.hop_length > LONGEST_S * self.grid.sr:
            raise ParameterError(
                f"{frames_per_code} frames of {len(order)} codes would last more than an hour; take fewer"
            )
        if not len(order):
            raise ParameterError(f"no code has a usable {by}; traverse by another descriptor")
        codes = np.repeat(order, frames_per_code)
        gain_db = (DEFAULT_LOUDNESS_DB - self.table.column("loudness")[codes]).astype(np.float64)
        n_samples = len(codes) * self.grid.hop_length - 1
        return CodePath(self.name, self.sha256, self.grid.sr, self.grid.hop_length, n_samples, codes, gain_db)

    def render(self, *paths: CodePath, excitation: str | None = None, seed: int | None = None) -> Floats:
        """Render a path to sound, or several together as layers: (n_samples,) float32 within full scale.

        A seed that is given is that of the first layer, the next has the one after. Warns where peaks made it necessary
        to turn the sound down. Raises CodebookError for another codebook's path, and ParameterError for one of more
        than an hour.
        """
        check_seed(0 if seed is None else seed)
        for path in paths:
            self.check_path(path)
        paths = tuple(replace(path, sha256=self.sha256) for path in paths)  # those of two versions sound together
        check_layers(paths)
        if paths[0].seconds > LONGEST_S:
            raise ParameterError(f"a path of {paths[0].seconds:.0f} s is longer than an hour; render it in parts")
        y, scaled_db = limit_peak(render_layers(paths, self.grains, excitation=excitation, seed=seed))
        if scaled_db < 0:
            warnings.warn(f"peaks over full scale: turned down by {-scaled_db:.1f} dB", VqsynthWarning, stacklevel=2)
        return y

    def check_path(self, path: CodePath) -> None:
        """Refuse a path of another codebook. Raises CodebookError, and ParameterError for what is no path."""
        check_kind("path", path, CodePath, "a CodePath")
        if path.sha256 not in self.known_hashes if path.sha256 else path.codebook != self.name:
            raise CodebookError(
                f"the path was made with codebook {path.codebook!r} of hash {path.sha256[:8] or '?'}, this is "
                f"{self.name!r} of hash {self.sha256[:8]}; name the right one, or translate the path"
            )
        check_fit(path, self.grains)

    def encode(self, y: ArrayLike, sr: int, *, progress: Callable[[float], None] | None = None) -> CodePath:
        """Turn a sound into codes and gain, a path that `render` plays in this codebook's timbre.

        y: (n,) or (n, channels) at `sr` Hz, resampled where need be. Its offset, which cannot be heard, is no part of
        the path; what is 120 dB under full scale is silence. progress is called with the share done, 0 to 1.
        Raises AudioError for samples that are not sound, CodebookError for weights that are not finite.
        """
        from vqsynth.model.vqvae import make_encoder

        if progress is not None and not callable(progress):
            raise ParameterError(f"progress must be a function of the share done (got {show(progress)})")
        mono = check_samples(to_mono(y))
        blocks = audible_blocks(mono, orig_sr=sr, sr=self.grid.sr)
        n_samples, codes, power = max(1, round(len(mono) * self.grid.sr / sr)), [], []
        encode = make_encoder(self.card["model"], self.model_state, used=self.table.used)
        for frames in frame_blocks(blocks, n_samples, self.grid, at_once=_FRAMES_AT_ONCE):
            codes.append(encode(frames))
            power.append(((frames * self.grid.window).astype(np.float64) ** 2).mean(axis=1))
            if progress:
                progress(sum(map(len, codes)) / self.grid.count(n_samples))
        power_of_window = np.mean(self.grid.window.astype(np.float64) ** 2)
        gain_db = 10 * np.log10(np.maximum(np.concatenate(power) / power_of_window, 10 ** (SILENT_DB / 10)))
        clock = self.grid.sr, self.grid.hop_length, n_samples
        return CodePath(self.name, self.sha256, *clock, np.concatenate(codes), gain_db)
