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
    """Train a model on a corpus, and settle its decoder at the end, see `settling`.

    A checkpoint is saved at the start, every minute, at the end, and when the training is stopped.

    Parameters
    ----------
    config : TrainConfig
        How to train.
    corpus : Corpus
        The frames.
    checkpoint : Path
        File of the checkpoint.
    resume : bool
        Whether to go on from the checkpoint, if there is one.
    device : str
        Device of torch.
    threads : int
        Threads of torch. With one thread the weights do not depend on the number of cores. It is also faster beside
        other programs: on two busy cores a step took 0.9 s with two threads, which wait for each other, and 0.1 s with
        one.
    seconds : float, optional
        Time for the steps where the config gives minutes, by default all of these.
    base : dict of name to array, optional
        Weights of a codebook to go on from.

    Returns
    -------
    Trained
        The trainer with its model, and the seconds spent.

    Raises
    ------
    ParameterError
        For options that cannot be used.
    CodebookError
        For a checkpoint that is damaged or belongs to other sounds or options.
    Stopped
        After Ctrl-C.

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
