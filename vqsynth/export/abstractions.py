"""The patches beside a file: an abstraction for each method, a help patch and a patch with feedback.

nn~ is made with 0 as its last argument, so that it works in the thread of the sound: its threads crash Pd when that
quits. `bufsize` is sent too, because nn~ ignores the argument where a method has one inlet and one outlet.

A patch that is sent `vqsynth-seconds` records itself and quits, for use without anybody at the screen.
"""

from collections.abc import Sequence

from vqsynth.export.contract import Attribute, Method
from vqsynth.export.pdfiles import MADE, Patch


def write_abstraction(method: Method, attributes: Sequence[Attribute], file: str, buffer: int) -> str:
    """Write the abstraction of a method.

    Parameters
    ----------
    method : Method
        The method: its inlets and outlets become those of the abstraction, with an inlet for messages behind them.
    attributes : sequence of Attribute
        What messages may set.
    file : str
        Name of the exported file, in the same folder.
    buffer : int
        Samples that nn~ works on at once.

    Returns
    -------
    str
        The patch.

    """
    patch = Patch()
    patch.comment(f"{MADE} {file}: the method {method.name}")
    inlets = [patch.place("inlet~", at=(30 + 60 * i, 60)) for i in range(len(method.inlets))]
    for label in method.inlets:
        patch.comment(f"inlet: {label}")
    control = patch.place("inlet", at=(30 + 60 * len(inlets), 60))  # Pd orders inlets and outlets from left to right
    patch.comment("last inlet: messages such as seed 3")
    for attribute in attributes:
        patch.comment(f"{attribute.name} {' '.join(f'{v:g}' for v in attribute.values)}: {attribute.about}")
    prepend, trim = patch.place("list prepend set"), patch.place("list trim")
    nn = patch.place(f"nn~ {file} {method.name} 0")
    outlets = [patch.place("outlet~", at=(30 + 60 * i, 740)) for i in range(len(method.outlets))]
    for label in method.outlets:
        patch.comment(f"outlet: {label}")
    load, order = patch.place("loadbang"), patch.place("t b b")
    size, rate, told = patch.message(f"bufsize {buffer}"), patch.place("samplerate~"), patch.message("set sr $1")
    patch.wire(control, prepend, trim, nn)
    patch.wire(load, order, rate, told, nn)
    patch.connect(order, 1, size, 0)
    patch.wire(size, nn)
    for i, inlet in enumerate(inlets):
        patch.connect(inlet, 0, nn, i)
    for i, outlet in enumerate(outlets):
        patch.connect(nn, i, outlet, 0)
    return patch.text()


def write_help(methods: Sequence[Method], file: str, starts: Sequence[float]) -> str:
    """Write the help patch: each method wired up, its ranges in comments, and a switch.

    Parameters
    ----------
    methods : sequence of Method
        The methods that have an abstraction.
    file : str
        Name of the exported file.
    starts : sequence of float
        Values in range for the first method that takes numbers and gives sound, one for each inlet.

    Returns
    -------
    str
        The patch.

    """
    patch = Patch()
    patch.comment(f"{MADE} {file}: what it does")
    patch.comment("switch the sound on, then set the number boxes; nn~ must be installed")
    toggle, dsp = patch.place("tgl 19 0 empty empty sound_on 24 8 0 10 -1 -1 -1 0 1"), patch.message("; pd dsp $1")
    patch.wire(toggle, dsp)
    playing = [method for method in methods if method.out_ratio == 1 and method.in_ratio > 1][-1]
    numbers = [patch.place("9 0 0 0 - - - 0", kind="floatatom") for _ in playing.inlets]
    signals = [patch.place("sig~") for _ in playing.inlets]
    for label in playing.inlets:
        patch.comment(label)
    sound, level, out = patch.place(f"vqsynth.{playing.name}~"), patch.place("*~ 0.5"), patch.place("dac~")
    for i, (number, signal) in enumerate(zip(numbers, signals, strict=True)):
        patch.wire(number, signal)
        patch.connect(signal, 0, sound, i)
    _wire_out(patch, sound, level, out)
    load, start = patch.place("loadbang"), patch.place("t " + " ".join(["b"] * len(starts)))
    patch.wire(load, start)
    for i, (number, value) in enumerate(zip(numbers, starts, strict=True)):
        message = patch.message(f"{value:g}")
        patch.connect(start, i, message, 0)
        patch.wire(message, number)
    patch.comment("a sound from the first input of the sound card, in this timbre")
    heard, turned = patch.place("adc~ 1"), patch.place("vqsynth.forward~")
    patch.wire(heard, turned)
    patch.wire(turned, patch.place("*~ 0"), out)
    _record(patch, sound, "vqsynth-help")
    return patch.text()


def write_feedback(methods: Sequence[Method], file: str, hop: int) -> str:
    """Write a patch whose decoder is heard by its encoder, a moment later."""
    patch = Patch()
    encode = next(method for method in methods if method.name == "encode")
    patch.comment(f"{MADE} {file}: its own sound is encoded again, a moment later")
    patch.comment("a click begins it; the delay, the gain and what is added to the first outlet are to be played with")
    click, back, delay = (
        patch.place("vline~"),
        patch.place("delread~ $0-back 250"),
        patch.place("delwrite~ $0-back 2000"),
    )
    noise, burst, hear = patch.place("noise~"), patch.place("*~"), patch.place("+~")
    analysed, played = patch.place("vqsynth.encode~"), patch.place("vqsynth.decode~")
    moved, louder, held = patch.place("+~ 0"), patch.place("*~ 1.02"), patch.place("clip~ 0 0.3")
    level, out = patch.place("*~ 0.5"), patch.place("dac~")
    load, wait, begin = patch.place("loadbang"), patch.place("delay 200"), patch.message("0.2 5, 0 300 5")
    patch.wire(load, wait, begin, click)
    patch.wire(noise, burst, hear, analysed)
    patch.connect(click, 0, burst, 1)
    patch.connect(back, 0, hear, 1)
    last = len(encode.outlets) - 1
    for i in range(1, last):
        patch.connect(analysed, i, played, i)
    patch.wire(analysed, moved, played)
    patch.connect(analysed, last, louder, 0)
    patch.wire(louder, held)
    patch.connect(held, 0, played, last)
    patch.wire(played, delay)
    _wire_out(patch, played, level, out)
    patch.comment(f"frames of {hop} samples; the encoder is half a window behind, and so is the decoder")
    toggle, dsp = patch.place("tgl 19 0 empty empty sound_on 24 8 0 10 -1 -1 -1 0 1"), patch.message("; pd dsp $1")
    patch.wire(toggle, dsp)
    _record(patch, played, "vqsynth-feedback")
    return patch.text()


def _wire_out(patch: Patch, sound: int, level: int, out: int) -> None:
    patch.wire(sound, level, out)
    patch.connect(level, 0, out, 1)


def _record(patch: Patch, sound: int, name: str) -> None:
    """Let a patch record a sound to NAME.wav for as many seconds as `vqsynth-seconds` is sent, then quit Pd.

    It is recorded to an array: `writesf~` would lose its end where Pd quits.
    """
    patch.comment("without a screen: pd -nogui -batch -send 'vqsynth-seconds 5' and the name of this patch")
    asked, order = patch.place("r vqsynth-seconds"), patch.place("t f b f b b")
    on, rate, frames = patch.message("; pd dsp 1"), patch.place("samplerate~"), patch.place("*")
    patch.place(f"array define {name}")
    size, writer = patch.place(f"array size {name}"), patch.place(f"tabwrite~ {name}")
    length, wait, ending = patch.place("* 1000"), patch.place("delay"), patch.place("t b b")
    save, leave = patch.message(f"write -wave -bytes 4 {name}.wav {name}"), patch.message("; pd quit")
    patch.wire(asked, order, length, wait, ending, leave)
    patch.wire((order, 1), writer)
    patch.wire((order, 2), frames, size)
    patch.wire((order, 3), rate)
    patch.wire((order, 4), on)
    patch.connect(rate, 0, frames, 1)
    patch.wire((ending, 1), save, patch.place("soundfiler"))
    patch.wire(sound, writer)
