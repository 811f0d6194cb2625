"""Answers to INFO, and the greeting that asks for one."""

from __future__ import annotations

from typing import Any

from redis.exceptions import InvalidResponse


async def greet(connection: Any) -> None:
    """Log in on a new connection, and learn which run of the server it leads to (`connection.run_id`)."""
    try:
        await connection.on_connect()
        await connection.send_command("INFO", "server", check_health=False)
        connection.run_id = parse_info(await connection.read_response())["run_id"]
    except (AttributeError, LookupError, TypeError, ValueError):
        # The client drops a connection that was not greeted for errors of its own alone.
        raise InvalidResponse("a greeting that is not Redis's") from None


def parse_info(reply: bytes | str) -> dict[str, str]:
    """The fields of an answer to INFO."""
    text = reply.decode() if isinstance(reply, bytes) else reply
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
