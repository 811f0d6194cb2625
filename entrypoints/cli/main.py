"""The command's entry, and what its exit codes say (those of sysexits.h)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from containers import ConfigurationError
from entrypoints.cli import health, serve

EX_CONFIG = 78

app = typer.Typer(
    name="holdfast",
    help="A vector search service that keeps answering when its databases do not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(health.health)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with these arguments, by default the process's. A wrong setting ends it with exit code 78."""
    try:
        app(arguments)
    except ConfigurationError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        sys.exit(EX_CONFIG)
