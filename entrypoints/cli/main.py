"""The command's entry. What its exit codes say stands in `exits`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache

import typer

from entrypoints.cli import collections, copy, exporting, health, importing, keys, search, serve, snapshots
from entrypoints.cli.exits import exit_code, explain

app = typer.Typer(
    name="holdfast",
    help="A vector search service that keeps answering when its databases do not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(health.health)
app.command()(collections.collections)
app.command()(search.search)
app.command("import")(importing.import_)
app.command()(exporting.export)
app.command()(copy.copy)
app.command()(snapshots.snapshot)
app.command()(snapshots.restore)
app.add_typer(keys.app, name="keys")


@cache
def command() -> Callable[[Sequence[str] | None], None]:
    """The command with all of its options, read from the functions once."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with these arguments, by default the process's. An error ends it with one line and its code."""
    try:
        command()(arguments)
    except Exception as error:
        print(f"holdfast: {explain(error)}", file=sys.stderr)
        sys.exit(exit_code(error))
