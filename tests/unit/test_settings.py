"""Settings are read from the environment, and what is wrong is named without its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.addresses import Addresses, parse_addresses
from adapters.backends import QdrantSettings
from adapters.settings import ConfigurationError, HttpSettings, Settings, load_settings

SECRET = "s3cr3t-value"


def test_needs_nothing() -> None:
    """The defaults open no socket."""
    settings = load_settings()
    assert settings.qdrant.in_memory
    assert settings.redis.url is None
    assert settings.http.host == "127.0.0.1"


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of every section are read; keys lose white space around them."""
    monkeypatch.setenv("SOCIAL_QDRANT__URL", "https://qdrant.example:6333/prefix/")
    monkeypatch.setenv("SOCIAL_QDRANT__API_KEY", f" {SECRET}\n")
    monkeypatch.setenv("SOCIAL_QDRANT__TLS", "true")
    monkeypatch.setenv("SOCIAL_REDIS__URL", f"rediss://user:{SECRET}2@cache.example:6380/3")
    monkeypatch.setenv("SOCIAL_HTTP__PORT", "9000")
    monkeypatch.setenv("SOCIAL_LOG__FORMAT", "console")
    settings = load_settings()
    assert settings.qdrant.url == "https://qdrant.example:6333/prefix"
    assert settings.qdrant.api_key is not None
    assert settings.qdrant.api_key.get_secret_value() == SECRET
    assert (settings.http.port, settings.log.format) == (9000, "console")
    assert {SECRET, f"{SECRET}2"} <= set(settings.secrets())
    assert SECRET not in f"{settings!r} {settings}"


def test_reads_the_file_and_prefers_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is read, and a variable goes before it; other names in it are nobody's business here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SOCIAL_HTTP__PORT=9000\nSOCIAL_HTTP__HOST=0.0.0.0\nOTHER=1\n")
    monkeypatch.setenv("SOCIAL_HTTP__PORT", "9001")
    settings = load_settings()
    assert (settings.http.port, settings.http.host) == (9001, "0.0.0.0")  # noqa: S104


def test_blank_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing, as Compose does it, is as one that is not set."""
    for name in (
        "QDRANT__API_KEY",
        "QDRANT__CA_FILE",
        "REDIS__URL",
        "REDIS__PASSWORD",
        "REDIS__USERNAME",
        "HTTP__PORT",
    ):
        monkeypatch.setenv(f"SOCIAL_{name}", "")
    settings = load_settings()
    assert (settings.qdrant.api_key, settings.redis.url, settings.redis.password) == (None, None, None)


@pytest.mark.parametrize(
    ("url", "kept", "server", "is_service"),
    [
        ("http://host:6333/", "http://host:6333", "http://host:6333", False),
        ("qdrant+https://host:6333", "https://host:6333", "https://host:6333", False),
        ("holdfast+http://host:8000", "holdfast+http://host:8000", "http://host:8000", True),
        ("holdfast+https://host/prefix/", "holdfast+https://host/prefix", "https://host/prefix", True),
    ],
)
def test_a_url_says_what_is_there(
    url: str,
    kept: str,
    server: str,
    is_service: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Qdrant server and a Holdfast service are told apart by the URL alone."""
    monkeypatch.setenv("SOCIAL_QDRANT__URL", url)
    qdrant = load_settings().qdrant
    assert (qdrant.url, qdrant.server_url, qdrant.is_service) == (kept, server, is_service)


BAD = [
    ("QDRANT__URL", "localhost:6333"),
    ("QDRANT__URL", "holdfast+host:8000"),
    ("QDRANT__URL", "holdfast+holdfast+http://host:8000"),
    ("QDRANT__URL", "qdrant+:8000"),
    ("QDRANT__URL", f"holdfast+http://user:{SECRET}@host:8000"),
    ("QDRANT__URL", "ftp://host"),
    ("QDRANT__URL", "http://"),
    ("QDRANT__URL", "http://host:port"),
    ("QDRANT__URL", "http://[::1"),
    ("QDRANT__URL", f"http://user:{SECRET}@host:6333"),
    ("QDRANT__URL", f"http://host:6333?api_key={SECRET}"),
    ("QDRANT__URL", "http://host:6333#x"),
    ("QDRANT__URL", "http://ho st:6333"),
    ("QDRANT__API_KEY", f"{SECRET}\nmore"),
    ("QDRANT__API_KEY", f"{SECRET}ü"),
    ("QDRANT__PREFER_GRPC", "perhaps"),
    ("QDRANT__GRPC_PORT", "70000"),
    ("QDRANT__READ_TIMEOUT", "0"),
    ("QDRANT__READ_TIMEOUT", "nan"),
    ("QDRANT__WRITE_TIMEOUT", "inf"),
    ("QDRANT__POOL_SIZE", "0"),
    ("QDRANT__SHARD_NUMBER", "0"),
    ("QDRANT__REPLICATION_FACTOR", "none"),
    ("QDRANT__WRITE_CONSISTENCY_FACTOR", "2"),
    ("QDRANT__CA_FILE", "/no/such/file.pem"),
    ("QDRANT__CA_FILE", __file__),
    ("QDRANT__TYPO", SECRET),
    ("QDRANT_URL", "http://host:6333"),
    ("REDIS_PASSWORD", SECRET),
    ("REDIS__URL", f"http://:{SECRET}@host"),
    ("REDIS__URL", f"redis://:{SECRET}/x@host:6379"),
    ("REDIS__URL", f"redis://:{SECRET}#x@host:6379"),
    ("REDIS__URL", f"redis://:{SECRET}?x@host:6379"),
    ("REDIS__URL", f"redis://:{SECRET}@host:6379/name"),
    ("REDIS__URL", f"rediss://:{SECRET}@host:6379/0?ssl_cert_reqs=none"),
    ("REDIS__URL", f"rediss://:{SECRET}@host:6379/0?ssl_check_hostname=false"),
    ("REDIS__URL", f"redis://:{SECRET}@host:6379/0?socket_timeout="),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:26379"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:26379/mymaster/name"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:26379,/mymaster"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:0/mymaster"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:port/mymaster"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@::1:26379/mymaster"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}/x@host:26379/mymaster"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@host:26379/mymaster?socket_timeout=1"),
    ("REDIS__URL", f"redis+sentinel://:{SECRET}@ho st:26379/mymaster"),
    ("REDIS__URL", f"redis+cluster://:{SECRET}@"),
    ("REDIS__URL", f"redis+cluster://:{SECRET}@host:6379/1"),
    ("REDIS__URL", f"redis+cluster://:{SECRET}#x@host:6379"),
    ("REDIS__URL", f"redis-cluster://:{SECRET}@host:6379"),
    ("REDIS__SENTINEL_PASSWORD", f"{SECRET}ü"),
    ("REDIS__PASSWORD", f"{SECRET}\n{SECRET}"),
    ("REDIS__TIMEOUT", "-1"),
    ("REDIS__PREFIX", "{a}"),
    ("HTTP__PORT", "x"),
    ("HTTP__WORKERS", "0"),
    ("HTTP__MAX_BODY_BYTES", "10"),
    ("COPYING__IN_FLIGHT", "0"),
    ("COPYING__FROM_API_KEY", f"{SECRET}\nmore"),
    ("AUTH__KEYS", SECRET),
    ("AUTH__KEYS", "[]"),
    ("AUTH__KEYS", f'[{{"name": "a", "hash": "{SECRET}", "rights": ["read"]}}]'),
    ("AUTH__ANONYMOUS", "perhaps"),
    ("AUTH__KEY", f"{SECRET}ü"),
    ("LOG__LEVEL", "loud"),
    ("LOG__FORMAT", SECRET),
]


def test_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong variable is named in one line, and its value is not shown."""
    for name, value in BAD:
        with monkeypatch.context() as patch:
            patch.setenv(f"SOCIAL_{name}", value)
            with pytest.raises(ConfigurationError) as caught:
                load_settings()
        line = str(caught.value)
        assert line.startswith(f"SOCIAL_{name}: "), (name, value)
        assert "\n" not in line
        assert SECRET not in line
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("QDRANT", "http://host:6333"),
        ("REDIS", "redis://host:6379"),
        ("REDIS", "redis+sentinel://host/mymaster"),
        ("REDIS", "redis+cluster://host"),
        ("REDIS", "unix:///run/redis.sock"),
        ("REDIS", ""),
    ],
)
def test_tls_refuses_a_plaintext_url(monkeypatch: pytest.MonkeyPatch, section: str, url: str) -> None:
    """Where TLS is demanded, a URL without it stops the start."""
    monkeypatch.setenv(f"SOCIAL_{section}__URL", url)
    monkeypatch.setenv(f"SOCIAL_{section}__TLS", "true")
    with pytest.raises(ConfigurationError, match=rf"^SOCIAL_{section}__TLS: is true, so the URL must start with"):
        load_settings()


def test_names_every_wrong_variable_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several mistakes are all said at once."""
    monkeypatch.setenv("SOCIAL_HTTP__PORT", "x")
    monkeypatch.setenv("SOCIAL_LOG__LEVEL", "x")
    with pytest.raises(ConfigurationError, match=r"^SOCIAL_HTTP__PORT: .*; SOCIAL_LOG__LEVEL: [^\n]*$"):
        load_settings()


@pytest.mark.parametrize("value", ["5", SECRET, "[]"])
def test_a_section_is_no_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A variable that names a section alone is refused, without its value."""
    monkeypatch.setenv("SOCIAL_QDRANT", value)
    with pytest.raises(ConfigurationError, match=r"^SOCIAL_") as caught:
        load_settings()
    assert value not in str(caught.value).replace("SOCIAL", "")


def test_several_workers_need_a_store_that_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `:memory:` each worker would hold points of its own."""
    monkeypatch.setenv("SOCIAL_HTTP__WORKERS", "2")
    with pytest.raises(
        ConfigurationError, match=r"^SOCIAL_HTTP__WORKERS: must be 1 while SOCIAL_QDRANT__URL is :memory:"
    ):
        load_settings()
    monkeypatch.setenv("SOCIAL_QDRANT__URL", "http://host:6333")
    assert load_settings().http.workers == 2


def test_settings_cannot_be_changed() -> None:
    """They are one value for the whole process."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().qdrant.url = "x"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        (
            "rediss+sentinel://user:p%2Fw@a,b:1/my%20master/3",
            Addresses("sentinel", True, (("a", 26379), ("b", 1)), "user", "p/w", "my master", 3),
        ),
        ("redis+sentinel://[::1]:5,[::2]/m", Addresses("sentinel", False, (("::1", 5), ("::2", 26379)), service="m")),
        ("redis+cluster://:pw@a,b:7000/0", Addresses("cluster", False, (("a", 6379), ("b", 7000)), password="pw")),
        ("rediss+cluster://a", Addresses("cluster", True, (("a", 6379),))),
    ],
)
def test_names_several_servers(monkeypatch: pytest.MonkeyPatch, url: str, meant: Addresses) -> None:
    """URLs of Sentinels and Clusters are read as they are meant, and what they hold is kept out of logs."""
    monkeypatch.setenv("SOCIAL_REDIS__URL", url)
    monkeypatch.setenv("SOCIAL_REDIS__SENTINEL_PASSWORD", SECRET)
    monkeypatch.setenv("SOCIAL_REDIS__TLS", str(meant.tls))
    settings = load_settings()
    assert settings.redis.url is not None
    assert parse_addresses(settings.redis.url.get_secret_value()) == meant
    assert {SECRET, url, *([meant.password] if meant.password else [])} <= set(settings.secrets())
    assert SECRET not in f"{settings!r}"
    assert "p/w" not in repr(meant)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:/var/lib/points", Path("/var/lib/points")),
        ("file:///var/lib/points/", Path("/var/lib/points")),
        ("file:data", Path("data")),
        ("file:~/points", Path.home() / "points"),
        ("file:/with space/ü/50%20", Path("/with space/ü/50%20")),
    ],
)
def test_a_directory_is_absolute(url: str, path: Path) -> None:
    """A data directory means the same in every process, wherever that was started, and is taken to the letter."""
    settings = QdrantSettings(url=url)
    assert settings.directory == path.absolute()
    assert not settings.in_memory
    assert not settings.has_server


@pytest.mark.parametrize("url", ["file:", "file://host/data", "file://data", "file:\0"])
def test_refuses_what_names_no_directory(url: str) -> None:
    """A host has no place in the URL of a directory, and there has to be a path."""
    with pytest.raises(ValidationError, match="must name a directory"):
        QdrantSettings(url=url)


def test_keys_and_no_keys_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody may do everything, nobody needs a key, so that one of the two is a mistake."""
    monkeypatch.setenv("SOCIAL_AUTH__ANONYMOUS", "true")
    monkeypatch.setenv("SOCIAL_AUTH__KEYS_FILE", "/keys.json")
    with pytest.raises(ConfigurationError, match=r"^SOCIAL_AUTH__ANONYMOUS: must be false where there are keys"):
        load_settings()


def test_several_workers_share_a_directory() -> None:
    """Unlike points in memory, those in a directory are the same for all workers."""
    assert Settings(qdrant=QdrantSettings(url="file:/data"), http=HttpSettings(workers=4)).http.workers == 4
