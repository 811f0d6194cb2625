"""A path that the domain takes is one that Qdrant's engine can read."""

from __future__ import annotations

import pytest

from domain.paths import MAX_INDEX
from tests.contract.edge_oracle import domain_takes_path, takes_path


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "größe",
        "日本",
        "-",
        "_",
        "1",
        '""',
        '"a b"',
        '"a.b"[0].c',
        "a[]",
        "a[][0][].b",
        f"a[{MAX_INDEX}]",
        "x" * 1024,
    ],
)
def test_both_take(path: str) -> None:
    """Keys of letters of any script, quoted keys, even an empty one, and brackets after them are paths."""
    assert takes_path(path)
    assert domain_takes_path(path)


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "[0]", "a b", "a[", "a]", "a[-1]", "a[x]", "a[]b", '"a"b', '"a', 'a"b"', r'"a\b"'],
)
def test_both_refuse(path: str) -> None:
    """Dots without keys, brackets before them, spaces or backslashes make no path."""
    assert not takes_path(path)
    assert not domain_takes_path(path)
