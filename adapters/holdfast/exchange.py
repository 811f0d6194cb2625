"""One request to a service, and the reading of its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from adapters.call import BackendCall
from adapters.holdfast.errors import Refused, shifted
from adapters.holdfast.requests import Batch
from domain.errors import InvalidInput

T = TypeVar("T")

Read = Callable[[httpx.Response], T]


def path_of(collection: str, *parts: str) -> str:
    """The path of something of a collection."""
    return "/".join(["/v1/collections", *(quote(part, safe="") for part in (collection, *parts))])


def read_as(form: type[T]) -> Read[T]:
    """Reads an answer of this form."""
    return lambda response: msgspec.json.decode(response.content, type=form)


def acknowledged(response: httpx.Response) -> None:
    """Reads the answer to a write that has none. Raises `ValueError` where something else answered."""
    if response.status_code != 204:
        raise ValueError("not the answer to a write")


class Exchange:
    """Sends requests by a client that knows the address."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """The answer. Raises `Refused` unless it is a success."""
        response = await self._client.request(method, path, content=body)
        if not response.is_success:
            raise Refused(response)
        return response

    async def send_batch(
        self, ask: BackendCall, batch: Batch, *, method: str, path: str, name: str, read: Read[T], more: bytes = b""
    ) -> T:
        """What `read` makes of the answer; `more` stands beside the items, as in `Batch.body`.

        Raises `InvalidInput` with the place among all items of the caller.
        """
        try:
            return await ask(self.send(method, path, batch.body(name, more)), read)
        except InvalidInput as error:
            raise shifted(error, batch.start) from None

    async def aclose(self) -> None:
        """Close all connections, which ends the calls under way."""
        await self._client.aclose()
