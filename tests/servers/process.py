"""Child processes that serve on a port: started, waited for, paused and stopped by their own id."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
STARTUP_SECONDS = 20.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """A loopback port that nobody holds, below the range from which the kernel serves outgoing connections."""
    for _ in range(500):
        port = random.randint(20000, 32000)  # noqa: S311
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    message = "No free port from 20000 to 32000 on 127.0.0.1."
    raise RuntimeError(message)


def port_answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1.0):
        return True
    return False


def url_answers(url: str, context: ssl.SSLContext | None = None) -> bool:
    """Whether `url` is answered with HTTP, whatever the status."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=2.0):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


class ChildProcess:
    """A command that runs as a child, with what it prints in the file `log`.

    `ready` tells whether it serves; `start` waits for that. As a context manager it starts on
    entry, and is killed on exit at the latest. A process that was stopped or killed can be started
    again.
    """

    def __init__(
        self,
        command: Sequence[str],
        ready: Callable[[], bool],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.command = list(command)
        self.env = env
        self.cwd = cwd
        self._ready = ready
        self._directory = tempfile.TemporaryDirectory(prefix="holdfast-child-")
        self.log = Path(self._directory.name) / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def on_port(
        cls, command: Sequence[str], port: int, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Self:
        """The command, ready when it accepts connections on the port."""
        return cls(command, lambda: port_answers(port), env=env, cwd=cwd)

    @classmethod
    def on_url(
        cls, command: Sequence[str], url: str, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Self:
        """The command, ready when it answers the URL with any status."""
        return cls(command, lambda: url_answers(url), env=env, cwd=cwd)

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the process ended: minus the signal's number where a signal ended it."""
        return self._started().poll()

    def output(self) -> str:
        """All that the process printed so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it serves. Raises `RuntimeError` where it ends or takes too long."""
        if self.running:
            message = f"{self.command[0]} is running already."
            raise RuntimeError(message)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.cwd
            )
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds: float = STARTUP_SECONDS) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + seconds
        while True:
            # The process is asked first: one that ended must not pass for whoever else holds its port.
            if not self.running:
                message = f"{self.command[0]} ended with {self.exit_code}: {self.output()[-2000:]}"
                raise RuntimeError(message)
            if self._ready():
                return
            if time.monotonic() > deadline:
                self.kill()
                message = f"{self.command[0]} did not serve within {seconds} s: {self.output()[-2000:]}"
                raise RuntimeError(message)
            time.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        """Send the signal, where the process still runs."""
        if self.running:
            self._started().send_signal(number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """End it with SIGTERM, with SIGKILL where that does not do; the exit code. Ended is fine."""
        process = self._started()
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it with SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        return self._started().wait()

    def pause(self) -> None:
        """SIGSTOP: the kernel still accepts its connections, and nothing is answered."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: undo `pause`."""
        self.signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it, where it runs, and start it again."""
        if self.running:
            self.stop()
        self.start()

    def close(self) -> None:
        """Kill what still runs, and remove the log. A second `close` does nothing."""
        if self._process is not None:
            self.kill()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            message = f"{self.command[0]} was not started."
            raise RuntimeError(message)
        return self._process
