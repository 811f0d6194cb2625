"""A real redis-server in a temporary directory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import redis

from tests.servers.certificates import Certificates
from tests.servers.process import HOST, ChildProcess, free_port


class RedisServer:
    """A redis-server of its own on a loopback port, over TLS with `tls`, or on a unix socket with `unix`.

    The port stays the same over `stop`, `kill`, `start` and `restart`. Snapshots are off unless
    `save` names when to make them (`"3600 1"`); the command SAVE works always, and what it wrote is
    loaded at the next start. `args` are further options of the command line. Raises `RuntimeError`
    where redis-server is not installed.
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        tls: Certificates | None = None,
        unix: bool = False,
        maxmemory: str | None = None,
        save: str = "",
        args: Sequence[str] = (),
    ) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            message = "redis-server is not installed: the tests against Redis need it in PATH."
            raise RuntimeError(message)
        self.password = password
        self.tls = tls
        self.port = 0 if unix else free_port()
        self._directory = tempfile.TemporaryDirectory(prefix="holdfast-redis-")
        self.directory = Path(self._directory.name)
        self.path = self.directory / "redis.sock" if unix else None
        command = [binary, *self._options(save, maxmemory), *args]
        self.process = ChildProcess(command, self._answers, cwd=self.directory)

    @property
    def url(self) -> str:
        """The URL to connect to, with the password and, with TLS, the authority's file."""
        user = f":{quote(self.password, safe='')}@" if self.password else ""
        if self.path is not None:
            return f"unix://{user}{self.path}"
        if self.tls is not None:
            return f"rediss://{user}{HOST}:{self.port}/0?ssl_ca_certs={self.tls.ca_file}"
        return f"redis://{user}{HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process runs (a paused one does)."""
        return self.process.running

    def start(self) -> None:
        """Start it on its port, and wait until it answers PING."""
        self.process.start()

    def stop(self) -> None:
        """End it with SIGTERM, and wait until it is gone."""
        self.process.stop()

    def kill(self) -> None:
        """End it with SIGKILL: nothing is saved."""
        self.process.kill()

    def pause(self) -> None:
        """SIGSTOP: connections are accepted by the kernel, nothing is answered."""
        self.process.pause()

    def resume(self) -> None:
        """SIGCONT: undo `pause`."""
        self.process.resume()

    def restart(self) -> None:
        """Stop it, where it runs, and start it on the same port."""
        self.process.restart()

    def client(self) -> redis.Redis:
        """A blocking client without retries, for looking into the server; close it, or use it in a `with`."""
        return redis.Redis.from_url(self.url, socket_timeout=2.0, socket_connect_timeout=2.0, protocol=2)

    def close(self) -> None:
        """Kill what still runs, and remove the directory."""
        self.process.close()
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

    def _options(self, save: str, maxmemory: str | None) -> list[str]:
        """The command line but for the binary."""
        options = ["--bind", HOST, "--dir", str(self.directory), "--save", save, "--daemonize", "no"]
        if self.path is not None:
            options += ["--port", "0", "--unixsocket", str(self.path)]
        elif self.tls is not None:
            options += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", str(self.tls.cert_file), "--tls-key-file", str(self.tls.key_file)]
            options += ["--tls-ca-cert-file", str(self.tls.ca_file)]
        else:
            options += ["--port", str(self.port)]
        options += ["--requirepass", self.password] if self.password else []
        options += ["--maxmemory", maxmemory] if maxmemory else []
        return options

    def _answers(self) -> bool:
        """Whether it answers PING, having loaded what it loads."""
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False
