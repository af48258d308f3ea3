"""Sound cards: played by sounddevice, or by JACK where that is asked for. The card drives, and nothing sleeps."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vqsynth.errors import VqsynthError
from vqsynth.live.session import Session
from vqsynth.sound.frames import Floats

NEEDS = "pip install 'vqsynth[live]'"
WATCH_S = 0.05


def list_devices() -> list[str]:
    """List the sound cards, a line each: number, name, channels in and out, sample rate.

    Raises VqsynthError without sounddevice, without PortAudio, and where there is no card.
    """
    found = _ask(_import_sounddevice().query_devices)
    lines = [
        f"{number}  {card['name']}, {card['max_input_channels']} in, {card['max_output_channels']} out, "
        f"{card['default_samplerate']:.0f} Hz"
        for number, card in enumerate(found)
    ]
    if not lines:
        raise VqsynthError("there is no sound card here; play into a file with --null -o F.wav")
    return lines


def find_rate(device: str | None, wanted: int) -> int:
    """Return the sample rate in Hz at which a card plays: the one wanted, where it can, or else its own.

    Raises VqsynthError where there is no such card.
    """
    sounddevice = _import_sounddevice()
    card = _read_device(device)
    try:
        sounddevice.check_output_settings(device=card, samplerate=wanted, channels=1)
        return wanted
    except (sounddevice.PortAudioError, ValueError):
        return int(_ask(lambda: sounddevice.query_devices(card, "output"))["default_samplerate"])


def play_card(
    session: Session, *, device: str | None, block: int, seconds: float, put: Callable[[Floats], object],
    watch: Callable[[], object], hears: bool = False,
) -> None:  # fmt: skip
    """Play on a sound card until the time is over, and hear its input where that is asked for.

    Parameters
    ----------
    session, seconds, put, watch
        As for `play_null`.
    device : str, optional
        Number or part of the name of a card. By default that of the system.
    block : int
        Samples at a time, 0 for what suits the card.
    hears : bool
        Whether the card's input is a sound that comes in.

    Raises
    ------
    VqsynthError
        Where there is no such card, it cannot play so, or it has gone.

    """
    sounddevice = _import_sounddevice()

    failed: list[Exception] = []

    def callback(*given: Any) -> None:
        *heard, out, n_samples, _, status = given
        out[:] = 0
        if failed:
            return
        try:
            y = session.block(n_samples, heard[0][:, 0].copy() if heard else None)
        except Exception as e:  # noqa: BLE001 raised again where it can be told
            failed.append(e)
            return
        put(y)
        out[:] = y[:, None]
        session.late += bool(status.output_underflow)

    settings = {"samplerate": session.player.sr, "blocksize": block, "dtype": "float32", "latency": "low"}
    kind, channels = (sounddevice.Stream, (1, 1)) if hears else (sounddevice.OutputStream, 1)
    stream = _ask(lambda: kind(device=_read_device(device), channels=channels, callback=callback, **settings))
    with stream:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            watch()
            if failed:
                raise failed[0]
            if not stream.active:
                raise VqsynthError("the sound card has gone; plug it in and start again")
            time.sleep(WATCH_S)


def play_jack(
    session: Session, *, seconds: float, put: Callable[[Floats], object], watch: Callable[[], object]
) -> None:
    """Play as a client of JACK until the time is over.

    Parameters
    ----------
    session, seconds, put, watch
        As for `play_null`.

    Raises
    ------
    VqsynthError
        Without JACK, where no server runs, at another rate, and where the server ends.

    """
    client, ended = _open_jack(session.player.sr), threading.Event()
    port = client.outports.register("out")

    def process(n_samples: int) -> None:
        y = session.block(n_samples)
        put(y)
        port.get_array()[:] = y

    client.set_process_callback(process)
    client.set_shutdown_callback(lambda status, reason: ended.set())
    with client:
        for target in client.get_ports(is_physical=True, is_input=True, is_audio=True)[:2]:
            client.connect(port, target)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            watch()
            if ended.wait(WATCH_S):
                raise VqsynthError("the JACK server has ended; start it again, and then this")


def _open_jack(sr: int) -> Any:
    try:
        import jack
    except (ImportError, OSError) as e:
        raise VqsynthError(f"JACK cannot be used: {_first_line(e)}; install it, and {NEEDS}") from e
    jack.set_error_function(lambda line: None)
    jack.set_info_function(lambda line: None)
    try:
        client = jack.Client("vqsynth", no_start_server=True)
    except jack.JackError as e:
        raise VqsynthError("no JACK server runs; start one, or leave out --jack") from e
    found = client.samplerate
    if found != sr:
        client.close()
        raise VqsynthError(f"JACK runs at {found} Hz; give --sr {found}")
    return client


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what the system's sound libraries print of their own from stderr: what is wrong is told in an error."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _import_sounddevice() -> Any:
    try:
        with quietly():
            import sounddevice
    except ImportError as e:
        raise VqsynthError(f"playing on a sound card needs sounddevice; {NEEDS}") from e
    except OSError as e:
        raise VqsynthError(
            "playing on a sound card needs PortAudio; install it (Debian: apt install libportaudio2), or play into a "
            "file with --null -o F.wav"
        ) from e
    return sounddevice


def _ask(question: Callable[[], Any]) -> Any:
    """Ask PortAudio. Raises VqsynthError for its errors."""
    try:
        return question()
    except Exception as e:
        if type(e).__name__ not in ("PortAudioError", "ValueError"):
            raise
        raise VqsynthError(
            f"no such sound card can be played: {_first_line(e)}; see --list-devices, or play into a file with --null"
        ) from e


def _read_device(device: str | None) -> int | str | None:
    return int(device) if device is not None and device.isdigit() else device


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
