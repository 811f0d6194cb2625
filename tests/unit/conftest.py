"""What the tests of the service without backends share."""

from __future__ import annotations

import pytest

from tests.fakes import FailingCache, FailingVectorStore


@pytest.fixture
def store() -> FailingVectorStore:
    """A store that fails when it is told to."""
    return FailingVectorStore()


@pytest.fixture
def cache() -> FailingCache:
    """A cache that fails when it is told to."""
    return FailingCache()
