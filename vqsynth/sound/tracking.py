"""The pitch of a sound over time: a sure pitch is carried on into frames beside it that are less sure."""

import numpy as np

from vqsynth.sound.descriptors import Descriptor
from vqsynth.sound.frames import Floats
from vqsynth.sound.pitch import keep_usable

FAIR_CONFIDENCE = 0.5
"""The least confidence of a pitch that goes on from a usable one.

Three voices, share of the frames voiced by pyin that agree with it, and share of its unvoiced frames that get a pitch:
.82 .76 .59 and .00 .03 .08 frame by frame; .93 .91 .86 and .01 .09 .19 with the pitches that go on. A lower bound for
all frames costs more: .95 .90 .84 and .04 .13 .36 at a confidence of .6.
"""
MOST_PARTIALS = 50.0
"""A pitch goes on only where the centroid lies below so many partials; else noise, a cymbal say, hides it."""
NEAREST_CENTS = 150.0
"""A pitch goes on from one frame to the next if it moves by no more than this."""
ANY_PITCH = Descriptor("any_pitch", "Hz", "octave", "median", lambda sound: sound.pitch[0])
"""The pitch of a frame, however sure it is."""
TRACKED: tuple[str | Descriptor, ...] = (ANY_PITCH, "pitch_confidence", "centroid")
"""What a pitch is carried on by."""


def track_pitch(measured: dict[str, Floats]) -> dict[str, Floats]:
    """Return what was measured of a sound, (T,) by descriptor, with its pitch carried on.

    What `TRACKED` lists must have been measured, too.
    """
    about = measured[ANY_PITCH.name], measured["pitch_confidence"], measured["centroid"]
    return measured | {"pitch": carry_on_pitch(*about)}


def carry_on_pitch(f0_hz: Floats, confidence: Floats, centroid_hz: Floats) -> Floats:
    """Take the pitches that are usable, and those beside them that go on from there, both ways.

    Parameters
    ----------
    f0_hz, confidence : (T,)
        What `vqsynth.sound.pitch.estimate_pitch` says of each frame.
    centroid_hz : (T,)
        The centroid of each frame.

    Returns
    -------
    (T,) float32
        The pitch in Hz, NaN in frames without one.

    """
    known = keep_usable(f0_hz, confidence)
    is_fair = (confidence >= FAIR_CONFIDENCE) & (centroid_hz < MOST_PARTIALS * f0_hz)
    fair = np.flatnonzero(np.isnan(known) & is_fair)
    for order, step in ((fair, -1), (fair[::-1], 1)):
        for t in order:
            before = known[t + step] if 0 <= t + step < len(known) else np.nan
            if abs(1200 * np.log2(f0_hz[t] / before)) <= NEAREST_CENTS:
                known[t] = f0_hz[t]
    return known
