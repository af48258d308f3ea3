"""MIDI files and ports, by mido: their messages go to a keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.live.cards import quietly
from vqsynth.live.keyboard import Keyboard
from vqsynth.storage.files import StrPath

NEEDS = "MIDI needs mido and python-rtmidi; pip install 'vqsynth[live]'"


def play_file(keyboard: Keyboard, file: StrPath) -> float:
    """Give a keyboard all messages of a MIDI file, each at its time, and return the seconds that it lasts.

    Raises VqsynthError without mido, and for what is no MIDI file.
    """
    mido = _import_mido()
    time_s = 0.0
    try:
        messages = list(mido.MidiFile(Path(file)))
    except FileNotFoundError as e:
        raise ParameterError(f"there is no MIDI file '{file}'; check its name") from e
    except Exception as e:
        raise ParameterError(f"'{file}' is no MIDI file: {str(e) or type(e).__name__}") from e
    if not any(message.type == "note_on" for message in messages):
        raise ParameterError(f"'{file}' is no MIDI file: it holds no note")
    for message in messages:
        time_s += message.time
        if not message.is_meta:
            keyboard.take(message, at_s=time_s)
    return time_s


def list_ports() -> list[str]:
    """List the names of the MIDI ports from which messages can come; none without mido, or where MIDI is not there."""
    try:
        with quietly():
            return list(_import_mido().get_input_names())
    except Exception:  # noqa: BLE001 whatever the system lacks, it has no port
        return []


@contextmanager
def midi_port(keyboard: Keyboard, name: str) -> Iterator[None]:
    """Give a keyboard what comes at a MIDI port, by its name or a part of it, within the block.

    Raises VqsynthError without mido, and where there is no such port.
    """
    mido = _import_mido()
    try:
        with quietly():
            names = mido.get_input_names()
    except ImportError as e:
        raise VqsynthError(NEEDS) from e
    except Exception as e:
        why = str(e) or type(e).__name__
        raise VqsynthError(f"no MIDI port can be opened: {why}; plug a device in, or play a file, --midi F.mid") from e
    found = [each for each in names if name.lower() in each.lower()]
    if not found:
        raise ParameterError(f"there is no MIDI port {name!r}; ports are: {', '.join(names) or 'none'}")

    def take(message: Any) -> None:
        with suppress(VqsynthError):  # a codebook that has no such descriptor leaves the note as it is
            keyboard.take(message)

    with mido.open_input(found[0], callback=take):
        yield


def _import_mido() -> Any:
    try:
        import mido
    except ImportError as e:
        raise VqsynthError(NEEDS) from e
    return mido
