"""`vqsynth continuous info`: a model's card."""

from typing import Any

import click

from vqsynth.cli.continuous.rendering import model_argument
from vqsynth.cli.printing import describe_card
from vqsynth.continuous.store import load
from vqsynth.storage.files import show_text


@click.command("info")
@model_argument
def info_command(model: str) -> None:
    """Show the card of MODEL, a shipped name or a folder: its sounds, its training, its figures, its licence.

    For each component it shows the descriptor that correlates most with it. The files of the model are checked against
    the hashes in its card.

    \b
    Example:
      vqsynth continuous info strings
    """
    loaded = load(model)
    for line in describe_card({name: value for name, value in loaded.card.items() if name != "components"}):
        click.echo(line)
    click.echo(show_text(f"vocoders: {', '.join(loaded.vocoders)}"))
    components = loaded.card.get("components")
    if isinstance(components, list) and components:
        click.echo("components (the descriptor that each follows most, and its correlation):")
        for number, component in enumerate(components, 1):
            click.echo(show_text(f"  {number}: {_describe_component(component)}"))


def _describe_component(component: Any) -> str:
    if not isinstance(component, dict) or not isinstance(component.get("correlation"), int | float):
        return "-"
    return f"{str(component.get('descriptor', '-')).replace('_', ' ')} {component['correlation']:+.2f}"
