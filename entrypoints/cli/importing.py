"""`holdfast import`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from containers import ConfigurationError, Container
from domain.importing import Import
from domain.models import Distance
from domain.patience import Patience
from domain.ports import Columns, PointSource
from entrypoints.cli.bookmark import Bookmark, Place
from entrypoints.cli.exits import EX_DATA, EX_INTERRUPTED
from entrypoints.cli.journal import Journal
from entrypoints.cli.session import Url, opened

Format = Annotated[
    str | None, typer.Option("--format", help="jsonl, parquet, npy or npz; by default as the file's name ends.")
]
Collection = Annotated[str, typer.Option("--collection", "-c", help="The collection.", show_default=False)]
Seconds = Annotated[float, typer.Option("--patience", help="How many seconds to wait for a store that goes away.")]


def import_(
    file: Annotated[Path, typer.Argument(help="JSON Lines (also .gz), Parquet, .npy or .npz.")],
    collection: Collection,
    url: Url = None,
    *,
    format_: Format = None,
    create: Annotated[bool, typer.Option("--create", help="Make the collection, if it is not there.")] = False,
    distance: Annotated[Distance, typer.Option(help="The distance of a collection that is made.")] = Distance.COSINE,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this import was interrupted.")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write refused rows here, a line of JSON each.")] = None,
    batch: Annotated[int, typer.Option(help="How many points are written at a time, 1 to 10000.")] = 500,
    id_column: Annotated[str, typer.Option(help="The column or key of ids.")] = "id",
    vector_column: Annotated[str, typer.Option(help="The column or key of vectors.")] = "vector",
    payload_columns: Annotated[
        str | None,
        typer.Option(help="The payload's keys, with commas; by default `payload`, or the rest."),
    ] = None,
    number_rows: Annotated[bool, typer.Option("--number-rows", help="Take the rows' numbers, from 0, as ids.")] = False,
    patience: Seconds = 60.0,
) -> None:
    """Write the points of a file into a collection.

    Rows that are no points are left out and told (exit code 65); the others are written. Points that
    exist are replaced. What was interrupted goes on with --resume.
    """
    payload = None if payload_columns is None else tuple(filter(None, payload_columns.split(",")))
    job = _Job(
        file=file,
        collection=collection,
        columns=Columns(id=id_column, vector=vector_column, payload=payload, numbered=number_rows),
        format=format_,
        distance=distance if create else None,
        resume=resume,
        refused=refused,
        batch=batch,
        patience=patience,
    )
    try:
        place = asyncio.run(job.run(url))
    except KeyboardInterrupt:
        raise typer.Exit(EX_INTERRUPTED) from None
    besides = f"; {place.refused:,} rows were refused" if place.refused else ""
    typer.echo(f"{place.written:,} rows are in '{collection}'{besides}")
    if place.refused:
        raise typer.Exit(EX_DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What was asked for. Without a `distance` no collection is made."""

    file: Path
    collection: str
    columns: Columns
    format: str | None
    distance: Distance | None
    resume: bool
    refused: Path | None
    batch: int
    patience: float

    async def run(self, url: str | None) -> Place:
        """Do it, and give where it ended. Says how to go on where it does not end well."""
        from entrypoints.cli.progress import progress  # noqa: PLC0415

        async with opened(url) as container:
            store = _check_lasting(container)
            source: PointSource = container.open_source()(self.file, columns=self.columns, format=self.format)
            options = {**asdict(self.columns), "format": self.format}
            bookmark = Bookmark(self.file, collection=self.collection, store=store, options=options)
            begin = (bookmark.find() if self.resume else None) or Place()
            if self.distance is not None and await container.importing().create(self.collection, source, self.distance):
                # It may have been deleted after the interruption.
                begin = Place()
            if not begin.row:
                bookmark.forget()
            bar = progress("importing", None if source.total is None else source.total - begin.row)
            with Journal(bar, bookmark, begin, self.refused, self.file) as journal, bar:
                for note in (*source.notes, *([_begin(begin)] if self.resume else [])):
                    bar.say(note)
                await self._write(container.importing(), source, journal, Patience(self.patience, bar.tell_waiting))
                return journal.end()

    async def _write(self, importing: Import, source: PointSource, journal: Journal, patience: Patience) -> None:
        await importing.run(
            self.collection,
            source,
            journal.report,
            batch=self.batch,
            after=journal.place.row,
            patience=patience,
        )


def _check_lasting(container: Container) -> str:
    """The store's URL. Raises `ConfigurationError` for a store that would be gone with this command."""
    settings = container.settings().qdrant
    if settings.in_memory:
        raise ConfigurationError(
            "SOCIAL_QDRANT__URL: is :memory:, which ends with this command; set it, or name a service with --url"
        )
    return str(settings.url)


def _begin(place: Place) -> str:
    return f"going on behind row {place.row:,}" if place.row else "nothing was interrupted: beginning at the first row"
