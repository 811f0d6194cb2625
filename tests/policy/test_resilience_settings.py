"""Settings of the policies that cannot work together are refused by their names."""

from __future__ import annotations

import pytest

from adapters.settings import ConfigurationError, load_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETRY_MAX_WAIT", "0.01"),
        ("RETRY_TOKENS", "-1"),
        ("BREAKER_MAX_OPEN", "0.5"),
        ("BREAKER_FAILURE_SHARE", "1.5"),
        ("BREAKER_FAILURES_IN_ROW", "0"),
        ("MAX_READS", "0"),
        ("MAX_WRITES", "0"),
    ],
)
def test_refuses(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The line begins with the variable."""
    monkeypatch.setenv(f"SOCIAL_RESILIENCE__{name}", value)
    with pytest.raises(ConfigurationError, match=f"^SOCIAL_RESILIENCE__{name}: [^\\n]*$"):
        load_settings()


@pytest.mark.parametrize("kind", ["READ", "WRITE"])
def test_a_request_outlasts_its_call(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A deadline that comes first would cancel each call before it can time out, and no breaker would ever open."""
    for deadline in ("2.9", "3"):
        monkeypatch.setenv(f"SOCIAL_QDRANT__{kind}_TIMEOUT", "3")
        monkeypatch.setenv(f"SOCIAL_HTTP__{kind}_DEADLINE", deadline)
        with pytest.raises(
            ConfigurationError, match=f"^SOCIAL_HTTP__{kind}_DEADLINE: .*SOCIAL_QDRANT__{kind}_TIMEOUT[^\n]*$"
        ):
            load_settings()
    monkeypatch.setenv(f"SOCIAL_HTTP__{kind}_DEADLINE", "3.1")
    load_settings()


def test_each_call_needs_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is at least as large as both bulkheads; `:memory:` has none."""
    monkeypatch.setenv("SOCIAL_QDRANT__POOL_SIZE", "95")
    assert load_settings().resilience.max_reads + load_settings().resilience.max_writes == 96
    monkeypatch.setenv("SOCIAL_QDRANT__URL", "http://host:6333")
    line = r"^SOCIAL_RESILIENCE__MAX_READS: .*SOCIAL_QDRANT__POOL_SIZE .*SOCIAL_RESILIENCE__MAX_WRITES"
    with pytest.raises(ConfigurationError, match=line):
        load_settings()
    monkeypatch.setenv("SOCIAL_RESILIENCE__MAX_WRITES", "31")
    assert load_settings().qdrant.pool_size == 95
