"""A path that the domain takes is one that Qdrant's engine can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.paths import MAX_INDEX, parse_path
from tests.contract.edge_oracle import takes_path

# Most of these are no path, yet near to one.
_TEXTS = st.lists(st.sampled_from((*'ab7-."\\ é²\n', "[]", "[1]", '"a b"', ".")), max_size=8).map("".join)


def _domain_takes(path: str) -> bool:
    try:
        parse_path(path)
    except InvalidInput:
        return False
    return True


@settings(max_examples=50, deadline=None)
@given(path=_TEXTS)
def test_engine_takes_every_path_of_the_domain(path: str) -> None:
    """Whatever path passes the domain, the engine does not refuse."""
    assert takes_path(path) or not _domain_takes(path)


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
    assert _domain_takes(path)


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "[0]", "a b", "a[", "a]", "a[-1]", "a[x]", "a[]b", '"a"b', '"a', 'a"b"', r'"a\b"'],
)
def test_both_refuse(path: str) -> None:
    """Dots without keys, brackets before them, spaces or backslashes make no path."""
    assert not takes_path(path)
    assert not _domain_takes(path)
