"""A group of verbs that are imported when they are called, and that know of each other."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from vqsynth.cli.given import tell_meant_verb, tell_wrong_kind
from vqsynth.errors import ParameterError, VqsynthError
from vqsynth.running.interrupts import Stopped


class Verbs(click.Group):
    """A group whose commands live in modules of their own, imported when one is called."""

    def __init__(self, *, verbs: Mapping[str, str], package: str, **about: Any) -> None:
        """Take the verbs, each with a line for the help, in the order in which one meets them, and their package."""
        super().__init__(**about)
        self._verbs, self._package = verbs, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order in which one meets them."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and take its command."""
        if cmd_name not in self._verbs:
            return None
        module = import_module(f"{self._package}.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a verb. Raises UsageError for a name that no verb has, saying which is meant."""
        if args[0] not in self._verbs and not args[0].startswith("-"):
            raise click.UsageError(tell_meant_verb(args[0], ctx.command_path), ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb. Where it fails because it was given what another verb takes, say which."""
        try:
            return super().invoke(ctx)
        except VqsynthError as e:
            wrong = None if isinstance(e, Stopped) else tell_wrong_kind(ctx)
            if wrong is None:
                raise
            raise ParameterError(wrong) from e

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs in the help without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))
