"""Whatever path the domain takes, Qdrant's engine can read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.edge_oracle import domain_takes_path, takes_path

# Most of these are no path, yet near to one.
_TEXTS = st.lists(st.sampled_from((*'ab7-."\\ é²\n', "[]", "[1]", '"a b"', ".")), max_size=8).map("".join)


@settings(max_examples=100, deadline=None)
@given(path=_TEXTS)
def test_engine_takes_every_path_of_the_domain(path: str) -> None:
    """Whatever path passes the domain, the engine does not refuse."""
    assert takes_path(path) or not domain_takes_path(path)
