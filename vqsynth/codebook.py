"""A codebook, the discrete model of one sound world, and the methods that people use.

Playing needs only the spectra and the table. The network, and torch with it, is loaded when a sound is encoded.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqsynth.codes.display import show_codebook
from vqsynth.codes.encoding import check_keep, encode_sound, pick_finder
from vqsynth.codes.measuring import measure_table
from vqsynth.codes.nearest import NearestConfig, NearestModel, is_nearest
from vqsynth.codes.onsets import Onsets
from vqsynth.codes.record import ALSO, CODEBOOK, GRAINS, MODEL, TABLE, CodebookRecord
from vqsynth.codes.spectra import CodeSpectra, normalize_power
from vqsynth.curves.targets import LONGEST_S, Mappings, draw_curves, join_curves, sample_targets
from vqsynth.errors import ParameterError, VqsynthWarning
from vqsynth.follow.choosing import choose_path, follow_curves, line_up_codes
from vqsynth.follow.synthesis import synthesize
from vqsynth.follow.translation import translate
from vqsynth.path import CodePath, check_layers
from vqsynth.render import check_path, render_layers
from vqsynth.running.observing import SILENT, Advance, Observer, check_observer
from vqsynth.sound.audio import check_samples, limit_peak, to_mono
from vqsynth.sound.excitation import check_seed
from vqsynth.sound.frames import Floats, FrameGrid
from vqsynth.sound.offset import audible_blocks
from vqsynth.sound.width import check_spread
from vqsynth.storage.bundle import seal, write_bundle
from vqsynth.storage.files import StrPath

_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Codebook(CodebookRecord):
    """A loaded codebook. `vqsynth.load` gives one.

    `synthesize` turns curves into a sound, measures it and corrects it. `follow` and `render` leave out the measuring
    and the correction: `follow` chooses a path by the table alone, `render` plays a path.

    Attributes
    ----------
    name : str
        The codebook's name.
    sha256 : str
        Hash of the spectra. A path names its codebook by it.
    card : dict
        What `card.json` says: frames, corpus, training, licence, figures.
    grid : FrameGrid
        Sample rate `sr` in Hz, and `n_fft` and `hop_length` in samples.
    spectra : CodeSpectra
        The magnitude spectra of the K codes, (K, n_bins), at unit power.
    table : DescriptorTable
        The descriptors of the codes, K rows.
    model_state : dict of name to array
        Weights of the VQ-VAE.
    transitions : (N, 3) int, or None
        Code, next code, and how often the training corpus went from one to the other.
    onsets : Onsets or None
        How the training sounds set in: codes and levels of some dozens of onsets.

    """

    synthesize = synthesize
    follow = follow_curves
    choose = choose_path
    traverse = line_up_codes
    translate = translate

    def __repr__(self) -> str:
        return f"Codebook({self.name!r}, {len(self)} codes, {self.grid.sr} Hz)"

    def _repr_html_(self) -> str:
        return show_codebook(repr(self), self)

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
        """Make a codebook of spectra: normalize them to unit power, render each and measure its descriptors.

        Parameters
        ----------
        name : str
            The codebook's name.
        grid : FrameGrid
            Frames of the spectra.
        magnitudes : (K, n_bins)
            Linear magnitudes, 0 or more.
        counts : (K,) int
            How often the corpus used each code.
        model_config, model_state : dict
            Sizes and weights of the VQ-VAE.
        card : dict
            Further entries of the card.
        transitions : (N, 3) int, optional
            Code, next code, and how often the corpus went from one to the other.

        Returns
        -------
        Codebook
            With the hashes of its files in its card. Nothing is written.

        Raises
        ------
        CodebookError
            For spectra that are silent, and for spectra or weights that are not finite.

        """
        stored = normalize_power(magnitudes, grid).astype(np.float16)
        spectra = CodeSpectra(stored.astype(np.float32), grid)
        frames = {"sr": grid.sr, "n_fft": grid.n_fft, "hop_length": grid.hop_length, "codes": len(spectra)}
        about = {"name": name, **card, **frames, "model": dict(model_config)}
        table = measure_table(spectra, counts)
        return cls(about, grid, spectra, table, dict(model_state), transitions)._sealed()

    def measured_again(self) -> "Codebook":
        """Measure the table again, with every descriptor that is registered now, the user's own included.

        Returns
        -------
        Codebook
            A new codebook with the same spectra. Paths of this one can be played by it.

        Examples
        --------
        >>> import vqsynth
        >>> "centroid" in vqsynth.load("percussion").measured_again().table.names
        True

        """
        return self._anew(table=measure_table(self.spectra, self.table.counts))

    def with_onsets(self, onsets: Onsets | None) -> "Codebook":
        """Return the codebook with other onsets, those of its training sounds, or with none.

        Parameters
        ----------
        onsets : Onsets or None
            As `vqsynth.training.codebook.onsets.gather_onsets` finds them.

        Returns
        -------
        Codebook
            A new codebook with the same spectra. Paths of this one can be played by it.

        Examples
        --------
        >>> import vqsynth
        >>> book = vqsynth.load("violin")
        >>> book.with_onsets(None).sha256 == book.sha256
        True

        """
        return self._anew(onsets=onsets)

    def _anew(self, **changed: Any) -> "Codebook":
        """Replace what is no spectrum. Older paths, which name the hash of the whole file, still fit."""
        card = self.card | {ALSO: sorted(self.known_hashes - {self.sha256})}
        return replace(self, card=card, **changed)._sealed()

    def save(self, folder: StrPath) -> None:
        """Write the codebook into a folder, completely or not at all.

        Parameters
        ----------
        folder : str or Path
            A new folder, or a codebook, which is replaced.

        Raises
        ------
        CodebookError
            Where the folder holds anything else, or cannot be written.

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
        if self.onsets is not None:
            arrays |= self.onsets.to_arrays()
        return {GRAINS: save(arrays), TABLE: self.table.to_csv().encode(), MODEL: save(weights)}

    def _sealed(self) -> "Codebook":
        columns = zip(self.table.names, self.table.units, self.table.scales, strict=True)
        described = [{"name": name, "unit": unit, "scale": scale} for name, unit, scale in columns]
        return replace(self, card=seal({**self.card, "descriptors": described}, self._contents(), CODEBOOK))

    def sample_curves(
        self,
        /,
        *,
        targets: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        mapping: Mappings = "clamp",
        **curves: Any,
    ) -> dict[str, NDArray[np.float64]]:
        """Turn curves into values per frame, the targets that `choose` takes.

        Parameters
        ----------
        targets : dict of name to curve, optional
            The curves by descriptor, as for `synthesize`. Loudness is -20 dB where it is not among them.
        seconds : float, optional
            Length of the curves, up to an hour. By default that of a sound that is followed, or of the breakpoints.
        mapping : str, or dict of name to str
            How curves are brought into the codebook's range: "clamp", "squeeze", "minmax", "rank", "relative" or
            "octave", as for `synthesize`.
        **curves
            Descriptors, as in `targets`: `centroid="line(p5,p95)"`.

        Returns
        -------
        dict of name to (T,) float64
            Values in the unit of each descriptor, one a frame. NaN where a sound that is a target has no value.

        Raises
        ------
        ParameterError
            For unknown names, curves that cannot be used, and a length out of range.

        Examples
        --------
        >>> import vqsynth
        >>> book = vqsynth.load("violin")
        >>> book.sample_curves(targets={"centroid": "line(500,1000)"}, seconds=1)["centroid"].shape
        (87,)

        """
        asked = join_curves(self.table, targets, curves, options=("seconds", "mapping"))
        made, seconds = draw_curves(asked, self.table, self.grid, seconds=seconds)
        return sample_targets(made, self.table, self.grid, seconds=seconds, mapping=mapping)

    def render(
        self, *paths: CodePath, excitation: str | None = None, seed: int | None = None, spread: float | None = None
    ) -> Floats:
        """Render a path to sound, or several paths that sound together.

        The path is played as it is: the sound is not measured, and nothing is corrected. `synthesize` does both.

        Parameters
        ----------
        *paths : CodePath
            Paths of this codebook, one per layer, all of one length.
        excitation : {"coherent", "noise", "refined"}, optional
            How spectra get their phases. By default as each path says.
        seed : int, optional
            Seed of the noise in the first layer; layer i has `seed` + i. By default as each path says.
        spread : float, optional
            0 to 1. Above 0 the sound is stereo, as for `synthesize`. By default as each path says.

        Returns
        -------
        y : (n_samples,) float32, or (n_samples, 2)
            The sound at the rate `grid.sr`, within full scale.

        Warns
        -----
        VqsynthWarning
            Where peaks exceeded full scale and the whole sound was turned down.

        Raises
        ------
        CodebookError
            For a path of another codebook.
        ParameterError
            For a path longer than an hour, for layers of different lengths, for an unknown excitation, and for a
            spread outside 0 to 1.

        Examples
        --------
        >>> import vqsynth
        >>> book = vqsynth.load("violin")
        >>> book.render(book.follow(targets={"pitch": "A4"}, seconds=0.5)).shape
        (22050,)

        """
        check_seed(0 if seed is None else seed)
        check_spread(0 if spread is None else spread)
        for path in paths:
            self.check_path(path)
        paths = tuple(replace(path, sha256=self.sha256) for path in paths)  # those of two versions sound together
        check_layers(paths)
        if paths[0].seconds > LONGEST_S:
            raise ParameterError(f"a path of {paths[0].seconds:.0f} s is longer than an hour; render it in parts")
        y, scaled_db = limit_peak(render_layers(paths, self.spectra, excitation=excitation, seed=seed, spread=spread))
        if scaled_db < 0:
            warnings.warn(f"peaks over full scale: turned down by {-scaled_db:.1f} dB", VqsynthWarning, stacklevel=2)
        return y

    def check_path(self, path: CodePath) -> None:
        """Raise CodebookError for a path of another codebook, and ParameterError for anything but a path."""
        check_path(path, self)

    def encode(
        self,
        y: ArrayLike,
        sr: int,
        *,
        keep: Mapping[str, float] | None = None,
        codes_by: str = "search",
        observer: Observer = SILENT,
    ) -> CodePath:
        """Turn a sound into a path of codes, gains, and what the codes alone would lose: its pitch and envelope.

        `render` plays the path as near to the sound as this codebook can. What is kept of the sound is a control of the
        path: `path.with_keep(envelope=0)` leaves the sound its pitch and has the timbre of the codebook.

        Parameters
        ----------
        y : (n,) or (n, channels)
            The sound. Channels are averaged, a constant offset is removed, and it is resampled where its rate differs.
        sr : int
            Its sample rate in Hz.
        keep : dict of name to float, optional
            How much is kept of the sound's "pitch", by transposing codes up to 400 cents, and of its "envelope", by 24
            bands in each frame: from 0, the codebook's own, to 1. By default 1 of both.
        codes_by : {"search", "encoder"}
            How codes are found: "search" takes the nearest spectrum in mel bands, of those in reach of the pitch;
            "encoder" asks the codebook's model.
        observer : Observer, optional
            Hears how far the work has come. By default nobody does.

        Returns
        -------
        CodePath
            One code and one gain per frame. Frames 120 dB or more under full scale are silent.

        Raises
        ------
        AudioError
            For samples that are not finite numbers.
        CodebookError
            For weights that are not finite.
        ParameterError
            For an impossible rate, another thing to keep, an amount outside 0 to 1, and an `observer` that is not one.

        Examples
        --------
        >>> import numpy as np
        >>> import vqsynth
        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
        >>> len(vqsynth.load("violin").encode(tone, 44100))
        44

        """
        advance = check_observer(observer).advance
        amounts = check_keep(keep)
        mono = check_samples(to_mono(y))
        blocks = audible_blocks(mono, orig_sr=sr, sr=self.grid.sr)
        n_samples = max(1, round(len(mono) * self.grid.sr / sr))
        made = encode_sound(
            blocks,
            n_samples,
            pick_finder(codes_by, self.spectra, self.table, self._make_encoder),
            self.spectra,
            self.table,
            **amounts,
            needs_pitch=codes_by == "search",
            advance=lambda share: advance(Advance("encoding", share)),
        )
        clock = self.grid.sr, self.grid.hop_length, n_samples
        return CodePath(self.name, self.sha256, *clock, made.codes, made.gain_db, controls=made.controls)

    def _make_encoder(self) -> Callable[[Floats], NDArray[np.int64]]:
        """Make what finds the codes of raw frames. Raises CodebookError for a model that is none, or not known here."""
        model, used = self.card["model"], self.table.used
        if is_nearest(model):
            return NearestModel(NearestConfig.from_dict(model), self.model_state, self.grid, used=used).encode
        from vqsynth.model.vqvae import make_encoder

        return make_encoder(model, self.model_state, used=used)
