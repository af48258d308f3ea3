"""The training of a codebook's model: its one stage, and the settling of its decoder."""

from pathlib import Path

from vqsynth.errors import CodebookError
from vqsynth.model.vqvae import Tensors
from vqsynth.running.observing import SILENT, Observer, Smoothed
from vqsynth.training.codebook.corpus import Corpus
from vqsynth.training.codebook.settling import settle_decoder
from vqsynth.training.codebook.trainer import CodebookTrainer, StepReport, TrainConfig
from vqsynth.training.core.stage import Stage, Trained, run_stage, torch_threads

DEFAULT_MINUTES = 12.0


def train_model(
    config: TrainConfig,
    corpus: Corpus,
    *,
    checkpoint: Path,
    resume: bool = False,
    device: str = "cpu",
    threads: int = 1,
    seconds: float | None = None,
    base: Tensors | None = None,
    observer: Observer = SILENT,
) -> Trained[CodebookTrainer]:
    """Train a model on a corpus, saving a checkpoint at the start, every minute, at the end, and when stopped.

    At last its decoder is settled: see `settling`.

    threads: of torch. With one, weights do not depend on how many cores there are, and nothing is lost where other
    programs run: two threads that wait for each other were measured at 0.9 s a step on two busy cores, one at 0.1 s.
    With `resume`, go on from the checkpoint, if there is one. seconds: what the steps may take where the config says
    minutes, by default all of these. base: the weights of a codebook to go on from.
    Raises ParameterError for options that cannot be used, CodebookError for a checkpoint that is damaged or belongs to
    other sounds or options, and Stopped after Ctrl-C.
    """
    loss = Smoothed()

    def tell(report: StepReport) -> str:
        return f"loss {loss.follow(report.loss):.3f}  codes {report.codes_used}/{config.model.codes}"

    stage = Stage(
        "training",
        config=config.to_dict(),
        corpus=corpus.fingerprint,
        begin=lambda total: CodebookTrainer(config, corpus, total=total, device=device, base=base),
        steps=config.steps,
        seconds=60 * (config.minutes or DEFAULT_MINUTES) if seconds is None else seconds,
        tell=tell,
        error=CodebookError,
    )
    with torch_threads(threads):
        trained = run_stage(stage, checkpoint, resume=resume, observer=observer)
        settle_decoder(trained.training.model, corpus)
    return trained
