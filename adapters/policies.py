"""The settings of what is done about backends that fail."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from adapters.checks import Seconds, Section, Share


class ResilienceSettings(Section):
    """`SOCIAL_RESILIENCE__*`, for each backend in each worker."""

    max_reads: int = Field(default=64, ge=1, le=10_000)
    """The most calls to the vector database at a time that read."""
    max_writes: int = Field(default=32, ge=1, le=10_000)
    """The most that write. They have places of their own, so that slow ones take none from reads."""
    max_wait: Seconds = 0.1
    """For such a call to begin, before it is turned away."""
    retry_tokens: int = Field(default=10, ge=0, le=10_000)
    """The budget of retries: each costs one; 0 for none at all."""
    retry_refund: Share = 0.1
    """What a success gives back to the budget."""
    retry_min_wait: Seconds = 0.05
    retry_max_wait: Seconds = 0.2
    """Before a retry, by chance between the two."""
    breaker_window: Seconds = 10.0
    """In which calls and failures are counted."""
    breaker_min_calls: int = Field(default=20, ge=1)
    """In the window, before the share of failures counts."""
    breaker_failure_share: Share = 0.5
    """From which a breaker opens."""
    breaker_failures_in_row: int = Field(default=5, ge=1)
    """From which it opens too."""
    breaker_min_open: Seconds = 1.0
    """For which a breaker is open at first; doubled each time that its probe fails."""
    breaker_max_open: Seconds = 10.0

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for least, most in (("retry_min_wait", "retry_max_wait"), ("breaker_min_open", "breaker_max_open")):
            if getattr(self, least) > getattr(self, most):
                raise ValueError(f"{most.upper()}: must not be less than {least.upper()}")
        return self
