"""What streams have in common: frames or samples pushed in, samples out, and a delay that is told."""

from collections.abc import Callable
from typing import Protocol

from vqsynth.sound.frames import Floats


class Stream(Protocol):
    """Give sound as its frames, or its samples, come; the split into pushes changes no sample.

    What is returned, end to end, is `delay_samples` samples of silence and then the sound that the whole gives.
    """

    @property
    def delay_samples(self) -> int:
        """Tell by how many samples the sound runs behind what is pushed."""
        ...

    @property
    def push(self) -> Callable[..., Floats]:
        """Take what comes next and return the samples (n,) that it makes final."""
        ...

    def finish(self) -> Floats:
        """End the sound and return what is left of it."""
        ...
