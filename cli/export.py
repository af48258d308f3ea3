"""`vqsynth export`: a codebook or a continuous model as a file for nn~, with patches."""

from pathlib import Path

import click

from vqsynth.cli.given import BOOK, MODEL, recognise
from vqsynth.cli.streams import FilePath, Name, say
from vqsynth.storage.files import check_output


@click.command("export")
@click.argument("source", metavar="BOOK|MODEL", type=Name(BOOK, MODEL))
@click.option("-o", "--output", type=FilePath(), required=True, help="File to write, NAME.ts.")
@click.option("--continuous", is_flag=True, help="Take the continuous model where a codebook has the same name.")
def export_command(source: str, output: Path, continuous: bool) -> None:
    """Write a codebook or a continuous model as a TorchScript file, for nn~ in Pd and Max and nn.ar in SuperCollider.

    Patches of Pd for each method, a help patch, a patch with feedback and a patch of Max are written beside it.

    \b
    Examples:
      vqsynth export violin -o violin.ts
      vqsynth export strings -o strings.ts
    """
    from vqsynth.continuous.store import find_model
    from vqsynth.store import find_codebook

    check_output(output)
    is_model = continuous or set(recognise(source)) == {MODEL}
    folder = find_model(source) if is_model else find_codebook(source)
    check_output(output, inputs=folder.iterdir())
    from vqsynth.export.writing import export_codebook, export_model

    if is_model:
        from vqsynth.continuous.store import load as load_model

        written = export_model(load_model(folder), output)
    else:
        from vqsynth.store import load

        written = export_codebook(load(folder), output)
    say("\n".join(f"wrote {file}" for file in written))
