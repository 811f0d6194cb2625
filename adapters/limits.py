"""The settings of how much a caller may ask for, in size, at a time, and how slowly."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from adapters.checks import Seconds, Section
from domain.ports import Rate

MIB = 1024 * 1024

_PERIODS = {"second": 1, "minute": 60, "hour": 3600}

_RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_PERIODS)})")


def parse_rate(text: str) -> Rate:
    """The rate that `100/second` says. Raises `ValueError`."""
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be a number and a time, as 1000/second, 600/minute or 10000/hour")
    return Rate(int(found[1]), _PERIODS[found[2]])


class LimitSettings(Section):
    """`SOCIAL_LIMITS__*`: each of these holds for one worker, but for the rate, which all share that share a Redis."""

    points: int = Field(default=10_000, ge=1, le=10_000)
    """The most points or ids in one call."""
    vector_size: int = Field(default=65_536, ge=1, le=65_536)
    """The largest vectors that a new collection may be for."""
    filter_depth: int = Field(default=16, ge=1, le=16)
    filter_conditions: int = Field(default=1_000, ge=1, le=1_000)
    """The most levels, and the most conditions, of one filter."""
    payload_bytes: int = Field(default=256 * 1024, ge=1024, le=16 * MIB)
    """The most bytes of the payload of one point, as JSON without white space."""
    question_bytes: int = Field(default=2 * MIB, ge=1024)
    """The most bytes of a body that writes no points and is no batch; never more than any body may have."""
    bodies_bytes: int = Field(default=256 * MIB, ge=1 * MIB)
    """The most bytes that the bodies of all requests in progress hold together."""
    requests: int = Field(default=512, ge=1, le=100_000)
    """The most requests in progress."""
    connections: int = Field(default=4096, ge=1, le=1_000_000)
    """The most connections that are open."""
    head_bytes: int = Field(default=64 * 1024, ge=8 * 1024, le=1 * MIB)
    head_fields: int = Field(default=128, ge=16, le=10_000)
    """The most bytes of the head of a request, and the most fields in it."""
    pipelined: int = Field(default=32, ge=1, le=1_000)
    """The most requests that wait on one connection for the answer to the one before."""
    head_timeout: Seconds = 10.0
    """From when a connection is made, or the first byte of a further request came, to the end of the head."""
    body_timeout: Seconds = 30.0
    """From the end of the head to that of the body, beyond what `bytes_per_second` gives."""
    answer_timeout: Seconds = 30.0
    """For a client to read what it was sent, beyond what `bytes_per_second` gives."""
    bytes_per_second: int = Field(default=16 * 1024, ge=1)
    """How slow a client may be with large bodies: so many bytes give a second more."""
    rate: Annotated[str | None, Field(max_length=32)] = None
    """`1000/second`: the most requests of one key, or of one address where there is no key. None for no limit."""

    @field_validator("rate")
    @classmethod
    def _check_rate(cls, text: str | None) -> str | None:
        if text is not None:
            parse_rate(text)
        return text

    @property
    def parsed_rate(self) -> Rate | None:
        """The rate, if there is one."""
        return None if self.rate is None else parse_rate(self.rate)
