"""Scores without a melody: the hits of drum kits, and held notes of pads."""

from collections.abc import Iterable, Iterator

from vqsynth.codebooks.recipes.midi import DRUMS, Score

Phrases = Iterator[tuple[str, Score]]
Programs = Iterable[tuple[str, int]]

HITS = range(35, 82)
"""The keys of General MIDI's percussion."""
RINGING = frozenset({46, 49, 51, 52, 53, 55, 57, 59})
"""The keys that ring on: open hi-hat and cymbals."""
PAD_PITCHES = range(36, 85, 8)


def write_hits(kits: Programs, *, velocities: Iterable[int] = (45, 80, 120)) -> Phrases:
    """Write every hit of drum kits at each velocity.

    Parameters
    ----------
    kits : iterable of (str, int)
        Name and MIDI program of each kit.
    velocities : iterable of int
        MIDI velocities, 1 to 127.

    Yields
    ------
    name : str
    score : Score

    """
    for name, program in kits:
        for velocity in velocities:
            yield f"{name}_v{velocity:03d}", _hits(program, velocity)


def write_pads(pads: Programs, *, velocities: Iterable[int] = (60, 110)) -> Phrases:
    """Write held notes of pads at each velocity.

    Parameters
    ----------
    pads : iterable of (str, int)
        Name and MIDI program of each pad.
    velocities : iterable of int
        MIDI velocities, 1 to 127.

    Yields
    ------
    name : str
    score : Score

    """
    for name, program in pads:
        for velocity in velocities:
            yield f"{name}_v{velocity:03d}", _held(program, velocity)


def _hits(program: int, velocity: int) -> Score:
    score, time_s = Score(program, channel=DRUMS), 0.0
    for key in HITS:
        score.note(time_s, key, velocity, 0.4)
        time_s += 1.6 if key in RINGING else 0.6
    score.rest(0.5)
    return score


def _held(program: int, velocity: int) -> Score:
    score = Score(program)
    for i, pitch in enumerate(PAD_PITCHES):
        score.note(3.4 * i, pitch, velocity, 2.6)
    score.rest(0.8)
    return score
