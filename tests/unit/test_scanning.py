"""Where elements end, found in pieces."""

from __future__ import annotations

import json

import pytest

from entrypoints.http.scanning import Scan

ELEMENTS = [
    b"{}",
    b'{"a":[1,{"b":"]}\\""}]}',
    b'{"\\\\":"\\\\\\"{"}',
    json.dumps({"id": 1, "payload": {"text": "x" * 300, "list": [[[]], {"a": []}]}}).encode(),
]


@pytest.mark.parametrize("window", [1, 2, 3, 7, 64, 10_000])
@pytest.mark.parametrize("element", ELEMENTS)
def test_finds_the_end_of_an_element(element: bytes, window: int) -> None:
    """Wherever a window cuts it, in a string or behind a backslash."""
    scan = Scan(element + b" , " + element + b"]}", 0, window)
    while not scan.over:
        before = scan.looked
        scan.go_on()
        assert scan.looked > before or scan.over
    assert scan.end == 2 * len(element) + 3


@pytest.mark.parametrize("text", [b'{"a', b'{"a\\', b"{[", b"1,2", b'"', b'"\\', b"", b'{"a":"\\\\'])
def test_ends_with_the_text(text: bytes) -> None:
    """What is cut off has no end, and is looked through once."""
    scan = Scan(text, 0, 2)
    for _ in range(10):
        scan.go_on()
    assert (scan.over, scan.end) == (True, 0)


def test_one_look_is_bounded() -> None:
    """Brackets and bytes of one look are few, however many there are."""
    for text in (b"[" * 100_000, b" " * 100_000, b'"' + b"x" * 100_000):
        scan = Scan(text, 0, 1000)
        scan.go_on()
        assert scan.looked <= 1001
