"""`holdfast collections`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from domain.collections import Collections
from domain.errors import CollectionConflict, CollectionNotFound
from domain.models import CollectionInfo
from entrypoints.cli.session import Url, opened

COLUMNS = ("name", "points", "size", "distance", "status", "indexes")

Found = dict[str, CollectionInfo | CollectionConflict]


def collections(
    url: Url = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, as GET /v1/collections/... gives.")] = False,
) -> None:
    """List the collections: how many points, which vectors, which indexes."""
    found = asyncio.run(_find(url))
    if as_json:
        _print_json(found)
        return
    # Loaded here, so that commands that show no table do not wait for it.
    from entrypoints.cli.tables import show  # noqa: PLC0415

    show(COLUMNS, [_row(name, info) for name, info in found.items()], right=("points", "size"))


async def _find(url: str | None) -> Found:
    async with opened(url) as container:
        use_case: Collections = container.collections()
        found: Found = {}
        for name in await use_case.list():
            try:
                found[name] = await use_case.describe(name)
            except CollectionConflict as error:
                found[name] = error
            except CollectionNotFound:
                # Deleted since the list was made.
                continue
        return found


def _row(name: str, info: CollectionInfo | CollectionConflict) -> tuple[object, ...]:
    if isinstance(info, CollectionConflict):
        return name, "", "", "", "not served", "; ".join(info.differences)
    made = info.collection
    indexes = ", ".join(f"{field}: {type_}" for field, type_ in sorted(made.indexes.items()))
    status = "building" if info.building else "ready"
    return name, f"{info.points:,}", made.size, made.distance, status, indexes


def _print_json(found: Found) -> None:
    import msgspec  # noqa: PLC0415

    from entrypoints.http.answers import describe_collection  # noqa: PLC0415

    described = [
        {"name": name, "status": "not served", "detail": str(info)}
        if isinstance(info, CollectionConflict)
        else describe_collection(info)
        for name, info in found.items()
    ]
    typer.echo(msgspec.json.encode({"collections": described}))
