"""Where a verb was given a file of the wrong kind: say what it is, and which verb takes it."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from vqsynth.cli.names import CONTINUOUS_VERBS, VERBS

BOOK, MODEL, PATH, LATENTS, SOUND = "codebook", "continuous model", "path", "latent path", "sound"
REPORT = "report"
_KEY = "vqsynth.given"
_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"caff", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
_USE = {
    PATH: "vqsynth decode {0} -o out.wav",
    LATENTS: "vqsynth continuous decode {0} -o out.wav",
    BOOK: "vqsynth info {0}",
    MODEL: "vqsynth continuous info {0}",
    REPORT: "vqsynth synth with --path, which writes the path beside the report",
}
_USE_SOUND = {
    BOOK: "vqsynth transfer violin {0} -o out.wav",
    PATH: "vqsynth transfer violin {0} -o out.wav, or first: vqsynth encode violin {0} -o path.json",
    MODEL: "vqsynth continuous transfer strings {0} -o out.wav",
    LATENTS: "vqsynth continuous encode strings {0} -o path.json",
}


class Given(NamedTuple):
    """The value of an argument or option, the kinds that are taken there, and the full name of the verb."""

    value: str
    kinds: tuple[str, ...]
    verb: str


def note_given(ctx: click.Context | None, value: Any, kinds: tuple[str, ...]) -> None:
    """Note a value and the kinds that are taken in its place, for `tell_wrong_kind`."""
    if ctx is not None and kinds:
        ctx.meta.setdefault(_KEY, []).append(Given(str(value), kinds, ctx.command_path))


def tell_wrong_kind(ctx: click.Context) -> str | None:
    """Return a message on a value of a kind that the verb does not take, with the verb that does, or None."""
    for given in ctx.meta.get(_KEY, []):
        found = set(recognise(given.value))
        if found and not found & set(given.kinds):
            kind, name = sorted(found)[0], given.verb.partition(" ")[2]
            takes = " or a ".join(given.kinds)
            return f"'{given.value}' is a {kind}, and {name} takes a {takes} there; use: {_advise(kind, given)}"
    return None


def tell_meant_verb(name: str, command: str) -> str:
    """Return a message that suggests a verb for an unknown name. command: the words before the name."""
    known = dict(_all_verbs())
    own = {full.rpartition(" ")[2]: full for full in known if full.rpartition(" ")[0] == command}
    others = {full.rpartition(" ")[2]: full for full in known if full.rpartition(" ")[0] != command}
    for kind in recognise(name) if name not in others else ():
        use = _USE.get(kind, _USE_SOUND[BOOK]).format(name)
        return f"'{name}' is a {kind}, not a verb; put a verb first, as in: {use}"
    for names in ({name: others[name]} if name in others else {}, own, others):
        near = difflib.get_close_matches(name, names, 1)
        if near:
            return f"there is no verb '{name}' here; did you mean: {names[near[0]]}?"
    return f"there is no verb '{name}' here; verbs are: {', '.join(own)}"


def recognise(value: str) -> Iterator[str]:
    """Yield the kinds of a file, a folder or a shipped name, usually one or none."""
    from vqsynth.codes.record import CODEBOOK
    from vqsynth.continuous.folder import CONTINUOUS
    from vqsynth.storage.bundle import is_bundle
    from vqsynth.storage.collection import shipped_bundles

    path = Path(value)
    folders = {BOOK: CODEBOOK, MODEL: CONTINUOUS}
    if is_bundle(path):
        kinds = [kind for kind, bundle in folders.items() if is_bundle(path, bundle)]
        yield from kinds if len(kinds) == 1 else []  # what is damaged may be of any kind
    elif _is_file(path):
        yield from _recognise_file(path)
    else:
        names = {kind: {folder.name for folder in shipped_bundles(bundle)} for kind, bundle in folders.items()}
        yield from (kind for kind in folders if value in names[kind])


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False


def _recognise_file(file: Path) -> Iterator[str]:
    from vqsynth.errors import VqsynthError
    from vqsynth.storage.files import MOST_TEXT_BYTES, read_regular
    from vqsynth.storage.records import parse_json

    try:
        with file.open("rb") as opened:
            head = opened.read(2**16)
        if head.startswith(_MAGIC) or head[4:8] == b"ftyp":
            yield SOUND
        elif head[8:9] == b"{" and b'\\"kind\\": \\"latent path\\"' in head:
            yield LATENTS
        elif head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            yield from _recognise_record(parse_json(read_regular(file, most_bytes=MOST_TEXT_BYTES)))
    except (OSError, ValueError, VqsynthError):
        return


def _recognise_record(fields: Mapping[str, Any]) -> Iterator[str]:
    if fields.get("kind") in (PATH, LATENTS):
        yield fields["kind"]
    elif "descriptors" in fields:
        yield REPORT
    elif {"codes", "gain_db"} <= set(fields) or {"layers", "runs"} & set(fields):
        yield PATH


def _advise(kind: str, given: Given) -> str:
    """Return the command that takes a value of this kind, the verb of the same name where there is one."""
    value = f"'{given.value}'" if " " in given.value else given.value
    verb = given.verb.rpartition(" ")[2]
    if kind == SOUND:
        use = _USE_SOUND.get(given.kinds[0], _USE_SOUND[BOOK]).format(value)
        return use.replace("transfer", "encode").replace("out.wav", "path.json") if verb == "encode" else use
    same = f"vqsynth continuous {verb}" if kind == MODEL else f"vqsynth {verb}"
    if {kind, given.kinds[0]} == {BOOK, MODEL}:
        known = dict(_all_verbs())
        if same in known:
            return f"{same} {value}" if verb == "info" else f"{same} {value} ..."
        others = "vqsynth continuous --help" if kind == MODEL else "vqsynth --help"
        return f"the verbs that take one ({others}), as in: {_USE[kind].format(value)}"
    return _USE[kind].format(value)


def _all_verbs() -> Iterator[tuple[str, str]]:
    yield from ((f"vqsynth {name}", about) for name, about in VERBS.items())
    yield from ((f"vqsynth continuous {name}", about) for name, about in CONTINUOUS_VERBS.items())
