"""What a Qdrant server adds to the local mode of qdrant-client: its errors, its defaults, its numbers."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from qdrant_client.http import models


class Kind(Enum):
    """The kinds of errors, each with its status in REST and the name of its code in gRPC."""

    NOT_FOUND = (404, "NOT_FOUND")
    EXISTS = (409, "ALREADY_EXISTS")
    INVALID = (400, "INVALID_ARGUMENT")
    UNPROCESSABLE = (422, "INVALID_ARGUMENT")

    @property
    def status(self) -> int:
        """The status in REST."""
        return self.value[0]

    @property
    def code(self) -> str:
        """The name of the code in gRPC."""
        return self.value[1]


class QdrantError(Exception):
    """An error that the real server would answer with, in its words."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def known_key(expected: str | None, given: Sequence[str | None]) -> str | None:
    """What the server says to the keys that a call carries: None where one is right, or none is needed."""
    if expected is None or expected in given or f"Bearer {expected}" in given:
        return None
    if any(given):
        return "Invalid API key or JWT"
    return "Must provide an API key or an Authorization bearer token"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of local mode into those of the server."""
    try:
        yield
    except KeyError as error:
        raise no_point(error.args[0]) from None
    except (ValueError, TypeError, NotImplementedError) as error:
        message = str(error).removeprefix("Wrong input: ").split(" for vector '")[0]
        raise QdrantError(Kind.INVALID, f"Wrong input: {message}") from None


def rounded(response: models.QueryResponse, threshold: float | None, params: object) -> models.QueryResponse:
    """The response with scores of float32, and without those that the rounding brought down to the threshold."""
    falls = isinstance(params, models.VectorParams) and params.distance in (models.Distance.COSINE, models.Distance.DOT)
    sign = 1.0 if falls else -1.0
    for point in response.points:
        point.score = _float32(point.score)
    if threshold is not None:
        response.points = [point for point in response.points if sign * point.score > sign * _float32(threshold)]
    return response


def _float32(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]  # type: ignore[no-any-return]


def no_point(point: object) -> QdrantError:
    """The error for an id that does not exist."""
    return QdrantError(Kind.NOT_FOUND, f"Not found: No point with id {point} found")


def limit(asked: int | None) -> int:
    """The limit, 10 where none is given. Raises the server's error for one below 1."""
    if asked is not None and asked < 1:
        message = f"Validation error in JSON body: [limit: value {asked} invalid, must be 1 or larger]"
        raise QdrantError(Kind.UNPROCESSABLE, message)
    return 10 if asked is None else asked


def merged_hnsw(diff: models.HnswConfigDiff | None) -> models.HnswConfig:
    """The server's defaults, and over them what was asked for."""
    defaults: dict[str, object] = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}
    defaults |= {"max_indexing_threads": 0, "on_disk": False}
    return models.HnswConfig.model_validate(defaults | (diff.model_dump(exclude_none=True) if diff else {}))
