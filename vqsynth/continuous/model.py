"""A continuous model and the methods that people use: encode, decode, transfer.

A latent path names its model by the hash of the VAE's file, so that paths stay usable when a model gets another
vocoder. torch is loaded when a sound is encoded or decoded.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vqsynth.continuous.bounds import bound_mel
from vqsynth.continuous.components import Components
from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.folder import BASELINE, CONTINUOUS, VAE_FILE, pack_model, round_weights
from vqsynth.continuous.latents import LONGEST_S, LatentPath, check_latents
from vqsynth.errors import ModelError, ParameterError, VqsynthWarning
from vqsynth.notebook import list_facts, show_block, show_lines, show_rows
from vqsynth.sound.audio import check_rate, check_samples, limit_peak, resample, to_mono
from vqsynth.sound.frames import Floats
from vqsynth.sound.mel import MelGrid, analyse_sound
from vqsynth.sound.offset import remove_offset
from vqsynth.storage.bundle import Card, seal, write_bundle
from vqsynth.storage.files import StrPath
from vqsynth.storage.tensors import Arrays

if TYPE_CHECKING:
    from vqsynth.continuous.vae import VAE
    from vqsynth.continuous.vocoders.interface import Vocoder

FACTS = {"about": "{}", "licence": "licence: {}"}
"""What a notebook tells of the card."""


@dataclass(frozen=True, eq=False, repr=False)
class ContinuousModel:
    """A loaded continuous model. `vqsynth.continuous.load` gives one.

    Parameters
    ----------
    card : dict
        What `card.json` says: grid, sizes, corpus, training, licence, figures.
    grid : MelGrid
        Frames and mel bands.
    components : Components
        Principal components of the latents.
    flattening : Flattening
        Loudness to a uniform distribution.
    vae_state : dict of name to array
        Weights of the VAE, as stored.
    vocoder_states : dict of name to dict
        Weights of the vocoders by name.

    Raises
    ------
    ModelError
        Where these do not fit together.

    """

    card: Card
    grid: MelGrid
    components: Components
    flattening: Flattening
    vae_state: Arrays
    vocoder_states: Mapping[str, Arrays]

    def __post_init__(self) -> None:
        sizes = self.card["vae"].get("latents"), self.card["vae"].get("n_mels")
        if sizes != (len(self.components), self.grid.n_mels):
            raise ModelError(
                f"model {self.name!r} has {len(self.components)} components and {self.grid.n_mels} bands, but a VAE "
                f"of {sizes[0]} latents and {sizes[1]} bands; get a complete copy of the model"
            )
        if set(self.card["vocoders"]) != set(self.vocoder_states):
            raise ModelError(
                f"the card of model {self.name!r} names the vocoders {_join(self.card['vocoders'])}, and there are "
                f"{_join(self.vocoder_states)}; get a complete copy of the model"
            )
        self.check_vocoder(self.card["vocoder"], error=ModelError)

    @property
    def name(self) -> str:
        """Return the model's name."""
        return str(self.card["name"])

    @property
    def sha256(self) -> str:
        """Return the hash of the VAE's file, by which latent paths name their model."""
        return str(self.card["files"][VAE_FILE])

    @property
    def sr(self) -> int:
        """Return the sample rate in Hz."""
        return self.grid.frames.sr

    @property
    def vocoders(self) -> tuple[str, ...]:
        """Return the names of the vocoders: the trained ones, then the baseline."""
        return (*self.vocoder_states, BASELINE)

    def __repr__(self) -> str:
        return f"ContinuousModel({self.name!r}, {len(self.components)} components, {self.sr} Hz)"

    def _repr_html_(self) -> str:
        figure = {f"held_out.{self.card['vocoder']}.mean.lsd_db": "log-spectral distance of held-out sounds: {} dB"}
        facts = [*list_facts(self.card, FACTS | figure), f"vocoders: {_join(self.vocoders)}"]
        return show_block(repr(self), show_lines(facts), show_followed(self.card))

    @classmethod
    def build(
        cls,
        *,
        name: str,
        grid: MelGrid,
        vae_config: Mapping[str, Any],
        vae_state: Arrays,
        components: Components,
        flattening: Flattening,
        vocoders: Mapping[str, tuple[Mapping[str, Any], Arrays]],
        card: Mapping[str, Any],
    ) -> "ContinuousModel":
        """Make a model of trained networks. Weights are rounded to the precision they are stored in.

        Parameters
        ----------
        name : str
            The model's name.
        grid : MelGrid
            Frames and mel bands.
        vae_config, vae_state : dict
            Sizes and weights of the VAE.
        components : Components
            Principal components of the latents.
        flattening : Flattening
            Loudness to a uniform distribution.
        vocoders : dict of name to (config, weights)
            Sizes and weights of each vocoder.
        card : dict
            Further entries of the card; "vocoder" names the default one, by default the first.

        Returns
        -------
        ContinuousModel
            With the hashes of its files in its card. Nothing is written.

        Raises
        ------
        ModelError
            For weights that are not finite, and sizes that do not fit together.

        """
        about = {
            "name": name,
            "vocoder": next(iter(vocoders), BASELINE),
            **card,
            "grid": grid.to_dict(),
            "vae": dict(vae_config),
            "vocoders": {key: dict(config) for key, (config, _) in vocoders.items()},
        }
        states = {key: round_weights(state, f"the vocoder '{key}'") for key, (_, state) in vocoders.items()}
        model = cls(about, grid, components, flattening, round_weights(vae_state, "the VAE"), states)
        return replace(model, card=seal(about, model._contents(), CONTINUOUS))

    def save(self, folder: StrPath) -> None:
        """Write the model into a folder, completely or not at all. A continuous model in it is replaced.

        Raises ModelError where the folder holds anything else, or cannot be written.
        """
        write_bundle(folder, self.card, self._contents(), CONTINUOUS)

    def _contents(self) -> dict[str, bytes]:
        parts = {"components": self.components.to_tensors(), "loudness": self.flattening.to_tensors()}
        return pack_model({"vae": self.vae_state, **parts}, self.vocoder_states)

    @cached_property
    def vae(self) -> "VAE":
        """Return the VAE, ready to play. Raises ModelError for weights that do not fit the card."""
        from vqsynth.continuous.vae import VAE, VAEConfig

        return VAE.from_tensors(VAEConfig.from_dict(self.card["vae"]), self.vae_state)

    @cached_property
    def _made(self) -> dict[str, "Vocoder"]:
        return {}

    def make_vocoder(self, name: str | None = None) -> "Vocoder":
        """Return a vocoder, ready to play. It is built once and kept.

        Parameters
        ----------
        name : str, optional
            One of `vocoders`, by default the model's best.

        Returns
        -------
        Vocoder

        Raises
        ------
        ParameterError
            For a vocoder that the model does not have.
        ModelError
            For weights that do not fit the card.

        """
        from vqsynth.continuous.vocoders import make_vocoder

        name = self.card["vocoder"] if name is None else name
        self.check_vocoder(name)
        if name not in self._made:
            config, state = self.card["vocoders"].get(name, {}), self.vocoder_states.get(name)
            self._made[name] = make_vocoder(name, self.grid, config, state)
        return self._made[name]

    def check_vocoder(self, name: str, *, error: type[ModelError | ParameterError] = ParameterError) -> None:
        """Raise `error` for a vocoder that the model does not have."""
        if not isinstance(name, str) or name not in self.vocoders:
            raise error(f"the vocoder of model {self.name!r} must be one of {_join(self.vocoders)} (got {name!r})")

    def encode(self, y: ArrayLike, sr: int) -> LatentPath:
        """Turn a sound into a latent path. The same sound always gives the same path.

        Parameters
        ----------
        y : (n,) or (n, channels)
            The sound. Channels are averaged, a constant offset is removed, and it is resampled where its rate differs.
        sr : int
            Its sample rate in Hz.

        Returns
        -------
        LatentPath

        Raises
        ------
        AudioError
            For samples that are not finite numbers or far exceed full scale.
        ParameterError
            For an impossible rate.

        Examples
        --------
        >>> import numpy as np
        >>> from vqsynth import continuous
        >>> model = continuous.load("strings")
        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
        >>> model.encode(tone, 44100)
        LatentPath('strings', 44 frames, 0.50 s, 16 components)

        """
        from vqsynth.continuous.vae import encode_frames

        check_rate(sr, "orig_sr")
        mono = remove_offset(check_samples(to_mono(y)), sr)
        mono = resample(mono, orig_sr=sr, sr=self.sr)
        frames = analyse_sound(mono, self.grid)
        return self.to_path(encode_frames(self.vae, frames.log_mel), frames.loudness_db, n_samples=len(mono))

    def decode(
        self, path: LatentPath, *, vocoder: str | None = None, excitation: str | None = None, seed: int | None = None
    ) -> Floats:
        """Turn a latent path into sound within full scale.

        Parameters
        ----------
        path : LatentPath
            A path of this model.
        vocoder : str, optional
            One of `vocoders`. By default the path's, or the model's best where the path names none.
        excitation : {"noise", "coherent", "refined"}, optional
            How magnitudes get their phases. By default the path's, or the vocoder's own where the path names none.
        seed : int, optional
            Seed of the noise. By default the path's.

        Returns
        -------
        y : (n_samples,) float32
            The sound, at the model's `sr`.

        Warns
        -----
        VqsynthWarning
            Where peaks exceeded full scale and the whole sound was turned down.

        Raises
        ------
        ModelError
            For the path of another model.
        ParameterError
            For a path longer than an hour, an unknown vocoder, and an excitation that the vocoder does not have.

        Examples
        --------
        >>> import numpy as np
        >>> from vqsynth import continuous
        >>> model = continuous.load("strings")
        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(22050) / 44100)
        >>> path = continuous.bend(model.encode(tone, 44100), component=1, bias=1)
        >>> model.decode(path).shape
        (22050,)

        """
        y, scaled_db = limit_peak(self.render(path, vocoder=vocoder, excitation=excitation, seed=seed))
        if scaled_db < 0:
            warnings.warn(f"peaks over full scale: turned down by {-scaled_db:.1f} dB", VqsynthWarning, stacklevel=2)
        return y

    def render(
        self, path: LatentPath, *, vocoder: str | None = None, excitation: str | None = None, seed: int | None = None
    ) -> Floats:
        """Turn a latent path into sound like `decode`, but without turning it down where it exceeds full scale.

        Parameters
        ----------
        path, vocoder, excitation, seed
            As for `decode`.

        Returns
        -------
        y : (n_samples,) float32
            The sound, at the model's `sr`. It may exceed full scale.

        Raises
        ------
        ModelError
            For the path of another model.
        ParameterError
            For a path longer than an hour, an unknown vocoder, and an excitation that the vocoder does not have.

        """
        from vqsynth.continuous.vae import decode_frames

        self.check_path(path)
        if path.seconds > LONGEST_S:
            raise ParameterError(f"a path of {path.seconds:.0f} s is longer than an hour; decode it in parts")
        path = self.direct(path, vocoder=vocoder, excitation=excitation, seed=seed)
        voice = self.make_vocoder(path.vocoder)
        log_mel = bound_mel(decode_frames(self.vae, *self.to_latents(path)))
        sound = log_mel, path.loudness_db.astype(np.float32)
        return voice.render(*sound, n_samples=path.n_samples, excitation=path.excitation, seed=path.seed)

    def direct(self, path: LatentPath, **how: Any) -> LatentPath:
        """Return a path with the vocoder, excitation and seed that are given, as for `decode`.

        The path's own excitation is dropped where the new vocoder does not have it.
        """
        given = {name: value for name, value in how.items() if value is not None}
        if "vocoder" in given and path.excitation not in self.make_vocoder(given["vocoder"]).excitations:
            given.setdefault("excitation", None)
        return replace(path, **given)

    def transfer(
        self,
        y: ArrayLike,
        sr: int,
        *,
        vocoder: str | None = None,
        excitation: str | None = None,
        seed: int | None = None,
    ) -> Floats:
        """Encode a sound and decode it, in this model's timbre.

        Parameters
        ----------
        y : (n,) or (n, channels)
            The sound.
        sr : int
            Its sample rate in Hz.
        vocoder, excitation, seed
            As for `decode`.

        Returns
        -------
        y : (n_samples,) float32
            The sound, at the model's `sr`.

        Raises
        ------
        AudioError, ParameterError
            As for `encode` and `decode`.

        Examples
        --------
        >>> import numpy as np
        >>> from vqsynth import continuous
        >>> noise = 0.1 * np.random.default_rng(0).standard_normal(11025)
        >>> continuous.load("choir").transfer(noise, 22050).shape
        (22050,)

        """
        return self.decode(self.encode(y, sr), vocoder=vocoder, excitation=excitation, seed=seed)

    def check_path(self, path: LatentPath) -> None:
        """Raise ModelError for a path of another model or of wrong size, ParameterError for anything but a path."""
        check_latents(path)
        if path.sha256 != self.sha256:
            raise ModelError(
                f"the latent path was made with model {path.model!r} of hash {path.sha256[:8]}, this is {self.name!r} "
                f"of hash {self.sha256[:8]}; name the right one, or encode the sound again"
            )
        clock = self.sr, self.grid.frames.hop_length
        if (path.sr, path.hop_length) != clock or path.n_components != len(self.components):
            raise ModelError(
                f"the latent path has {path.n_components} components at {path.sr} Hz and a hop of {path.hop_length}; "
                f"model {self.name!r} has {len(self.components)}, {clock[0]} Hz and {clock[1]}; encode the sound again"
            )

    def to_path(self, z: Floats, loudness_db: Floats, *, n_samples: int) -> LatentPath:
        """Make a path of latents (T, C) and loudness (T,) in LUFS."""
        components = self.components.to_components(z).T
        clock = self.sr, self.grid.frames.hop_length
        return LatentPath(self.name, self.sha256, *clock, n_samples, components, loudness_db.astype(np.float64))

    def to_latents(self, path: LatentPath) -> tuple[Floats, Floats]:
        """Return what the decoder needs of a path: latents (T, C) and flattened loudness (T,), 0 to 1."""
        rows = np.ascontiguousarray(path.components.T)
        return self.components.to_latents(rows), self.flattening.flatten(path.loudness_db)


def show_followed(card: Card) -> str:
    """Show for a notebook which descriptor each component follows most, as the card says, which may be without it."""
    found = card.get("components")
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    names = ("component", "descriptor", "correlation")
    return show_rows(names, [[str(entry.get(name, "")) for name in names] for entry in entries]) if entries else ""


def _join(names: Any) -> str:
    return ", ".join(names) or "none"
