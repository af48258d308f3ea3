"""Let a codebook follow a sound: its loudness, its brightness, its noisiness, and its pitch.

    python examples/follow_a_voice.py [FOLDER [VOICE]]

Writes followed.wav into FOLDER. Without a VOICE, the choir sings one first: voice.wav.
"""

import sys
from pathlib import Path

import soundfile

import vqsynth


def main(folder: str = ".", voice: str | None = None) -> None:
    """Follow a voice with the trumpet."""
    if voice is None:
        voice = sing(Path(folder) / "voice.wav")
    trumpet = vqsynth.load("trumpet")
    sound = trumpet.synthesize(like=voice)
    print(sound.report.summary())
    soundfile.write(Path(folder) / "followed.wav", sound.y, trumpet.grid.sr)


def sing(file: Path) -> str:
    """Sing three notes, each swelling and fading."""
    choir = vqsynth.load("choir")
    sung = choir.synthesize(targets={"pitch": "0:262 0.9:262 1:330 1.9:330 2:392 3:392", "loudness": "sin(-30,-15,1)"},
                            seconds=3)  # fmt: skip
    soundfile.write(file, sung.y, choir.grid.sr)
    return str(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
