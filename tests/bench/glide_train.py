"""How long the stages of a shipped continuous model took to train.

    python tests/bench/glide_train.py [MODEL]

The times stand on the card, those of all steps of a stage. What a step costs does not depend on how much sound there
is: for eight minutes of sound the same steps would take as long.
"""

import sys

from _bars import finish, note, show

from vqsynth.continuous import load

BARS = {"vae": 20.0}
VOCODER_BAR = 90.0


def main(name: str = "strings") -> None:
    """Print times beside their bars."""
    model = load(name)
    note(f"{name}: sound trained on, in minutes", model.card["corpus"]["seconds"] / 60)
    note(f"{name}: threads", model.card["training"]["threads"])
    for stage, entry in model.card["training"].items():
        if isinstance(entry, dict):
            show(f"    training {stage}", entry["seconds"] / 60, BARS.get(stage, VOCODER_BAR), unit="min")
            note("        steps", entry["steps"])


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()
