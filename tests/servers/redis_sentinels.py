"""A real Redis master with replicas, behind Sentinels."""

from __future__ import annotations

from typing import Any

from tests.servers.certificates import Certificates
from tests.servers.process import HOST
from tests.servers.redis import RedisServer
from tests.servers.redis_groups import DOWN_MILLISECONDS, RedisGroup, until

SERVICE = "mymaster"


class SentinelGroup(RedisGroup):
    """A master, replicas of it, and Sentinels that watch them."""

    def __init__(
        self,
        *,
        replicas: int = 1,
        sentinels: int = 3,
        password: str | None = None,
        sentinel_password: str | None = None,
        tls: Certificates | None = None,
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"password": password, "tls": tls}
        common = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
        common += ["--masterauth", password] if password else []
        common += ["--tls-replication", "yes"] if tls else []
        self.master = self.add(**options, args=common)
        follow = [*common, "--replicaof", HOST, str(self.master.port)]
        self.replicas = [self.add(**options, args=follow) for _ in range(replicas)]
        self.sentinels = [RedisServer(password=sentinel_password, tls=tls) for _ in range(sentinels)]
        for sentinel in self.sentinels:
            self._stack.callback(sentinel.close)
            self._configure(sentinel)

    @property
    def url(self) -> str:
        """For `SOCIAL_REDIS__URL`, without a password."""
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis{'s' * bool(self.master.tls)}+sentinel://{hosts}/{SERVICE}/0"

    def form(self) -> None:
        for replica in self.replicas:
            with replica.client() as admin:
                until(lambda admin=admin: admin.info("replication")["master_link_status"] == "up")  # type: ignore[misc]
        self.start(self.sentinels)
        until(lambda: all(self._sees_all(sentinel) for sentinel in self.sentinels))

    def await_master(self, server: RedisServer) -> None:
        """Wait until every Sentinel that runs names this server, and it is a master."""
        running = [sentinel for sentinel in self.sentinels if sentinel.running]
        until(lambda: all(self.state(sentinel)["port"] == server.port for sentinel in running))
        with server.client() as admin:
            until(lambda: admin.info("replication")["role"] == "master")

    def promote(self, server: RedisServer) -> None:
        """Have the replica take the place of the master, which goes on as its replica, and tell the Sentinels."""
        old = next(each for each in self.servers if each is not server)
        with server.client() as new:
            new.execute_command("REPLICAOF", "NO", "ONE")
        for sentinel in self.sentinels:
            with sentinel.client() as admin:
                admin.execute_command("SENTINEL", "REMOVE", SERVICE)
                admin.execute_command("SENTINEL", "MONITOR", SERVICE, HOST, server.port, 1)
                if server.password:
                    admin.execute_command("SENTINEL", "SET", SERVICE, "auth-pass", server.password)
        with old.client() as admin:
            admin.execute_command("REPLICAOF", HOST, server.port)
            until(lambda: admin.info("replication")["master_link_status"] == "up")

    def state(self, sentinel: RedisServer) -> dict[str, Any]:
        """What the Sentinel knows of the master."""
        with sentinel.client() as admin:
            state: dict[str, Any] = admin.sentinel_master(SERVICE)
        return state

    def _sees_all(self, sentinel: RedisServer) -> bool:
        state = self.state(sentinel)
        others = int(state["num-other-sentinels"]), int(state["num-slaves"])
        return others == (len(self.sentinels) - 1, len(self.replicas))

    def _configure(self, sentinel: RedisServer) -> None:
        """Let the server be a Sentinel: a file that it writes to itself, and `--sentinel`."""
        quorum = len(self.sentinels) // 2 + 1
        lines = [
            f"sentinel monitor {SERVICE} {HOST} {self.master.port} {quorum}",
            f"sentinel down-after-milliseconds {SERVICE} {DOWN_MILLISECONDS}",
            f"sentinel failover-timeout {SERVICE} 2000",
        ]
        lines += [f"sentinel auth-pass {SERVICE} {self.master.password}"] if self.master.password else []
        lines += [f"sentinel sentinel-pass {sentinel.password}"] if sentinel.password else []
        lines += ["tls-replication yes"] if sentinel.tls else []
        path = sentinel.directory / "sentinel.conf"
        path.write_text("\n".join(lines) + "\n")
        command = sentinel.process.command
        at = command.index("--save")
        sentinel.process.command = [command[0], str(path), "--sentinel", *command[1:at], *command[at + 2 :]]
