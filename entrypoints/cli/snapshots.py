"""`holdfast snapshot` and `holdfast restore`."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from domain.invalidation import Written
from domain.ports import Unpacked
from domain.snapshots import Snapshots
from entrypoints.cli.exits import EX_INTERRUPTED
from entrypoints.cli.session import opened_beside_others


def snapshot(
    collection: Annotated[str, typer.Argument(help="The collection.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="What to make.", show_default=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a collection as it is at one moment to a file, also while a service runs on its directory.

    For points in a directory (SOCIAL_QDRANT__URL=file:PATH). The file is there when it is whole, and not before.
    """
    if file.exists() and not force:
        raise FileExistsError(errno.EEXIST, f"{os.strerror(errno.EEXIST)}; --force replaces it", str(file))
    try:
        points = asyncio.run(_take(collection, file))
    except KeyboardInterrupt:
        raise typer.Exit(EX_INTERRUPTED) from None
    typer.echo(f"{points:,} points of '{collection}' are in {file}")


def restore(
    file: Annotated[Path, typer.Argument(help="What `holdfast snapshot` made.", show_default=False)],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="The collection to make; by default under its old name.")
    ] = None,
) -> None:
    """Make a collection of a snapshot, also while a service runs on the directory.

    The file is checked to its last byte first. A collection of this name must not be there.
    """
    try:
        done = asyncio.run(_restore(file, collection))
    except KeyboardInterrupt:
        raise typer.Exit(EX_INTERRUPTED) from None
    typer.echo(f"{done.value.points:,} points are in '{done.value.name}'")
    if not done.invalidated:
        typer.echo("the cache could not be told: what it holds of an earlier one may be shown for a while", err=True)


async def _take(collection: str, file: Path) -> int:
    async with opened_beside_others() as container:
        use_case: Snapshots = container.snapshots()
        return await use_case.take(collection, file)


async def _restore(file: Path, collection: str | None) -> Written[Unpacked]:
    async with opened_beside_others() as container:
        use_case: Snapshots = container.snapshots()
        return await use_case.restore(file, collection)
