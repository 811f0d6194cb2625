"""`holdfast export`."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from domain.errors import InvalidInput
from domain.filters import Filter
from domain.patience import Patience
from domain.ports import PointSink
from entrypoints.cli.exits import EX_INTERRUPTED
from entrypoints.cli.importing import Collection, Format, Seconds
from entrypoints.cli.session import Url, opened


def export(
    file: Annotated[Path, typer.Argument(help="What to make: JSON Lines (also .gz), Parquet, .npy or .npz.")],
    collection: Collection,
    url: Url = None,
    *,
    format_: Format = None,
    filter_: Annotated[str | None, typer.Option("--filter", help="A filter in JSON, as the REST API takes it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    patience: Seconds = 60.0,
) -> None:
    """Write the points of a collection to a file, which `holdfast import` reads back just so.

    The file is there when it is whole, and not before.
    """
    if file.exists() and not force:
        raise FileExistsError(errno.EEXIST, f"{os.strerror(errno.EEXIST)}; --force replaces it", str(file))
    try:
        done = asyncio.run(_export(file, collection, url, _read_filter(filter_), format_=format_, patience=patience))
    except KeyboardInterrupt:
        raise typer.Exit(EX_INTERRUPTED) from None
    typer.echo(f"{done:,} points of '{collection}' are in {file}")


async def _export(
    file: Path, collection: str, url: str | None, filter_: Filter, *, format_: str | None, patience: float
) -> int:
    from entrypoints.cli.progress import progress  # noqa: PLC0415

    async with opened(url) as container:
        sink: PointSink = container.open_sink()(file, format=format_)
        with progress("exporting") as bar:
            for note in sink.notes:
                bar.say(note)

            def report(done: int, total: int) -> None:
                bar.expect(max(done, total))
                bar.advance(done - bar.done)

            done: int = await container.exporting().run(
                collection, sink, filter_=filter_, report=report, patience=Patience(patience, bar.tell_waiting)
            )
            return done


def _read_filter(text: str | None) -> Filter:
    """The filter of the option. Raises `InvalidInput`."""
    from entrypoints.http.bodies.filter_forms import FilterBody  # noqa: PLC0415
    from entrypoints.http.bodies.filters import read_filter  # noqa: PLC0415

    try:
        return read_filter(None if text is None else msgspec.json.decode(text, type=FilterBody))
    except RecursionError:
        raise InvalidInput("--filter", "JSON that is nested less deep") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InvalidInput("--filter", f"a filter in JSON ({error})") from None
