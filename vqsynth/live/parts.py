"""A part: what is asked of one of the voices of a player, and what sounds of it."""

from vqsynth.live.asking import Asked
from vqsynth.live.sounding import Sounding
from vqsynth.sound.frames import Floats


class Part:
    """Play one voice, and sleep while nothing is asked of it.

    Parameters
    ----------
    asked : Asked
        What is asked.
    sounding : Sounding
        What plays.
    sleeps : bool
        Whether nothing is computed while the part is silent. A part that is recorded must not sleep, nor the first.

    """

    def __init__(self, asked: Asked, sounding: Sounding, *, sleeps: bool) -> None:
        self.asked, self.sounding, self._sleeps = asked, sounding, sleeps
        self._quiet = sounding.grid.n_fft // sounding.grid.hop_length + 1

    @property
    def is_asleep(self) -> bool:
        """Tell whether nothing sounds any more, and nothing is asked."""
        return self._sleeps and self._quiet > self.sounding.grid.n_fft // self.sounding.grid.hop_length

    def frame(self) -> Floats:
        """Play the next frame, and return its hop of samples."""
        self._quiet = self._quiet + 1 if self.asked.is_silent else 0
        return self.sounding.frame(self.asked)

    def is_needed(self) -> bool:
        """Tell whether the next frame is to be played."""
        return not (self.is_asleep and self.asked.is_silent)
