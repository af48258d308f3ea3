"""Phrases that cover most of what an instrument can do, about seven minutes in all.

Every phrase is a score of its own: held notes at four strengths, short notes, legato, vibrato, swells, glissandi,
tremolo and trills, and melodies that mix them. The same seed writes the same notes.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from vqsynth.codebooks.recipes.midi import EXPRESSION, VIBRATO, Score

SCALES = ((0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0), (0, 4, 7, 12, 7, 4, 0), (0, 3, 7, 12, 7, 3, 0),
          (0, 1, 2, 3, 4, 5, 6, 7))  # fmt: skip
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 12), (0, 7, 12, 16), (0, 5, 9), (0, 4, 10))


@dataclass(frozen=True)
class Instrument:
    """Name a MIDI program, from 0, the MIDI pitches that it plays well, and its bank, 0 that of General MIDI."""

    program: int
    lowest: int
    highest: int
    bank: int = 0

    def score(self, *, legato: bool = False) -> Score:
        """Begin a score for it."""
        return Score(self.program, legato=legato, bank=self.bank)


def write_phrases(instrument: Instrument, *, seed: int = 0) -> Iterator[tuple[str, Score]]:
    """Write all phrases: name and score."""
    rng = random.Random(seed)
    for i, velocity in enumerate((36, 64, 92, 120)):
        yield f"sustain_v{velocity:03d}", _sustained(instrument, velocity, first=i % 2)
    yield "short", _short(instrument, rng)
    yield "legato", _legato(instrument, rng)
    yield "vibrato", _vibrato(instrument, rng)
    yield "swell", _swells(instrument)
    yield "gliss", _glissandi(instrument, rng)
    yield "trem_trill", _tremolo(instrument, rng)
    for number in range(3):
        yield f"melody_{number}", _melody(instrument, rng, legato=number == 1)


def write_struck_phrases(instrument: Instrument, *, seed: int = 0) -> Iterator[tuple[str, Score]]:
    """Write phrases for strings that are struck and ring: name and score. Nothing in them grows, bends or vibrates."""
    rng = random.Random(seed)
    for i, velocity in enumerate((36, 64, 92, 120)):
        yield f"sustain_v{velocity:03d}", _sustained(instrument, velocity, first=i % 2)
    yield "short", _short(instrument, rng)
    yield "ringing", _ringing(instrument, rng)
    yield "runs", _legato(instrument, rng, joined=False)
    yield "repeats", _tremolo(instrument, rng)
    yield "chords", _chords(instrument, rng)
    for number in range(3):
        yield f"melody_{number}", _melody(instrument, rng, legato=False, swings=False)


def _every(instrument: Instrument, semitones: int, *, first: int = 0) -> range:
    return range(instrument.lowest + first, instrument.highest + 1, semitones)


def _sustained(instrument: Instrument, velocity: int, *, first: int) -> Score:
    """Hold every second semitone, so that two strengths together hold them all."""
    score = instrument.score()
    for i, pitch in enumerate(_every(instrument, 2, first=first)):
        score.note(1.45 * i, pitch, velocity, 1.1)
    return score


def _short(instrument: Instrument, rng: random.Random) -> Score:
    score, time_s = instrument.score(), 0.0
    for i, seconds in enumerate((0.09, 0.2, 0.45)):
        for pitch in _every(instrument, 2, first=i % 2):
            score.note(time_s, pitch, rng.choice((50, 75, 100, 120)), seconds)
            time_s += seconds + 0.18
    return score


def _ringing(instrument: Instrument, rng: random.Random) -> Score:
    """Let notes ring for long."""
    score = instrument.score()
    for i, pitch in enumerate(_every(instrument, 5)):
        score.note(3.6 * i, pitch, rng.choice((60, 85, 110)), 3.4)
    return score


def _chords(instrument: Instrument, rng: random.Random) -> Score:
    """Strike three or four notes at once."""
    score = instrument.score()
    for i in range(20):
        first, velocity = rng.randint(instrument.lowest, instrument.highest - 16), rng.randint(45, 110)
        for step in rng.choice(CHORDS):
            score.note(1.5 * i, first + step, velocity, 1.3)
    return score


def _legato(instrument: Instrument, rng: random.Random, *, joined: bool = True) -> Score:
    """Run up and down scales, each note a little into the next; `joined` ones have no attack but the first."""
    score, time_s = instrument.score(legato=joined), 0.0
    for _ in range(20):
        first, velocity = rng.randint(instrument.lowest, instrument.highest - 12), rng.randint(55, 118)
        seconds = rng.choice((0.16, 0.24, 0.36))
        for step in rng.choice(SCALES):
            score.note(time_s, first + step, velocity, seconds + 0.03)
            time_s += seconds
        time_s += 0.45
    return score


def _vibrato(instrument: Instrument, rng: random.Random) -> Score:
    """Hold notes while the vibrato deepens."""
    score, time_s = instrument.score(), 0.0
    for pitch in _every(instrument, 3):
        deepest = rng.choice((40, 80, 127))
        score.note(time_s, pitch, rng.choice((70, 100)), 2.3)
        for k in range(24):
            score.control(time_s + 0.2 + 0.08 * k, VIBRATO, deepest * k / 23)
        time_s += 2.7
        score.control(time_s - 0.01, VIBRATO, 0)
    return score


def _swells(instrument: Instrument) -> Score:
    """Hold notes that grow and fade."""
    score, time_s = instrument.score(), 0.0
    for pitch in _every(instrument, 3, first=1):
        score.control(time_s, EXPRESSION, 20)
        score.note(time_s, pitch, 110, 2.4)
        for k in range(48):
            score.control(time_s + 0.05 * k, EXPRESSION, 20 + 107 * math.sin(math.pi * k / 47))
        time_s += 2.75
    return score


def _glissandi(instrument: Instrument, rng: random.Random) -> Score:
    score, time_s = instrument.score(), 0.0
    for _ in range(18):
        pitch = rng.randint(instrument.lowest + 5, instrument.highest - 5)
        semitones = rng.choice((-5, -3, -2, -1, 1, 2, 3, 5))
        score.bend(time_s, 0)
        score.note(time_s + 0.01, pitch, rng.randint(70, 115), 1.5)
        for k in range(61):
            score.bend(time_s + 0.25 + 0.016 * k, semitones * k / 60)
        time_s += 1.85
    return score


def _tremolo(instrument: Instrument, rng: random.Random) -> Score:
    """Repeat notes fast, alone or with a neighbour."""
    score, time_s = instrument.score(), 0.0
    for _ in range(10):
        pitch, step = rng.randint(instrument.lowest, instrument.highest - 3), rng.choice((0, 1, 2, 3))
        seconds = rng.choice((0.07, 0.09, 0.12))
        for k in range(int(1.5 / seconds)):
            score.note(time_s, pitch + (step if k % 2 else 0), rng.randint(65, 110), 0.92 * seconds)
            time_s += seconds
        time_s += 0.4
    return score


def _melody(instrument: Instrument, rng: random.Random, *, legato: bool, swings: bool = True) -> Score:
    """Wander through the range in notes of all lengths and strengths, some with vibrato where it `swings`."""
    score, time_s = instrument.score(legato=legato), 0.0
    pitch = (instrument.lowest + instrument.highest) // 2
    for _ in range(70):
        step = rng.choice((-7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7))
        pitch = min(instrument.highest, max(instrument.lowest, pitch + step))
        seconds = rng.choice((0.15, 0.25, 0.25, 0.4, 0.6, 0.9, 1.4))
        if swings:
            score.control(time_s, VIBRATO, rng.choice((0, 0, 30, 70, 110)) if seconds > 0.5 else 0)
            score.control(time_s, EXPRESSION, rng.randint(70, 127))
        held = 1.04 if legato else rng.choice((0.6, 0.9, 1.0))
        score.note(time_s, pitch, rng.randint(45, 122), held * seconds)
        time_s += seconds + (0.3 if rng.random() < 0.12 else 0.0)
    return score
