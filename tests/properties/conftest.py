"""What the properties are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.edge_oracle import EdgeOracle

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def oracle() -> Iterator[EdgeOracle]:
    """Qdrant's engine."""
    oracle = EdgeOracle()
    yield oracle
    oracle.close()
