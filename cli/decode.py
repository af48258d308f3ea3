"""`vqsynth decode`: a path to sound."""

from pathlib import Path

import click

from vqsynth.cli import following, options, outputs
from vqsynth.cli.streams import readable, say
from vqsynth.curves.targets import Mappings
from vqsynth.path import load_layers


@click.command("decode")
@click.argument("path_file", metavar="PATH.json", type=options.PathFile)
@options.output
@click.option(
    "--book", type=options.Book, help="Codebook to play it with.  [default: the shipped one that the path names]"
)
@click.option("--translate", is_flag=True, help="Play the path of another codebook by the nearest codes of --book.")
@click.option(
    "--from", "source", type=options.Book, help="Codebook that the path was made with, where it is not a shipped one."
)
@options.keep("all that the path holds")
@following.mapping
@click.option("--path", "made_file", type=options.OutputFile, help="Path file to write, JSON: the path as translated.")
@options.excitation
@options.seed
@options.spread
def decode_command(
    path_file: Path, output: Path, book: str | None, translate: bool, source: str | None, mapping: Mappings | None,
    keep: dict[str, float] | None, made_file: Path | None, excitation: str | None, seed: int | None,
    spread: float | None,
) -> None:  # fmt: skip
    """Turn a path file into sound, by default with the excitation, seed and spread that it was made with.

    A path is translated by centroid, flatness and pitch; its loudness stays. The share out of reach is printed.

    \b
    Examples:
      vqsynth decode voice.json -o voice-as-violin.wav
      vqsynth decode voice.json --book cello --translate --map pitch=octave -o voice-as-cello.wav
    """
    options.check_sound(output)
    if not translate:
        options.refuse_given(("source", "mapping", "made_file"), "of --translate")
    options.check_outputs(output, made_file, inputs=options.named(path_file))
    with readable(path_file, ".json") as file:
        paths = load_layers(file)
    paths = tuple(path.with_keep(**(keep or {})) for path in paths)
    codebook, said = options.load_named(book, paths[0].codebook), []
    if translate:
        origin = options.load_named(source, paths[0].codebook)
        made = codebook.translate(paths, origin, mapping=mapping or "clamp")
        paths, said = made.paths, made.summarize()
    outputs.write_rendered(codebook, paths, output, made_file, excitation=excitation, seed=seed, spread=spread)
    say("\n".join([*said, f"{paths[0].seconds:.2f} s", f"wrote {output}"]))
