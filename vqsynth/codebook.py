"""A codebook: the spectra, the table and the model of one sound world, and the methods that people use.

Playing needs the spectra and the table only; the model, and torch with it, is loaded when a sound is encoded.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.checks import show
from vqsynth.codes.measuring import measure_table
from vqsynth.codes.nearest import NearestConfig, NearestModel, is_nearest
from vqsynth.codes.record import ALSO, CODEBOOK, GRAINS, MODEL, TABLE, CodebookRecord
from vqsynth.codes.spectra import CodeSpectra, normalize_power
from vqsynth.codes.voice import SILENT_DB
from vqsynth.curves.targets import LONGEST_S, Mappings, join_curves, sample_targets
from vqsynth.errors import ParameterError, VqsynthWarning
from vqsynth.follow.choosing import choose_path, follow_curves, line_up_codes
from vqsynth.follow.synthesis import synthesize
from vqsynth.path import CodePath, check_layers
from vqsynth.render import check_path, render_layers
from vqsynth.sound.audio import check_samples, limit_peak, to_mono
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats, FrameGrid, frame_blocks
from vqsynth.sound.offset import audible_blocks
from vqsynth.storage.bundle import seal, write_bundle
from vqsynth.storage.files import StrPath

_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Codebook(CodebookRecord):
    """A codebook that is loaded: its record, and what people do with it.

    `synthesize` leads from curves to a sound that was measured and corrected. `follow` and `render` are its lower rung:
    a path, and the sound of a path as it is. The rest is that of `vqsynth.codes.record.CodebookRecord`.
    """

    synthesize = synthesize
    follow = follow_curves
    choose = choose_path
    traverse = line_up_codes

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
        """Make a codebook of what training found: normalize the spectra, sound and measure them.

        magnitudes: (K, n_bins), linear. counts: (K,), how often the corpus used each code. card: what else to say.
        Raises CodebookError for spectra that are silent or not finite, and weights that are not.
        """
        stored = normalize_power(magnitudes, grid).astype(np.float16)
        spectra = CodeSpectra(stored.astype(np.float32), grid)
        frames = {"sr": grid.sr, "n_fft": grid.n_fft, "hop_length": grid.hop_length, "codes": len(spectra)}
        about = {"name": name, **card, **frames, "model": dict(model_config)}
        table = measure_table(spectra, counts)
        return cls(about, grid, spectra, table, dict(model_state), transitions)._sealed()

    def measured_again(self) -> "Codebook":
        """Measure the table again, with every descriptor that is registered now: also the user's own.

        Examples
        --------
        >>> import vqsynth
        >>> "centroid" in vqsynth.load("percussion").measured_again().table.names
        True

        """
        card = self.card | {ALSO: sorted(self.known_hashes - {self.sha256})}
        return replace(self, card=card, table=measure_table(self.spectra, self.table.counts))._sealed()

    def save(self, folder: StrPath) -> None:
        """Write the codebook as a folder, whole or not at all; a codebook that stands there is replaced.

        Raises CodebookError where the folder holds anything else, or cannot be written.
        """
        write_bundle(folder, self.card, self._contents(), CODEBOOK)

    def _contents(self) -> dict[str, bytes]:
        from safetensors.numpy import save

        spectra = np.ascontiguousarray(self.spectra.magnitudes, np.float16)
        weights = {name: np.ascontiguousarray(array) for name, array in self.model_state.items()}
        arrays: dict[str, NDArray[Any]] = {"grains": spectra}
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
        self, /, *, targets: Mapping[str, Any] | None = None, seconds: float, mapping: Mappings = "clamp", **curves: Any
    ) -> dict[str, NDArray[np.float64]]:
        """Turn curves into values per frame, loudness at -20 where none is given.

        targets, curves: as those of `synthesize`. mapping: as in `vqsynth.curves.ranges`. Returns
        name to (T,), NaN where a sound that is a target has no value.
        Raises ParameterError for unknown names, unusable curves, and a duration outside 0 to an hour.
        """
        asked = join_curves(self.table, targets, curves, options=("seconds", "mapping"))
        return sample_targets(asked, self.table, self.grid, seconds=seconds, mapping=mapping)

    def render(self, *paths: CodePath, excitation: str | None = None, seed: int | None = None) -> Floats:
        """Render a path to sound, or several together as layers: (n_samples,) float32 within full scale.

        A seed that is given is that of the first layer, the next has the one after. Warns where peaks made it necessary
        to turn the sound down. Raises CodebookError for another codebook's path, and ParameterError for one of more
        than an hour.

        Examples
        --------
        >>> import vqsynth
        >>> book = vqsynth.load("violin")
        >>> book.render(book.follow(targets={"pitch": "A4"}, seconds=0.5)).shape
        (22050,)

        """
        check_seed(0 if seed is None else seed)
        for path in paths:
            self.check_path(path)
        paths = tuple(replace(path, sha256=self.sha256) for path in paths)  # those of two versions sound together
        check_layers(paths)
        if paths[0].seconds > LONGEST_S:
            raise ParameterError(f"a path of {paths[0].seconds:.0f} s is longer than an hour; render it in parts")
        y, scaled_db = limit_peak(render_layers(paths, self.spectra, excitation=excitation, seed=seed))
        if scaled_db < 0:
            warnings.warn(f"peaks over full scale: turned down by {-scaled_db:.1f} dB", VqsynthWarning, stacklevel=2)
        return y

    def check_path(self, path: CodePath) -> None:
        """Refuse a path of another codebook. Raises CodebookError, and ParameterError for what is no path."""
        check_path(path, self)

    def encode(self, y: ArrayLike, sr: int, *, progress: Callable[[float], None] | None = None) -> CodePath:
        """Turn a sound into codes and gain, a path that `render` plays in this codebook's timbre.

        y: (n,) or (n, channels) at `sr` Hz, resampled where need be. Its offset, which cannot be heard, is no part of
        the path; what is 120 dB under full scale is silence. progress is called with the share done, 0 to 1.
        Raises AudioError for samples that are not sound, CodebookError for weights that are not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import vqsynth
        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
        >>> len(vqsynth.load("violin").encode(tone, 44100))
        44

        """
        if progress is not None and not callable(progress):
            raise ParameterError(f"progress must be a function of the share done (got {show(progress)})")
        mono = check_samples(to_mono(y))
        blocks = audible_blocks(mono, orig_sr=sr, sr=self.grid.sr)
        n_samples, codes, power = max(1, round(len(mono) * self.grid.sr / sr)), [], []
        encode = self._make_encoder()
        for frames in frame_blocks(blocks, n_samples, self.grid, at_once=_FRAMES_AT_ONCE):
            codes.append(encode(frames))
            power.append(((frames * self.grid.window).astype(np.float64) ** 2).mean(axis=1))
            if progress:
                progress(sum(map(len, codes)) / self.grid.count(n_samples))
        power_of_window = np.mean(self.grid.window.astype(np.float64) ** 2)
        gain_db = 10 * np.log10(np.maximum(np.concatenate(power) / power_of_window, 10 ** (SILENT_DB / 10)))
        clock = self.grid.sr, self.grid.hop_length, n_samples
        return CodePath(self.name, self.sha256, *clock, np.concatenate(codes), gain_db)

    def _make_encoder(self) -> Callable[[Floats], NDArray[np.int64]]:
        """Make what finds the codes of raw frames. Raises CodebookError for a model that is none, or not known here."""
        model, used = self.card["model"], self.table.used
        if is_nearest(model):
            return NearestModel(NearestConfig.from_dict(model), self.model_state, self.grid, used=used).encode
        from vqsynth.model.vqvae import make_encoder

        return make_encoder(model, self.model_state, used=used)
