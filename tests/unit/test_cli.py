"""The command line: what needs no server."""

from __future__ import annotations

import pytest
from dependency_injector import providers
from typer.testing import CliRunner

from containers import Container
from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError, Overloaded
from entrypoints.cli import main
from entrypoints.cli.main import app
from tests.fakes import FailingVectorStore


def test_health_asks_the_backends_without_a_service() -> None:
    """With --infra the domain is asked directly, and says what it found."""
    result = CliRunner().invoke(app, ["health", "--infra"])
    assert result.exit_code == 0
    assert result.output.startswith("vector store: up, qdrant-memory ")
    assert "\ncache: up, memory, " in result.output


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BackendUnavailable(Backend.VECTOR_STORE, "ping", Failure.RESET), "down (reset)"),
        (Overloaded(Backend.VECTOR_STORE, "ping"), "down (overloaded)"),
    ],
)
def test_an_unavailable_and_an_overloaded_store_have_one_exit_code(error: HoldfastError, said: str) -> None:
    """Whoever calls the command tries again later in either case."""
    store = FailingVectorStore()
    store.error = error
    with Container.vector_store.override(providers.Object(store)):
        result = CliRunner().invoke(app, ["health", "--infra"])
    assert (result.exit_code, result.output.splitlines()[0]) == (69, f"vector store: {said}")


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["health", "--help"]])
def test_explains_itself(arguments: list[str]) -> None:
    """Every command has help."""
    assert CliRunner().invoke(app, arguments).exit_code == 0


@pytest.mark.parametrize("command", ["serve", "health"])
def test_a_wrong_setting_is_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the variable and not its value, and the exit code is that of a bad configuration."""
    monkeypatch.setenv("SOCIAL_QDRANT__URL", "http://user:secret@host")
    with pytest.raises(SystemExit) as caught:
        main([command])
    written = capsys.readouterr()
    assert caught.value.code == 78
    assert written.err.startswith("holdfast: SOCIAL_QDRANT__URL: must hold no user or password")
    assert written.err.count("\n") == 1
    assert "secret" not in written.err


def test_refuses_workers_that_would_not_share_points(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two workers on `:memory:` do not start."""
    monkeypatch.setenv("SOCIAL_HTTP__WORKERS", "1")
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--workers", "2"])
    assert caught.value.code == 78
    assert "SOCIAL_HTTP__WORKERS: must be 1" in capsys.readouterr().err
