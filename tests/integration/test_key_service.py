"""A service with a file of keys, as users run it; and the commands about keys."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from adapters.keys import hash_of
from entrypoints.cli import main
from tests.e2e.service import ROOT, holdfast, service
from tests.servers.process import ChildProcess, free_port

LIMIT = 10.0
"""Seconds in which what is due after one has to be seen on a machine that is busy."""


Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process with these settings: its exit code, and what it wrote to stdout and stderr."""

    def run_command(*arguments: str, **settings: object) -> tuple[object, str, str]:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(f"SOCIAL_{name}", str(value))
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        return (ended.value.code, *capsys.readouterr())

    return run_command


def create(run: Run, file: Path, name: str, *options: str) -> str:
    """A new key."""
    code, out, err = run(
        "keys", "create", "--name", name, "--rights", "read,write,admin", "--file", str(file), *options
    )
    assert (code, err) == (0, "")
    (secret,) = out.splitlines()
    return secret


def status(url: str, secret: str | None) -> int:
    """The status for the bearer of a key."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{url}/v1/collections", headers=headers, trust_env=False).status_code


def becomes(url: str, secret: str, wanted: int) -> float:
    """How many seconds it took until the status was the one that is wanted."""
    begun = time.monotonic()
    while status(url, secret) != wanted:
        assert time.monotonic() - begun < LIMIT
        time.sleep(0.02)
    return time.monotonic() - begun


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the keys are, in a folder of their own."""
    return tmp_path / "keys.json"


@pytest.fixture
def served(run: Run, file: Path) -> Iterator[tuple[str, ChildProcess, str]]:
    """A service with one key: its URL, its process, the key."""
    secret = create(run, file, "first")
    url, process = service(AUTH__KEYS_FILE=file)
    with process:
        yield url, process, secret


def test_keys_come_and_go_while_the_service_runs(run: Run, served: tuple[str, ChildProcess, str], file: Path) -> None:
    """A new key is good and a revoked one is not within a second or so; a broken file changes nothing."""
    url, process, first = served
    assert [status(url, secret) for secret in (first, None, first[:-1] + "_")][:2] == [200, 401]
    second = create(run, file, "second", "--expires", "1h")
    becomes(url, second, 200)
    assert run("keys", "revoke", "first", "--file", str(file))[:2] == (0, "revoked 'first'\n")
    assert run("keys", "list", "--file", str(file))[1].splitlines()[2].startswith("second   read,write,admin   20")
    becomes(url, first, 401)
    good = file.read_bytes()
    file.write_text(f'[{{"name": "{hash_of(first)}"}}]')
    begun = time.monotonic()
    while "keys_not_read" not in process.output():
        assert status(url, second) == 200
        assert time.monotonic() - begun < LIMIT
        time.sleep(0.02)
    file.unlink()
    while process.output().count("keys_not_read") < 2:
        assert status(url, second) == 200
        assert time.monotonic() - begun < 2 * LIMIT
        time.sleep(0.02)
    file.write_bytes(good.replace(b"second", b"renamed"))
    while '"key":"renamed"' not in process.output().replace(" ", ""):
        assert status(url, second) == 200
        assert time.monotonic() - begun < 3 * LIMIT
        time.sleep(0.02)
    process.stop()
    output = process.output()
    assert not any(text in output for text in (first, second, hash_of(first), hash_of(second)))
    problems = [line["problem"] for line in map(json.loads, output.splitlines()) if line["event"] == "keys_not_read"]
    assert problems == ["[0]: expected a field 'hash'.", "it cannot be read: No such file or directory"]


def test_commands_and_stores_give_their_key(run: Run, served: tuple[str, ChildProcess, str], file: Path) -> None:
    """`--url` goes with SOCIAL_AUTH__KEY, a store with its own key; without a good one the exit code is 77."""
    url, _, secret = served
    reader = create(run, file, "reader", "--collections", "docs")
    becomes(url, reader, 200)
    body = {"vector": {"size": 2, "distance": "dot"}}
    httpx.put(f"{url}/v1/collections/docs", json=body, headers={"X-API-Key": secret}, trust_env=False)
    search = ("search", "other", "--vector", "[1, 2]")
    for arguments, settings, code, said in (
        (("collections", "--url", url), {"AUTH__KEY": secret}, 0, "docs"),
        (("collections", "--url", url), {}, 77, "vector_store unavailable: list_collections failed (unauthorized)"),
        (("collections", "--url", url), {"AUTH__KEY": "wrong"}, 77, "(unauthorized)"),
        ((*search, "--url", url), {"AUTH__KEY": reader}, 77, "This key does not give the right 'read' on collection"),
        (("collections",), {"QDRANT__URL": f"holdfast+{url}", "QDRANT__API_KEY": secret}, 0, "docs"),
        (("collections",), {"QDRANT__URL": f"holdfast+{url}", "AUTH__KEY": secret}, 77, "(unauthorized)"),
        (("health", "--infra"), {"QDRANT__URL": f"holdfast+{url}"}, 69, "down (unauthorized)"),
        (("health", "--infra"), {"QDRANT__URL": f"holdfast+{url}", "QDRANT__API_KEY": secret[:-1]}, 69, "unauthorized"),
        (("health", "--infra"), {"QDRANT__URL": f"holdfast+{url}", "QDRANT__API_KEY": secret}, 0, "up, holdfast"),
        (("health", "--url", url), {}, 0, "alive"),
    ):
        ended, out, err = run(*arguments, **settings)
        assert (ended, said in out + err) == (code, True), (arguments, out, err)
        assert secret not in out + err


def test_does_not_serve_strangers_without_a_key(run: Run, tmp_path: Path) -> None:
    """With an address that others reach and no key, or with a broken file, the start is one line and a 78."""
    (tmp_path / "broken.json").write_text("[")
    url = f"file:{tmp_path / 'data'}"
    for settings, said in (
        ({"HTTP__HOST": "0.0.0.0"}, "holdfast: SOCIAL_HTTP__HOST: other machines can reach this address"),  # noqa: S104
        ({"HTTP__HOST": "::", "HTTP__WORKERS": 2}, "holdfast: SOCIAL_HTTP__HOST: other machines can reach"),
        ({"AUTH__KEYS_FILE": tmp_path / "broken.json"}, "holdfast: SOCIAL_AUTH__KEYS_FILE: "),
        ({"AUTH__KEYS_FILE": tmp_path / "none.json"}, "holdfast: SOCIAL_AUTH__KEYS_FILE: "),
        ({"AUTH__KEYS_FILE": tmp_path / "x", "AUTH__ANONYMOUS": True}, "holdfast: SOCIAL_AUTH__ANONYMOUS: must be"),
    ):
        code, out, err = run("serve", QDRANT__URL=url, HTTP__PORT=free_port(), **settings)
        assert (code, out, err.count("\n")) == (78, "", 1), err
        assert err.startswith(said)
    assert not (tmp_path / "data").exists()


def test_makes_keys_for_the_environment(run: Run) -> None:
    """Without a file the second line is what goes into the environment, for the key in the first."""
    options = ("--tenant", "customer=a=b", "--expires", "90d")
    secret, entry = run("keys", "create", "--name", "t", "--rights", "read", *options)[1].splitlines()
    kept = json.loads(entry)
    assert kept["hash"] == hash_of(secret)
    assert (kept["rights"], kept["tenant"]) == (["read"], {"field": "customer", "value": "a=b"})
    assert kept["expires"].endswith("Z")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rights", "all"], "--rights: expected some of read, write, admin"),
        (["--rights", "admin", "--tenant", "a=b"], "--rights: expected no 'admin' beside a tenant"),
        (["--rights", "read", "--tenant", "a"], "--tenant: expected a field and a value"),
        (["--rights", "read", "--tenant", "a.b=c"], "--tenant.field: expected one key"),
        (["--rights", "read", "--expires", "2020-01-01T00:00:00Z"], "--expires: expected a time that is still to come"),
        (["--rights", "read", "--expires", "0d"], "--expires: expected a time in RFC 3339"),
        (["--rights", "read", "--collections", "a b"], "--collections[0]: expected the name of a collection"),
    ],
)
def test_makes_no_key_of_nonsense(run: Run, options: list[str], said: str) -> None:
    """What is wrong is named by its option, and no key is shown."""
    code, out, err = run("keys", "create", "--name", "t", *options)
    assert (code, out) == (65, "")
    assert err.startswith(f"holdfast: {said}")


def test_a_server_that_loads_the_application_itself_is_refused_too() -> None:
    """Whoever starts it without the command is stopped by the same rule."""
    _, env = holdfast(HTTP__HOST="0.0.0.0")  # noqa: S104
    program = "from entrypoints.server.application import app; app()"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "ConfigurationError: SOCIAL_HTTP__HOST" in done.stderr
