"""`holdfast keys`: make, list and revoke the keys of a service's callers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from containers import Container
from domain.access import Grant, Right, Tenant
from domain.errors import InvalidInput, at
from domain.keys import Key, parse_expiry
from domain.ports import KeyStore

app = typer.Typer(help="Make, list and revoke the keys of a service's callers.", no_args_is_help=True)

File = Annotated[
    Path, typer.Option("--file", metavar="PATH", help="The file of SOCIAL_AUTH__KEYS_FILE.", show_default=False)
]

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])", re.ASCII)


@app.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="Whose key it is; stands in the log.", show_default=False)],
    rights: Annotated[str, typer.Option(help="What it gives, as read,write,admin.", show_default=False)],
    collections: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Of which collections, as 'docs-*'; may stand again.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it ends: 90d, 12h, or a time as 2027-01-31T12:00:00Z.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="FIELD=VALUE", help="Gives points alone whose payload has this.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="The file of SOCIAL_AUTH__KEYS_FILE to add it to.")
    ] = None,
) -> None:
    """Make a key, and show it: once, since only its hash is kept.

    Without --file the second line is what goes into the list of SOCIAL_AUTH__KEYS.
    """
    grant = Grant(name, _rights(rights), tuple(collections or ("*",)), _tenant(tenant))
    with at("--expires"):
        until = None if expires is None else _expiry(expires)
    secret, key = _make(grant, until)
    if file is None:
        typer.echo(f"{secret}\n{Container().write_key()(key)}")
        return
    _add(_open(file), key)
    typer.echo(secret)


@app.command("list")
def list_(file: File) -> None:
    """The keys of a file: names, rights, collections and ends."""
    from entrypoints.cli.tables import show  # noqa: PLC0415

    show(("name", "rights", "expires", "tenant", "collections"), map(_row, _open(file).list()))


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="Whose key.", show_default=False)], file: File) -> None:
    """Take a key out of a file. Services that read it refuse the key within a second."""
    _open(file).remove(name)
    typer.echo(f"revoked '{name}'")


def _open(file: Path) -> KeyStore:
    store: KeyStore = Container().open_key_store()(file)
    return store


def _make(grant: Grant, until: datetime | None) -> tuple[str, Key]:
    try:
        made: tuple[str, Key] = Container().make_key()(grant, until)
    except InvalidInput as error:
        raise _of_option(error) from None
    return made


def _add(store: KeyStore, key: Key) -> None:
    try:
        store.add(key)
    except InvalidInput as error:
        raise (_of_option(error) if error.where == "name" else error) from None


def _of_option(error: InvalidInput) -> InvalidInput:
    return InvalidInput(f"--{error.where}", error.expected)


def _rights(text: str) -> frozenset[Right]:
    names = text.split(",")
    if not set(names) <= set(Right):
        raise InvalidInput("--rights", f"some of {', '.join(Right)}, with commas and no spaces between them")
    return frozenset(map(Right, names))


def _tenant(text: str | None) -> Tenant | None:
    if text is None:
        return None
    field, sign, value = text.partition("=")
    if not sign:
        raise InvalidInput("--tenant", "a field and a value, as customer=acme")
    return Tenant(field, value)


def _expiry(text: str) -> datetime:
    now = datetime.now(UTC)
    if span := _SPAN.fullmatch(text):
        return now.replace(microsecond=0) + timedelta(**{{"d": "days", "h": "hours"}[span[2]]: int(span[1])})
    until = parse_expiry(text)
    if until <= now:
        raise InvalidInput("", "a time that is still to come")
    return until


def _row(key: Key) -> tuple[str, str, str, str, str]:
    grant, end = key.grant, "never"
    if key.expires is not None:
        end = f"{key.expires:%Y-%m-%d %H:%M}Z" if key.good_at(datetime.now(UTC)) else "expired"
    tenant = "" if grant.tenant is None else f"{grant.tenant.field}={grant.tenant.value}"
    rights = ",".join(right for right in Right if right in grant.rights)
    return (grant.name, rights, end, tenant, " ".join(grant.collections))
