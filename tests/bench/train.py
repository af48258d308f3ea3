"""How long the shipped codebook took to train, and how its corpus uses its codes.

    python tests/bench/train.py [BOOK]

The time stands on the card; codes are counted anew, by encoding every sound that was trained on.
"""

import sys

import numpy as np
from _bars import finish, note, show
from _violins import read_sound, violin_job

import vqsynth


def main(name: str = "violin") -> None:
    """Print time, share of codes used and perplexity beside their bars."""
    book, job = vqsynth.load(name), violin_job()
    show("training, from sound to finished codebook", book.card["training"]["seconds"] / 60, 15.0, unit="min")
    note("    steps", book.card["training"]["steps"])
    held_out = {str(path) for path in job.validation or ()}
    counts = np.zeros(len(book))
    for path in job.sounds:
        if str(path) not in held_out:
            codes = book.encode(read_sound(path, book.grid.sr), book.grid.sr).codes
            counts += np.bincount(codes, minlength=len(book))
    share = counts[counts > 0] / counts.sum()
    show("codes used, over the whole training corpus", 100 * len(share) / len(book), 95.0, better="higher", unit="%")
    show("    perplexity", float(np.exp(-(share * np.log(share)).sum())), 600.0, better="higher")


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
