"""A filter means the same to another Holdfast service."""

from __future__ import annotations

import pytest

from tests.contract.filter_tree_cases import CASES
from tests.contract.filters_sent import through_holdfast


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_a_filter_of_the_cases_arrives_as_it_was(cases: tuple[object, ...]) -> None:
    """Every filter of the table of cases is the same on the other side."""
    for case in cases:
        filter_ = case.filter  # type: ignore[attr-defined]
        assert through_holdfast(filter_) == filter_
