"""What `vqsynth live` needs: its options, and a player with all that is plugged into it."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import click
import numpy as np

from vqsynth.cli import options
from vqsynth.cli.descriptors import load_book
from vqsynth.cli.viewing import view
from vqsynth.errors import VqsynthError
from vqsynth.live import cards, osc
from vqsynth.live.desk import SOURCES, Desk
from vqsynth.live.keyboard import Keyboard
from vqsynth.live.mapping import Mapping, load_mapping
from vqsynth.live.midi import list_ports, midi_port, play_file
from vqsynth.live.osc import Takes
from vqsynth.live.player import LivePlayer
from vqsynth.live.recording import Recorder
from vqsynth.live.session import Plays, Session, play_null, undisturbed
from vqsynth.sound import audio
from vqsynth.sound.frames import Floats
from vqsynth.storage.files import show_text
from vqsynth.store import load

Command = Callable[..., Any]
CARD = "card"
END_S = 0.5
"""How long is played after the end of a file."""


def _list_devices(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ports = [f"MIDI  {name}" for name in list_ports()]
        try:
            click.echo("\n".join([*cards.list_devices(), *ports]))
        except VqsynthError:
            if not ports:
                raise
            click.echo("\n".join(ports))
        ctx.exit()


_OPTIONS = (
    click.option("--seconds", type=click.FloatRange(min=0.01),
                 help="How long to play.  [default: until Ctrl-C, or the end of a file that is played]"),
    click.option("-o", "--output", type=options.File, help="Sound file to write of what is played."),
    click.option("--input", "heard", metavar="F.wav|card",
                 help="A sound that comes in: a file, or the input of the sound card. OSC says what to do with it."),
    click.option("--null", is_flag=True, help="Play in real time without a sound card."),
    click.option("--device", help="Sound card, by its number or part of its name.  [default: the system's]"),
    click.option("--list-devices", is_flag=True, is_eager=True, expose_value=False, callback=_list_devices,
                 help="List the sound cards and MIDI ports, and end."),
    click.option("--jack", is_flag=True, help="Play as a client of JACK."),
    click.option("--sr", type=click.IntRange(4000, 384_000),
                 help="Sample rate in Hz.  [default: that of BOOK or MODEL]"),
    click.option("--block", type=click.IntRange(16, 65536), default=512, show_default=True,
                 help="Samples from one call of the sound card to the next."),
    click.option("--host", default="127.0.0.1", show_default=True,
                 help="Address to listen at for OSC; 0.0.0.0 hears other machines."),
    click.option("--port", type=click.IntRange(0, 65535), default=osc.PORT, show_default=True,
                 help="UDP port to listen at for OSC; 0 takes one that is free."),
    click.option("--no-osc", is_flag=True, help="Listen to no OSC."),
    click.option("--send", metavar="HOST:PORT",
                 help="Whom to tell what is played.  [default: whoever spoke last]"),
    click.option("--view", "shown", is_flag=True, help="Show on the terminal what is asked, got and played."),
    click.option("--seed", type=click.IntRange(min=0), help="Seed of chance.  [default: 0]"),
)  # fmt: skip


_OF_A_BOOK = (
    click.option("--target", "targets", multiple=True, metavar="NAME=VALUE",
                 help="What is asked from the start: centroid=1500, pitch=A4, flatness=p50; repeatable."),
    click.option("--record", "record_file", type=options.File, metavar="F.json",
                 help="Path file to write of what is played, for `decode`."),
    click.option("--like", is_flag=True, help="Follow the sound that comes in from the start, as /like 1 does."),
    click.option("--transfer", is_flag=True, help="Play the sound that comes in by its spectra, as /transfer 1 does."),
    click.option("--midi", metavar="F.mid|PORT", help="MIDI file to play, or part of the name of a MIDI port."),
    click.option("--mapping", "mapping_file", type=options.File, metavar="F.toml",
                 help="What MIDI controls.  [default: velocity and pressure loudness, controller 74 centroid]"),
)  # fmt: skip


def play_options(command: Command) -> Command:
    """Give a command the options of playing live, `check_options` and `Stage` take them."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def book_options(command: Command) -> Command:
    """Give a command the options of playing a codebook live, for `set_stage`."""
    return reduce(lambda made, option: option(made), reversed(_OF_A_BOOK), play_options(command))


class Stage:
    """Hold a player, what is plugged into it, and the files that are written at the end."""

    def __init__(
        self, player: Plays, desk: Takes, values: dict[str, Any], *, heard: Floats | None = None,
        recorder: Recorder | None = None,
    ) -> None:  # fmt: skip
        self.values, self._player, self._desk, self._heard, self._recorder = values, player, desk, heard, recorder
        self._session, self._blocks = Session(player), list[Floats]()
        self.lasts_s = math.inf if heard is None else len(heard) / player.sr + END_S
        self.ports: list[AbstractContextManager[None]] = []

    def play(self) -> None:
        """Play until the time is over."""
        values, put = self.values, self._blocks.append if self.values["output"] else _drop
        seconds = values["seconds"] or self.lasts_s
        with ExitStack() as plugged:
            plugged.callback(self._desk.close)
            if not values["no_osc"]:
                plugged.enter_context(self._listen())
            for port in self.ports:
                plugged.enter_context(port)
            watch = plugged.enter_context(view(self._session)) if values["shown"] else _drop
            plugged.enter_context(undisturbed())
            if values["null"]:
                play_null(self._session, block=values["block"], seconds=seconds, put=put, watch=watch,
                          heard=self._heard)  # fmt: skip
            elif values["jack"]:
                cards.play_jack(self._session, seconds=seconds, put=put, watch=watch)
            else:
                block, device = values["block"], values["device"]
                cards.play_card(self._session, device=device, block=block, seconds=seconds, put=put, watch=watch,
                                hears=values["heard"] == CARD)  # fmt: skip

    @contextmanager
    def _listen(self) -> Iterator[None]:
        values = self.values
        send_to = osc.read_address(values["send"]) if values["send"] else None
        port = osc.OscPort(
            self._desk, self._session, host=values["host"], port=values["port"], send_to=send_to,
            tell=tell_line,
        )  # fmt: skip
        click.echo(f"listening to OSC at {values['host']}:{port.port}", err=True)
        try:
            yield
        finally:
            port.close()

    def write(self) -> Iterator[str]:
        """Write the files, and yield a line for each; where nothing was played, none."""
        session, values = self._session, self.values
        if not self._player.n_samples:
            return
        rest = self._player.finish()
        yield f"{session.player.n_samples / session.player.sr:.2f} s, {session.late} late blocks"
        if session.over:
            yield f"{session.over} blocks over full scale were cut; turn the loudness down"
        if self._recorder:
            yield from (f"wrote {file}" for file in self._recorder.save(values["record_file"]))
        if values["output"]:
            audio.save(values["output"], np.concatenate([*self._blocks, rest]), self._player.sr)
            yield f"wrote {values['output']}"


def set_stage(name: str, values: dict[str, Any]) -> Stage:
    """Load a codebook and make a player of it. Raises an error, before anything sounds, for what cannot be."""
    files = named(values["heard"], values["midi"], values["mapping_file"])
    check_options(values, values["record_file"], inputs=(*options.input_files(name), *files))
    book, seed = load_book(name), values["seed"] or 0
    recorder = Recorder() if values["record_file"] else None
    mapping = load_mapping(values["mapping_file"]) if values["mapping_file"] else Mapping()
    voices = 1 + mapping.voices if values["midi"] else 1
    keep = recorder.begin(book, seed, voices) if recorder else ()
    player = LivePlayer(book, sr=pick_rate(values, book.grid.sr), seed=seed, voices=voices, keep=keep)
    desk = Desk(player, load=load, recorder=recorder, has_input=values["heard"] is not None)
    stage = Stage(player, desk, values, heard=read_heard(values, player.sr), recorder=recorder)
    if values["midi"]:
        _plug_midi(stage, Keyboard(desk, player, mapping, tell=tell_line))
    for target, value in options.split_pairs(values["targets"], "--target").items():
        desk.take(f"/target/{target}", [value])
    for kind in SOURCES:
        if values[kind]:
            desk.take(f"/{kind}", [1])
    return stage


def _plug_midi(stage: Stage, keyboard: Keyboard) -> None:
    name = stage.values["midi"]
    if name.lower().endswith((".mid", ".midi")):
        stage.lasts_s = play_file(keyboard, name) + END_S
    else:
        stage.ports.append(midi_port(keyboard, name))


def check_options(values: dict[str, Any], *outputs: Path | None, inputs: tuple[Path, ...]) -> None:
    """Raise an error for options that do not go together, and for files that cannot be written."""
    if values["output"]:
        options.check_sound(values["output"])
    options.check_outputs(values["output"], *outputs, inputs=inputs)
    if values["null"] and (values["jack"] or values["device"]):
        raise click.UsageError("--null plays without a sound card; leave out --device and --jack")
    if values["heard"] == CARD and (values["null"] or values["jack"]):
        raise click.UsageError("--input card hears the sound card that plays; leave out --null and --jack")
    if values["heard"] not in (None, CARD) and not values["null"]:
        raise click.UsageError("--input F.wav needs --null; --input card hears the sound card")


def pick_rate(values: dict[str, Any], own_sr: int) -> int:
    """Return the sample rate in Hz to play at."""
    sr: int = values["sr"] or own_sr
    return sr if values["null"] or values["jack"] else cards.find_rate(values["device"], sr)


def read_heard(values: dict[str, Any], sr: int) -> Floats | None:
    """Read the sound file that comes in, None for none."""
    return None if values["heard"] in (None, CARD) else audio.load(Path(values["heard"]), sr=sr)[0]


def named(*names: str | Path | None) -> tuple[Path, ...]:
    """List the files that are read, which must not be overwritten."""
    return tuple(Path(name) for name in names if name not in (None, CARD))


def tell_line(line: str) -> None:
    """Tell a line on the terminal, beside what is written."""
    click.echo(show_text(line), err=True)


def _drop(*_: object) -> None:
    """Do nothing."""
