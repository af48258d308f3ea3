"""What is asked of a player at the moment: targets, weights, and how freely codes and controls may move."""

import math
from dataclasses import dataclass, field

from vqsynth.sound.arrays import Doubles

DEFAULT_LOUDNESS_DB = -20.0
"""The loudness of a sound of which no loudness is asked, in LUFS."""
SMOOTHNESS = 0.5
"""The default cost of steps. On the violin a centroid sine is missed by .0072 of its range at .25, .0067 at .5, .0055
at 1; the 90th percentile of the miss of a pitch sine over two octaves is 3, 4 and 49 cents."""
MAX_TRANSPOSE_CENTS, MAX_TILT_DB = 400.0, 3.0
"""How far a frame is moved towards a pitch, in cents, and towards a centroid, in dB per octave."""


@dataclass
class Asked:
    """Hold what is asked of a voice. A command changes one entry.

    Attributes
    ----------
    targets : dict of str to float
        Values by descriptor, in its unit; a descriptor that is not named asks for nothing.
    weights : dict of str to float
        How much each target counts, by default 1.
    hold : int or None
        A code that sounds whatever the targets say. It is still moved towards them, as far as the bounds go.
    gain_db, transpose_cents : float
        Added to the gain and to the transposition of every frame.
    envelope_db : array (24,) or None
        An envelope for every frame, see `vqsynth.codes.envelopes`.
    smoothness : float
        Cost of steps between spectra, as for `synthesize`.
    motion : float
        How often the code changes, 0 to 1.
    max_transpose, max_tilt : float
        How far a frame is moved towards a pitch, in cents, and towards a centroid, in dB per octave.
    stopped : bool
        Whether the voice is silent whatever is asked.

    """

    targets: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    hold: int | None = None
    gain_db: float = 0.0
    transpose_cents: float = 0.0
    envelope_db: Doubles | None = None
    smoothness: float = SMOOTHNESS
    motion: float = 0.0
    max_transpose: float = MAX_TRANSPOSE_CENTS
    max_tilt: float = MAX_TILT_DB
    stopped: bool = False

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is to sound: stopped, or neither a target nor a code is asked for."""
        return self.stopped or (self.hold is None and not self.targets)

    @property
    def loudness_db(self) -> float:
        """Return the loudness that is asked for, in LUFS."""
        return self.targets.get("loudness", DEFAULT_LOUDNESS_DB)

    def target(self, name: str) -> float:
        """Return a target, NaN for none."""
        return self.targets.get(name, math.nan)
