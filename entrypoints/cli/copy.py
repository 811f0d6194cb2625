"""`holdfast copy`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from containers import Container
from domain.copying import Copying, Position, Verdict
from domain.errors import HoldfastError, InvalidInput
from domain.models import CollectionInfo
from domain.patience import Patience
from entrypoints.cli.checkpoint import Checkpoint
from entrypoints.cli.exits import EX_DATA
from entrypoints.cli.session import Side, opened_with, settings_of_store
from entrypoints.cli.state import state_path

if TYPE_CHECKING:
    from entrypoints.cli.progress import progress

SHOWN = 5
"""How many differences are named."""


def copy(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="The store to read.")],
    target: Annotated[str, typer.Option("--to", metavar="URL", help="The store to write.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="A collection to copy; may stand several times. By default all.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="The file that keeps how far the copy is; by default one in the user's folder for state."),
    ] = None,
    *,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted copy was, into collections that hold points.")
    ] = False,
) -> None:
    """Copy collections from one store to another, and compare the two (exit code 65 where they differ).

    A store is http://host:6333 (Qdrant) or holdfast+http://host:8000 (a Holdfast service), or what else
    SOCIAL_QDRANT__URL takes. The key of SOCIAL_QDRANT__API_KEY is for the store of SOCIAL_QDRANT__URL; for
    others there are SOCIAL_COPYING__FROM_API_KEY and SOCIAL_COPYING__TO_API_KEY.
    """
    if not asyncio.run(_copy(source, target, collection or (), state, resume=resume)):
        raise typer.Exit(EX_DATA)


async def _copy(source: str, target: str, names: Sequence[str], state: Path | None, *, resume: bool) -> bool:
    """Whether the copies are the same as what they are of."""
    async with _stores(source, target) as (reading, writing):
        urls: tuple[str, str] = (reading.settings().qdrant.url, writing.settings().qdrant.url)
        if urls[0] == urls[1]:
            raise InvalidInput("--to", "another store than --from")
        checkpoint = Checkpoint(*urls, state or state_path("copies", *urls, *sorted(names)))
        if resume:
            checkpoint.load()
        run = _Run(reading, writing, checkpoint, resume=resume)
        same = [await run.copy(info) for info in await run.examine(names)]
        checkpoint.remove()
        return all(same)


@asynccontextmanager
async def _stores(source: str, target: str) -> AsyncIterator[tuple[Container, Container]]:
    reading, writing = settings_of_store(source, Side.FROM), settings_of_store(target, Side.TO)
    # Whichever configures the logs last, they know the secrets of both.
    secrets = [*reading.secrets(), *writing.secrets()]
    async with opened_with(reading, secrets) as one, opened_with(writing, secrets) as other:
        yield one, other


class _Run:
    """One copy, with what it shows and keeps."""

    def __init__(self, reading: Container, writing: Container, checkpoint: Checkpoint, *, resume: bool) -> None:
        self._checkpoint = checkpoint
        self._resume = resume
        self._bar: progress | None = None
        self._copying = Copying(
            reading.vector_store(),
            writing.vector_store(),
            writing.invalidation(),
            patience=Patience(waiting=self._wait),
            in_flight=writing.settings().copying.in_flight,
        )

    async def examine(self, names: Sequence[str]) -> list[CollectionInfo]:
        """What is to be copied, once it is known that all of it may be."""
        wanted = dict.fromkeys(names or await self._copying.names())
        return [await self._copying.examine(name, resumed=self._resume) for name in wanted]

    async def copy(self, info: CollectionInfo) -> bool:
        """Copy one collection and compare it; whether it is the same."""
        from entrypoints.cli.progress import progress  # noqa: PLC0415

        name = info.collection.name
        begin = self._checkpoint.position(name)
        with progress(f"copying {name}", info.points, done=begin.copied) as bar:
            self._bar = bar

            def advanced(position: Position) -> None:
                bar.advance(position.copied - bar.done)
                self._checkpoint.note(name, position)

            try:
                end = await self._copying.copy(info, begin, advanced)
            finally:
                # Also where it is interrupted, by an error or by ^C.
                if not self._checkpoint.write():
                    bar.say(f"how far the copy is could not be kept in {self._checkpoint.path}")
            verdict = await self._copying.verify(name, end.sample)
        typer.echo(_line(name, end, verdict))
        return not verdict.differences

    def _wait(self, error: HoldfastError, seconds: float) -> None:
        from entrypoints.cli.progress import waiting_line  # noqa: PLC0415

        if self._bar is None:
            typer.echo(waiting_line(error, seconds), err=True)
        else:
            self._bar.tell_waiting(error, seconds)


def _line(name: str, end: Position, verdict: Verdict) -> str:
    copied = f"{name}: {end.copied:,} points copied"
    if not verdict.differences:
        return f"{copied}; the same in both: {verdict.compared} points and {verdict.searched} searches compared"
    shown, more = verdict.differences[:SHOWN], len(verdict.differences) - SHOWN
    return f"{copied}; DIFFERS: {'; '.join(shown)}{f'; and {more} more' if more > 0 else ''}"
