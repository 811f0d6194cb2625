"""Bodies that are a long list, read without keeping others waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from starlette.requests import Request

from domain.errors import InvalidInput
from entrypoints.http.limits import Limits
from entrypoints.http.requests import MAX_OBJECTS, JsonBody
from entrypoints.http.slices import SLICE, Slices

B = TypeVar("B")
E = TypeVar("E")
T = TypeVar("T")

LONGEST = 0.0005
"""Seconds after which no further element is converted in a turn of the loop: of small ones a slice holds hundreds."""

ROOM_OF_NUMBER = 32
"""Bytes that a number of a vector takes at most, with all its digits."""


class ListBody(Generic[B, E, T]):
    """Reads bodies of the type `whole`, whose field `key` is a list of at most `most` values of type `element`.

    `convert` makes of an element what is to come of it; it is also given what its payload cannot be larger than,
    in bytes. Raises what `JsonBody.read` does.
    """

    def __init__(
        self,
        whole: type[B],
        key: str,
        element: type[E],
        convert: Callable[[E, int], T],
        limits: Limits,
        *,
        most: int,
        most_objects: int = MAX_OBJECTS,
    ) -> None:
        self._body = JsonBody(whole, limits, most_objects, limits.body_bytes)
        self._list = msgspec.json.Decoder(list[element])  # type: ignore[valid-type]
        self._key = key
        self._convert = convert
        self._limits = limits
        self._most = most
        self._most_objects = most_objects
        self._largest = ROOM_OF_NUMBER * limits.vector_size + 2 * limits.payload_bytes

    async def read(self, request: Request) -> tuple[list[T], B]:
        """What the list holds, and the body with its other fields; of its list that may hold the end alone."""
        data = await self._body.receive_parts(request.scope, request.receive)
        begun = time.perf_counter()
        if len(data) <= SLICE:
            body = self._body.decode(data)
            return await self._converted([], getattr(body, self._key), len(data), begun), body
        values: list[T] = []
        slices: Slices[B, E] = Slices(
            data, self._key, self._body.decoder, self._list, self._largest, most_objects=self._most_objects
        )
        while slices.body is None:
            # One slice of one body in each turn of the loop, however many bodies there are.
            async with self._limits.turn:
                begun = time.perf_counter()
                await self._converted(values, *slices.next(), begun)
                await asyncio.sleep(0)
        return values, slices.body

    async def _converted(self, values: list[T], elements: list[E], size: int, begun: float) -> list[T]:
        if len(values) + len(elements) > self._most:
            raise InvalidInput(self._key, f"'list' of length <= {self._most}")
        due = begun + LONGEST
        for element in elements:
            try:
                values.append(self._convert(element, size))
            except InvalidInput as error:
                raise error.within(f"{self._key}[{len(values)}]") from None
            if time.perf_counter() > due:
                await asyncio.sleep(0)
                due = time.perf_counter() + LONGEST
        return values
