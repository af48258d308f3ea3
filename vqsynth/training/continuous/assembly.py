"""Make a continuous model of trained stages, and measure it for its card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from vqsynth.continuous.flattening import Flattening
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.vae import VAE
from vqsynth.sound.folders import Split
from vqsynth.sound.frames import Floats
from vqsynth.training.continuous import figures
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.decoded import encode_corpus
from vqsynth.training.continuous.job import VAE_STAGE, ModelJob
from vqsynth.training.continuous.vocoder_trainer import VocoderTrainer
from vqsynth.training.core.stage import Trained

VERSION = "1.0"
State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class TrainedStages:
    """The results of the stages: the VAE as stored, its steps and seconds, and the vocoders by name."""

    vae: VAE
    flattening: Flattening
    steps: int
    seconds: float
    vocoders: dict[str, Trained[VocoderTrainer]]


def assemble_model(job: ModelJob, trained: TrainedStages, corpus: MelCorpus) -> tuple[ContinuousModel, Floats]:
    """Make a model of what was trained: (model, latents of all frames of the corpus (T, C))."""
    vae, base = trained.vae, job.base
    latents = encode_corpus(vae, corpus)
    components = base.components if base else figures.fit_components(latents, corpus)
    vocoders: dict[str, tuple[Mapping[str, Any], State]] = {}
    if base is not None:
        vocoders |= {name: (base.card["vocoders"][name], state) for name, state in base.vocoder_states.items()}
    for name, done in trained.vocoders.items():
        vocoders[name] = done.training.vocoder.config, done.training.vocoder.state
    sizes = {VAE_STAGE: _count(vae.to_tensors()), **{n: _count(state) for n, (_, state) in vocoders.items()}}
    delay_ms = round(1000 * job.grid.frames.n_fft / job.grid.frames.sr, 1)
    about = {"version": VERSION, "vocoder": next(iter(vocoders)), "delay_ms": delay_ms, "parameters": sizes}
    model = ContinuousModel.build(
        name=job.name,
        grid=job.grid,
        vae_config=vae.config.to_dict(),
        vae_state=vae.to_tensors(),
        components=components,
        flattening=trained.flattening,
        vocoders=vocoders,
        card={**about, "held_out": {}, "loudness_r2": None},
    )
    return model, latents


def measure_model(
    model: ContinuousModel, latents: Floats, corpus: MelCorpus, split: Split, *, say: Callable[[str], object]
) -> dict[str, Any]:
    """Measure a saved model on held-out sounds and return entries for its card. Failures are reported to `say`."""
    measured = figures.measure_vocoders(model, split.held_out, say=say)
    r2 = figures.regress_loudness(model.vae, latents, corpus, model.flattening, split.held_out)
    return {
        "vocoder": figures.choose_vocoder(measured, list(model.card["vocoders"])),
        "components": figures.describe_components(corpus, model.components.to_components(latents)),
        "loudness_r2": r2,
        "held_out_seconds": figures.HELD_OUT_S,
        "held_out": figures.summarize_figures(measured),
    }


def _count(state: State) -> int:
    return sum(array.size for array in state.values())
