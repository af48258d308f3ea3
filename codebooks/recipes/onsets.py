"""The onsets of a recipe's sounds, added to a codebook that is there."""

from vqsynth.sound.folders import split_sounds
from vqsynth.store import load
from vqsynth.training.codebook.corpus import load_corpus
from vqsynth.training.codebook.job import CodebookJob
from vqsynth.training.codebook.onsets import gather_onsets


def add_onsets(job: CodebookJob) -> str:
    """Add the onsets of the training sounds of a job to the codebook in its folder, and say how many there are.

    Raises CodebookError where there is no codebook, and AudioError where no sound can be read.
    """
    book = load(job.folder)
    split = split_sounds(job.sounds, job.validation)
    onsets = gather_onsets(book, load_corpus(split.training, book.grid, skipped=split.skipped), seed=job.config.seed)
    book.with_onsets(onsets).save(job.folder)
    return f"{len(onsets) if onsets else 0} onsets in {job.folder}"
