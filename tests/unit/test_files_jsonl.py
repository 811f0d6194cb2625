"""JSON Lines, read and written."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.files import open_source
from adapters.files.jsonl import JsonLinesSource
from adapters.settings import ConfigurationError
from domain.errors import InvalidInput
from domain.models import Point, Vector
from domain.ports import Columns, Refused

Read = Callable[..., tuple[list[Point], list[Refused]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What a file of these bytes has: points, and refused rows."""

    def read(data: bytes, columns: Columns | None = None, *, size: int = 3, after: int = 0) -> object:
        path = tmp_path / "points.jsonl"
        path.write_bytes(data)
        blocks = list(JsonLinesSource(path, columns or Columns(), max_line=1000).blocks(size, after))
        assert all(block.end - block.refused[0].row < size for block in blocks if block.refused)
        return [one for block in blocks for one in block.points], [one for block in blocks for one in block.refused]

    return read  # type: ignore[return-value]


def line(point_id: int) -> bytes:
    return b'{"id": %d, "vector": [1, 2.5]}' % point_id


def test_reads_points_in_every_form(read: Read) -> None:
    """Numbers and base64, integers and UUIDs, with a payload, with null for none, and without."""
    uuid = "0190b7a2-0000-7000-8000-00000000000a"
    points, refused = read(
        b'{"id": 18446744073709551615, "vector": [1, 2.5], "payload": {"name": "\xc3\xbc", "n": null}}\n'
        b'{"payload": null, "vector": "AACAPwAAIEA=", "id": "' + uuid.encode() + b'"}\n' + line(3)
    )
    assert refused == []
    assert [str(one.id) for one in points] == ["18446744073709551615", uuid, "3"]
    assert {one.vector for one in points} == {Vector.of([1, 2.5])}
    assert [one.payload for one in points] == [{"name": "ü", "n": None}, {}, {}]


@pytest.mark.parametrize(
    "data",
    [
        line(1) + b"\n" + line(2) + b"\n",
        line(1) + b"\r\n" + line(2),
        b"\xef\xbb\xbf" + line(1) + b"\n\n  \n" + line(2) + b"\n",
        gzip.compress(line(1) + b"\n" + line(2) + b"\n"),
        gzip.compress(line(1) + b"\n") + gzip.compress(line(2)),
    ],
)
def test_lines_end_in_many_ways(read: Read, data: bytes) -> None:
    """CRLF, a byte order mark, empty lines and gzip change nothing."""
    points, refused = read(data)
    assert ([one.id for one in points], refused) == ([1, 2], [])


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", gzip.compress(b"")])
def test_a_file_may_be_empty(read: Read, data: bytes) -> None:
    """No line is no point, and nothing is wrong with that."""
    assert read(data) == ([], [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"id": 1', "$: expected JSON ("),
        (b"[1]", "$: expected object, got array"),
        (b'{"vector": [1]}', "$.id: expected a value, which is missing"),
        (b'{"id": 1}', "$.vector: expected a value, which is missing"),
        (b'{"id": true, "vector": [1]}', "$.id: expected int | str, got bool"),
        (b'{"id": null, "vector": [1]}', "$.id: expected int | str, got null"),
        (b'{"id": -1, "vector": [1]}', "$.id: expected an unsigned 64-bit integer or a UUID"),
        (b'{"id": 18446744073709551616, "vector": [1]}', "$.id: expected"),
        (b'{"id": 1.5, "vector": [1]}', "$.id: expected int | str, got float"),
        (b'{"id": "seven", "vector": [1]}', "$.id: expected an unsigned 64-bit integer or a UUID"),
        (b'{"id": 1, "vector": [1, null]}', "$.vector[1]: expected float, got null"),
        (b'{"id": 1, "vector": [true]}', "$.vector[0]: expected float, got bool"),
        (b'{"id": 1, "vector": [NaN]}', "$: expected JSON ("),
        (b'{"id": 1, "vector": [1e39]}', "$.vector: expected numbers that are finite in float32"),
        (b'{"id": 1, "vector": []}', "$.vector: expected 1 to 65536 numbers, got 0"),
        (b'{"id": 1, "vector": "AAAA"}', "$.vector: expected a multiple of 4 bytes of float32, got 3"),
        (b'{"id": 1, "vector": "@"}', "$.vector: expected numbers, or base64 of little-endian float32"),
        (b'{"id": 1, "vector": [1], "payload": [1]}', "$.payload: expected object | null, got array"),
        (b'{"id": 1, "vector": [1], "payload": {"a": 9223372036854775808}}', "$.payload.a: expected an integer"),
        (b'{"id": 1, "vector": [1], "payload": {}, "name": 1}', "$.name: expected nothing beside 'payload'"),
        (b'{"id": 1, "vector": [1], "a": "\xff"}', "$"),
        (b'{"id": 1, "vector": [1], "a": ' + b"[" * 40 + b"]" * 40 + b"}", "$.payload.a"),
        (b'{"id": 1, "vector": [1], "a": "' + b"x" * 1000 + b'"}', "$: expected a line of at most 1000 bytes"),
        (b"x" * 5000, "$: expected a line of at most 1000 bytes"),
    ],
)
def test_a_bad_line_is_refused_alone(read: Read, bad: bytes, reason: str) -> None:
    """The line is named by its number, with where and what was expected; those around it are read."""
    points, refused = read(line(1) + b"\n\n" + bad + b"\n" + line(4))
    assert [one.id for one in points] == [1, 4]
    assert [one.row for one in refused] == [3]
    assert refused[0].reason.startswith(reason)


def test_goes_on_behind_a_line(read: Read) -> None:
    """Lines keep their numbers, wherever reading begins."""
    points, refused = read(b"\n".join([line(1), b"", line(3), b"?", line(5)]), after=2)
    assert [one.id for one in points] == [3, 5]
    assert [one.row for one in refused] == [4]


def test_keys_have_other_names(read: Read) -> None:
    """Without `payload` the other keys are the payload, or those that are named; ids may be numbers of rows."""
    data = b'{"key": 7, "embedding": [1], "title": "a", "year": 1999}\n'
    (point,), _ = read(data, Columns(id="key", vector="embedding"))
    assert (point.id, point.payload) == (7, {"title": "a", "year": 1999})
    (point,), _ = read(data, Columns(id="key", vector="embedding", payload=("year", "gone")))
    assert point.payload == {"year": 1999}
    (point,), _ = read(data, Columns(vector="embedding", numbered=True))
    assert (point.id, point.payload) == (0, {"key": 7, "title": "a", "year": 1999})
    _, (refused,) = read(data, Columns(id="title", vector="embedding"))
    assert refused.reason == "$.title: expected an unsigned 64-bit integer or a UUID"


def test_blocks_are_bounded(tmp_path: Path) -> None:
    """A block ends with so many lines, and tells how far the file is read."""
    path = tmp_path / "points.jsonl"
    path.write_bytes(b"\n".join(map(line, range(7))))
    blocks = list(JsonLinesSource(path, Columns()).blocks(3))
    assert [(len(one.points), one.end) for one in blocks] == [(3, 3), (3, 6), (1, 7)]
    assert blocks[-1].share == 1.0


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_a_cut_gzip_file_ends_the_reading(read: Read, cut: int) -> None:
    """What is missing at the end is said, and not passed over."""
    data = b"\n".join(b'{"id": %d, "vector": [%d.5]}' % (one * 7919, one * 31) for one in range(100))
    with pytest.raises(InvalidInput, match=r"points\.jsonl: expected a whole gzip file"):
        read(gzip.compress(data)[:-cut])


def test_a_missing_file_is_said_at_once(tmp_path: Path) -> None:
    """Before anything is made for it."""
    with pytest.raises(FileNotFoundError):
        JsonLinesSource(tmp_path / "gone.jsonl", Columns())


def test_the_name_says_the_format(tmp_path: Path) -> None:
    """An unknown ending needs the option; a format that is given goes before the name."""
    path = tmp_path / "points.txt"
    path.write_bytes(line(1))
    with pytest.raises(InvalidInput, match="format: expected jsonl, parquet, npy, npz, and the name"):
        open_source(path, columns=Columns())
    assert isinstance(open_source(path, columns=Columns(), format="jsonl"), JsonLinesSource)
    with pytest.raises(InvalidInput, match="format"):
        open_source(path, columns=Columns(), format="csv")


def test_says_how_to_get_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet without pyarrow is one line."""
    for name in ("adapters.files.parquet", "adapters.files.arrow", "pyarrow"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"needs pyarrow: pip install 'holdfast\[bulk\]'"):
        open_source(tmp_path / "points.parquet", columns=Columns())
