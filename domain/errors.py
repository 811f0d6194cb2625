"""Every error that the domain and its ports raise.

    HoldfastError
    ├── InvalidInput (also a ValueError)   the caller's value is wrong: says where and what was expected
    ├── NotFound
    │   ├── CollectionNotFound
    │   ├── KeyNotFound
    │   └── PointNotFound
    ├── NotCached                          nothing is remembered, and the store was not to be asked
    ├── CollectionConflict                 the collection exists, and is another than was asked for
    ├── Unauthenticated                    nobody knows who is asking
    ├── Forbidden                          it is known who is asking, and he may not
    ├── Overloaded                         too much load: this process turned the call away
    └── BackendUnavailable                 a backend did not do what was asked; nothing else is wrong

An adapter raises these and nothing else, apart from `asyncio.CancelledError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Backend(StrEnum):
    """Which port a failure came through."""

    VECTOR_STORE = "vector_store"
    CACHE = "cache"


class Failure(StrEnum):
    """How a backend failed, as far as a caller can act on it."""

    REFUSED = "refused"
    """No connection was made: refused, unknown host, bad TLS certificate. Nothing was sent."""
    RESET = "reset"
    """The connection ended before the answer was whole. What was sent may have been done."""
    TIMEOUT = "timeout"
    """No whole answer in time. What was sent may have been done."""
    OVERLOADED = "overloaded"
    """The backend turned the call away for load: 429, no free connection, out of memory."""
    UNREADY = "unready"
    """The backend, or a proxy before it, said that it cannot serve now: 502, 503, 504, loading."""
    FAULT = "fault"
    """The backend answered with an error of its own that says none of the above."""
    GARBAGE = "garbage"
    """The answer was no answer: bytes of another protocol, broken JSON, a wrong shape."""
    UNAUTHORIZED = "unauthorized"
    """The operator's key or password was not accepted. Trying again does not help."""
    CLOSED = "closed"
    """The client in this process was closed already."""
    OPEN = "open"
    """The circuit breaker is open: the call was not made."""


class HoldfastError(Exception):
    """The root of all errors of the domain."""


class InvalidInput(HoldfastError, ValueError):
    """A value that cannot be served.

    `where` is the path of the value from the caller's argument (`points[3].vector`, empty for the
    argument itself); `expected` completes the sentence "expected ...".
    """

    def __init__(self, where: str, expected: str) -> None:
        super().__init__(where, expected)
        self.where = where
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}." if self.where else f"Expected {self.expected}."

    def within(self, outer: str) -> InvalidInput:
        """The same error seen from one level further out: `vector` within `points[3]`."""
        joint = "." if self.where and outer and not self.where.startswith("[") else ""
        return InvalidInput(f"{outer}{joint}{self.where}", self.expected)


class at:
    """`with at("points[3]"):` names the place of every `InvalidInput` that is raised inside."""

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidInput):
            raise error.within(self.place) from None


class NotFound(HoldfastError):
    """A thing that was named does not exist."""


class CollectionNotFound(NotFound):
    """No collection has this name."""

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.collection = collection

    def __str__(self) -> str:
        return f"Collection '{self.collection}' does not exist."


class KeyNotFound(NotFound):
    """No key has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"Key '{self.name}' does not exist."


class PointNotFound(NotFound):
    """The collection has no point with this id. `point` is an integer or a UUID."""

    def __init__(self, collection: str, point: object) -> None:
        super().__init__(collection, point)
        self.collection = collection
        self.point = point

    def __str__(self) -> str:
        return f"Point {self.point} does not exist in collection '{self.collection}'."


class NotCached(HoldfastError):
    """Nothing usable is remembered, and the caller did not want the store to be asked."""

    def __str__(self) -> str:
        return "Nothing usable is cached, and only-if-cached was asked for."


class CollectionConflict(HoldfastError):
    """The collection exists, and differs from what was asked for.

    Each difference is a clause of its own, such as `size is 384, not 768`.
    """

    def __init__(self, collection: str, differences: Iterable[str]) -> None:
        self.collection = collection
        self.differences = tuple(differences)
        super().__init__(collection, self.differences)

    def __str__(self) -> str:
        return f"Collection '{self.collection}' exists and differs: {'; '.join(self.differences)}."


class Unauthenticated(HoldfastError):
    """No key was given, or one that is not good (any more). Which of them, nobody is told."""

    def __str__(self) -> str:
        return "A valid key is needed."


class Forbidden(HoldfastError):
    """The caller's key has not this right on this collection, whether or not the collection exists."""

    def __init__(self, right: str, collection: str) -> None:
        super().__init__(right, collection)
        self.right = right
        self.collection = collection

    def __str__(self) -> str:
        return f"This key does not give the right '{self.right}' on collection '{self.collection}'."


class Overloaded(HoldfastError):
    """Too many calls to a backend are in flight in this process: this one was not made.

    `operation` names the port's method.
    """

    def __init__(self, backend: Backend, operation: str) -> None:
        super().__init__(backend, operation)
        self.backend = backend
        self.operation = operation

    def __str__(self) -> str:
        return f"{self.backend} overloaded: {self.operation} was not begun"


class BackendUnavailable(HoldfastError):
    """A backend could not be reached, did not answer in time, or answered with no sense.

    `operation` names the port's method. `retry_after` is in seconds, where the backend gave one.
    Neither the text nor any attribute holds an address, a key or a message of a driver.
    """

    def __init__(self, backend: Backend, operation: str, failure: Failure, retry_after: float | None = None) -> None:
        super().__init__(backend, operation, failure, retry_after)
        self.backend = backend
        self.operation = operation
        self.failure = failure
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.backend} unavailable: {self.operation} failed ({self.failure})"
