"""Where a service without keys may listen."""

from __future__ import annotations

import json

import pytest

from adapters.keys import AuthSettings, hash_of, is_loopback, new_secret
from adapters.settings import HttpSettings, Settings
from containers import ConfigurationError, check_exposure


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"])  # noqa: S104
def test_an_address_that_others_reach_needs_a_key(host: str) -> None:
    """Without a key the start ends with a line that says how to go on; a key, or letting everybody in, will do."""
    keys = json.dumps([{"name": "a", "hash": hash_of(new_secret()), "rights": ["read"]}])
    http = HttpSettings(host=host)
    with pytest.raises(ConfigurationError, match=r"^SOCIAL_HTTP__HOST: .*`holdfast keys create`.*ANONYMOUS=true"):
        check_exposure(Settings(http=http))
    check_exposure(Settings(http=http, auth=AuthSettings(keys=keys)))  # type: ignore[arg-type]
    check_exposure(Settings(http=http, auth=AuthSettings(anonymous=True)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback_needs_none(host: str) -> None:
    """What this machine alone can reach may be open, by whatever name."""
    check_exposure(Settings(http=HttpSettings(host=host)))


def test_where_it_listens_already_counts() -> None:
    """Settings that say loopback do not make a socket one that others reach already."""
    check_exposure(Settings(), "127.0.0.1", "::1")
    with pytest.raises(ConfigurationError):
        check_exposure(Settings(), "127.0.0.1", "0.0.0.0")  # noqa: S104


def test_no_name_is_no_loopback() -> None:
    """An empty host means every address."""
    assert not is_loopback("")
