"""What Redis's replies mean. An answer that makes no sense raises."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from adapters.redis.exchange import Replies
from adapters.redis.info import parse_info

Values = tuple[str, Sequence[bytes | None]]
"""The run of the server, and the values of keys in their order."""

_TOKEN = re.compile(rb"[0-9a-f]{32}")


def read_values(count: int, replies: Replies) -> Values:
    """The values of the last command, which was an MGET of so many keys."""
    run, answers = replies
    values = answers[-1]
    if not isinstance(values, list) or len(values) != count:
        raise TypeError("an answer that is not the one to MGET")
    if not all(value is None or isinstance(value, bytes) for value in values):
        raise TypeError("a value that is none of Redis's")
    return run, values


def generation_of(run: str, values: Sequence[bytes | None]) -> str | None:
    """The generation that the first two values are the tokens of, if they are."""
    epoch, token = values[:2]
    return None if epoch is None or token is None else _joined(run, epoch, token)


@lru_cache(maxsize=1024)
def _joined(run: str, epoch: bytes, token: bytes) -> str | None:
    """The generation of these tokens, if they are any. The same few come with every search."""
    if not (_TOKEN.fullmatch(epoch) and _TOKEN.fullmatch(token)):
        return None
    return f"{run}.{epoch.decode()}.{token.decode()}"


def read_done(replies: Replies) -> Sequence[None]:
    """Nothing for each command, which were all SETs."""
    _, answers = replies
    if any(answer != b"OK" for answer in answers):
        raise TypeError("an answer that is not the one to SET")
    return [None] * len(answers)


def read_counts(replies: Replies) -> None:
    """Nothing: the commands were all UNLINKs, and how many keys there were does not matter."""
    _, answers = replies
    if any(type(answer) is not int for answer in answers):
        raise TypeError("an answer that is not the one to UNLINK")


def read_version(replies: Replies) -> str:
    """The version of the server; the command was INFO."""
    _, (info,) = replies
    return parse_info(info)["redis_version"]


def era(generation: str) -> str:
    """The run and the epoch of a generation."""
    return generation.rpartition(".")[0]
