"""`holdfast search`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from domain.errors import InvalidInput, at
from domain.models import parse_point_id
from domain.queries import SearchQuery
from domain.search import SearchResult
from entrypoints.cli.session import Url, opened


def search(
    collection: Annotated[str, typer.Argument(help="The collection to search.")],
    url: Url = None,
    *,
    vector: Annotated[
        str | None,
        typer.Option(help="A vector in JSON: a list of numbers, or base64 of float32. @FILE reads it, @- from stdin."),
    ] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="Instead of a vector: a stored point, whose neighbours are wanted.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The most hits, 1 to 1000.")] = 10,
    filter_: Annotated[
        str | None, typer.Option("--filter", help="A filter in JSON, as the REST API takes it, or @FILE.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare every point, past any graph.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as the REST API gives it.")] = False,
) -> None:
    """Find the nearest neighbours of a vector, or of a stored point."""
    query = _read_query(vector=vector, id_=id_, filter_=filter_, limit=limit, exact=exact)
    result = asyncio.run(_search(url, collection, query))
    if as_json:
        from entrypoints.http.answers import describe_result  # noqa: PLC0415

        typer.echo(msgspec.json.encode(describe_result(result)))
        return
    from entrypoints.cli.tables import show  # noqa: PLC0415

    rows = [(hit.id, f"{hit.score:.6g}", msgspec.json.encode(hit.payload).decode()) for hit in result.hits]
    show(("id", "score", "payload"), rows, right=("id", "score"))
    if result.stale:
        typer.echo(f"stale: this was remembered {result.age or 0:.0f} s ago", err=True)


async def _search(url: str | None, collection: str, query: SearchQuery) -> SearchResult:
    async with opened(url) as container:
        found: SearchResult = await container.search().search(collection, query)
        return found


def _read_query(*, vector: str | None, id_: str | None, filter_: str | None, limit: int, exact: bool) -> SearchQuery:
    """The query that the options ask for. Raises `InvalidInput` at the option."""
    from entrypoints.http.bodies.filter_forms import FilterBody  # noqa: PLC0415
    from entrypoints.http.bodies.filters import read_filter  # noqa: PLC0415
    from entrypoints.http.bodies.values import VectorValue, read_vector  # noqa: PLC0415

    if (vector is None) == (id_ is None):
        raise InvalidInput("", "exactly one of --vector and --id")
    with at("--id"):
        point_id = None if id_ is None else parse_point_id(id_)
    return SearchQuery(
        vector=None if vector is None else read_vector(_read_json("--vector", vector, VectorValue)),
        id=point_id,
        filter=read_filter(None if filter_ is None else _read_json("--filter", filter_, FilterBody)),
        limit=limit,
        exact=exact,
    )


def _read_json(option: str, given: str, type_: Any) -> Any:
    """The value of an option in JSON, or in the file that it names. Raises `InvalidInput` at the option."""
    try:
        text = (
            given if not given.startswith("@") else sys.stdin.read() if given == "@-" else Path(given[1:]).read_text()
        )
        return msgspec.json.decode(text, type=type_)
    except OSError as error:
        raise InvalidInput(option, f"a file that can be read, and this one cannot ({error.strerror})") from None
    except RecursionError:
        raise InvalidInput(option, "JSON that is nested less deep") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise InvalidInput(option, f"JSON of the documented form ({reason})") from None


def _text_of(given: str) -> str:
    if not given.startswith("@"):
        return given
    return sys.stdin.read() if given == "@-" else Path(given[1:]).read_text(encoding="utf-8")
