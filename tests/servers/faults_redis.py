"""Servers that speak RESP and misbehave, after a handshake that succeeds or from the first command on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tests.servers.tcp import TCP_FAULTS, Fault, Handler, Reader, Writer, answer_once, drip, reset, tcp_fault

HANDSHAKE = frozenset({b"HELLO", b"AUTH", b"CLIENT", b"SELECT"})

ERRORS = {
    "loading": "LOADING Redis is loading the dataset in memory",
    "oom": "OOM command not allowed when used memory > 'maxmemory'.",
    "readonly": "READONLY You can't write against a read only replica.",
    "misconf": "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "noauth": "NOAUTH Authentication required.",
    "wrongpass": "WRONGPASS invalid username-password pair or user is disabled.",
    "noperm": "NOPERM User default has no permissions to run the 'get' command",
    "busy": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "clusterdown": "CLUSTERDOWN The cluster is down",
    "masterdown": "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "noreplicas": "NOREPLICAS Not enough good replicas to write.",
    "tryagain": "TRYAGAIN Multiple keys request during rehashing of slot",
    "moved": "MOVED 3999 127.0.0.1:1",
    "ask": "ASK 3999 127.0.0.1:1",
    "crossslot": "CROSSSLOT Keys in request don't hash to the same slot",
    "wrongtype": "WRONGTYPE Operation against a key holding the wrong kind of value",
    "execabort": "EXECABORT Transaction discarded because of previous errors.",
    "noscript": "NOSCRIPT No matching script. Please use EVAL.",
    "unblocked": "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "unknown_command": "ERR unknown command",
    "protected": "DENIED Redis is running in protected mode because protected mode is enabled",
    "internal": "ERR Internal error",
    "max_clients": "ERR max number of clients reached",
}
"""Error replies of a real server, by name."""

REPLIES = {
    "integer": b":1\r\n",
    "status": b"+OK\r\n",
    "null": b"$-1\r\n",
    "null_of_resp3": b"_\r\n",
    "null_array": b"*-1\r\n",
    "empty_array": b"*0\r\n",
    "bulk": b"$7\r\nnothing\r\n",
    "invalid_utf8": b"$4\r\n\xff\xfe\xc3\x28\r\n",
    "array_of_integers": b"*3\r\n:1\r\n:2\r\n:3\r\n",
    "array_of_errors": b"*2\r\n-ERR one\r\n-ERR two\r\n",
    "nested": b"*1\r\n" * 8 + b":1\r\n",
    "nested_deep": b"*1\r\n" * 20_000 + b":1\r\n",
    "bad_integer": b":many\r\n",
    "bad_length": b"$-5\r\n",
    "unknown_type": b"?what\r\n",
}
"""Replies of a shape that no command in use has, or of none."""


async def read_command(reader: Reader) -> list[bytes]:
    """One command. Raises `EOFError` where the client closed the connection."""
    head = await reader.readuntil(b"\r\n")
    if not head.startswith(b"*"):
        return head.split()
    parts = []
    for _ in range(int(head[1:])):
        length = int((await reader.readuntil(b"\r\n"))[1:])
        parts.append((await reader.readexactly(length + 2))[:-2])
    return parts


def handshake_reply(command: list[bytes]) -> bytes | None:
    """What a server without a password says to a command of the handshake; None for any other command."""
    name = command[0].upper()
    if name not in HANDSHAKE:
        return None
    if name != b"HELLO":
        return b"-ERR unknown subcommand\r\n" if b"MAINT_NOTIFICATIONS" in command else b"+OK\r\n"
    version = int(command[1]) if len(command) > 1 else 2
    fields: dict[bytes, bytes] = {
        b"server": b"$5\r\nredis\r\n",
        b"version": b"$5\r\n7.0.0\r\n",
        b"proto": b":%d\r\n" % version,
        b"id": b":1\r\n",
        b"mode": b"$10\r\nstandalone\r\n",
        b"role": b"$6\r\nmaster\r\n",
        b"modules": b"*0\r\n",
    }
    head = b"%%%d\r\n" % len(fields) if version >= 3 else b"*%d\r\n" % (2 * len(fields))
    return head + b"".join(b"$%d\r\n%s\r\n%s" % (len(key), key, value) for key, value in fields.items())


def after_handshake(misbehave: Handler) -> Handler:
    """Answer the handshake in order; misbehave from the first other command on, which was read."""

    async def handle(reader: Reader, writer: Writer) -> None:
        while (reply := handshake_reply(await read_command(reader))) is not None:
            writer.write(reply)
            await writer.drain()
        await misbehave(reader, writer)

    return handle


def replying(reply: bytes, *, handshake: bool = True) -> Handler:
    """Answer every command with `reply`; those of the handshake in order, unless `handshake` is False."""

    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            command = await read_command(reader)
            greeting = handshake_reply(command) if handshake else None
            writer.write(reply if greeting is None else greeting)
            await writer.drain()

    return handle


def then_silence(start: bytes) -> Handler:
    """Send `start`, and then nothing."""

    async def handle(reader: Reader, writer: Writer) -> None:
        writer.write(start)
        while await reader.read(65536):
            pass

    return handle


def then_close(start: bytes) -> Handler:
    """Send `start`, and close."""

    async def handle(_reader: Reader, writer: Writer) -> None:
        writer.write(start)

    return handle


def then_drip(start: bytes, byte: bytes, seconds: float) -> Handler:
    """Send `start`, then `byte` for ever."""

    async def handle(_reader: Reader, writer: Writer) -> None:
        writer.write(start)
        while True:
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(seconds)

    return handle


async def then_reset(_reader: Reader, writer: Writer) -> None:
    """Reset the connection."""
    reset(writer)


async def turn_away(_reader: Reader, writer: Writer) -> None:
    """Send the error of a server that has too many clients, and close, as soon as a connection is there."""
    writer.write(b"-ERR max number of clients reached\r\n")


def _wire_faults() -> Iterable[Fault]:
    """What breaks after the handshake, below the level of replies."""
    late = {
        "hang_late": then_silence(b""),
        "reset_late": then_reset,
        "close_late": then_close(b""),
        "garbage_late": then_close(b"\x00\xff\x13\x37 this is no protocol\r\n"),
        "truncated_bulk": then_close(b"$100\r\nhalf"),
        "truncated_array": then_close(b"*3\r\n$1\r\na\r\n"),
        "stalled_bulk": then_silence(b"$100\r\nhalf"),
        "huge_bulk": then_silence(b"$999999999999\r\nx"),
        "huge_array": then_silence(b"*999999999999\r\n:1\r\n"),
        "slow_drip": then_drip(b"$1000000\r\n", b"x", 0.05),
        "slow_drip_line": then_drip(b"+", b"x", 0.05),
    }
    yield from (tcp_fault(name, after_handshake(handler)) for name, handler in late.items())
    yield tcp_fault("http", answer_once(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
    yield tcp_fault("slow_drip_handshake", drip(b"+", b"x", 0.05))
    yield tcp_fault("turned_away", turn_away)


def _reply_faults() -> Iterable[Fault]:
    """Errors and replies of a wrong shape, after the handshake and from the first command on."""
    for name, text in ERRORS.items():
        reply = f"-{text}\r\n".encode()
        yield tcp_fault(f"error_{name}", replying(reply))
        yield tcp_fault(f"handshake_error_{name}", replying(reply, handshake=False))
    for name, reply in REPLIES.items():
        yield tcp_fault(f"reply_{name}", replying(reply))
    yield tcp_fault("handshake_reply_integer", replying(b":1\r\n", handshake=False))
    yield tcp_fault("handshake_reply_null", replying(b"$-1\r\n", handshake=False))


REDIS_FAULTS: dict[str, Fault] = TCP_FAULTS | {fault.name: fault for fault in (*_wire_faults(), *_reply_faults())}
"""Every way in which a server can fail a client that speaks RESP."""
