"""A real Redis Cluster, and how slots move in it."""

from __future__ import annotations

from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.servers.certificates import Certificates
from tests.servers.process import HOST, free_port
from tests.servers.redis import RedisServer
from tests.servers.redis_groups import DOWN_MILLISECONDS, RedisGroup, until


class ClusterGroup(RedisGroup):
    """Masters that share the slots evenly; the one with the slot of the hash tag `replica_of` has a replica."""

    def __init__(
        self,
        *,
        masters: int = 3,
        replica_of: str | None = None,
        password: str | None = None,
        tls: Certificates | None = None,
    ) -> None:
        super().__init__()
        args = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(2 * DOWN_MILLISECONDS)]
        args += ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]
        args += ["--masterauth", password] if password else []
        args += ["--tls-cluster", "yes", "--tls-replication", "yes"] if tls else []
        self._replica_of = replica_of
        self._buses: list[int] = []
        for _ in range(masters + (replica_of is not None)):
            # By default it would be the port and 10000, which may be one of the kernel's for outgoing connections.
            self._buses.append(free_port())
            self.add(password=password, tls=tls, args=[*args, "--cluster-port", str(self._buses[-1])])
        self.masters, self.replicas = self.servers[:masters], self.servers[masters:]

    @property
    def url(self) -> str:
        """For `SOCIAL_REDIS__URL`, without a password."""
        tls = any(server.tls for server in self.servers)
        return f"redis{'s' * tls}+cluster://" + ",".join(f"{HOST}:{server.port}" for server in self.servers)

    def form(self) -> None:
        if not self.masters:
            return
        share = -(-REDIS_CLUSTER_HASH_SLOTS // len(self.masters))
        for index, server in enumerate(self.masters):
            with server.client() as admin:
                last = min((index + 1) * share, REDIS_CLUSTER_HASH_SLOTS) - 1
                admin.execute_command("CLUSTER ADDSLOTSRANGE", index * share, last)
                admin.execute_command("CLUSTER SET-CONFIG-EPOCH", index + 1)
        with self.masters[0].client() as admin:
            for server, bus in zip(self.servers[1:], self._buses[1:], strict=True):
                admin.execute_command("CLUSTER MEET", HOST, server.port, bus)
        until(
            lambda: all(self.info(server)["cluster_known_nodes"] == str(len(self.servers)) for server in self.servers)
        )
        for server in self.replicas:
            with server.client() as admin:
                admin.execute_command("CLUSTER REPLICATE", self.id_of(self.master_of(self._replica_of or "")))
                until(lambda admin=admin: admin.info("replication")["master_link_status"] == "up")  # type: ignore[misc]
        until(lambda: all(self.info(server)["cluster_state"] == "ok" for server in self.servers))

    def info(self, server: RedisServer) -> dict[str, str]:
        """What the node says of the cluster."""
        with server.client() as admin:
            answer: dict[str, str] = admin.execute_command("CLUSTER INFO")
        return answer

    def id_of(self, server: RedisServer) -> str:
        """The node's id."""
        with server.client() as admin:
            answer: bytes = admin.execute_command("CLUSTER MYID")
        return answer.decode()

    def master_of(self, tag: str, asked: RedisServer | None = None) -> RedisServer:
        """The server that has the slot of this hash tag, as the one that is asked says, or any that runs."""
        slot = key_slot(tag.encode())
        with (asked or next(server for server in self.servers if server.running)).client() as admin:
            ranges: Any = admin.execute_command("CLUSTER", "SLOTS")
        port = next(master[1] for first, last, master, *_ in ranges if first <= slot <= last)
        return next(server for server in self.servers if server.port == port)

    def begin_move(self, tag: str, target: RedisServer) -> RedisServer:
        """Open the slot of the hash tag for moving to the target; who has it."""
        slot, source = key_slot(tag.encode()), self.master_of(tag)
        with source.client() as old, target.client() as new:
            new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", self.id_of(source))
            old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", self.id_of(target))
        return source

    def move_keys(self, tag: str, source: RedisServer, target: RedisServer, most: int = 100_000) -> int:
        """Move so many keys of the slot at most; how many were moved."""
        with source.client() as old:
            keys: list[bytes] = old.execute_command("CLUSTER GETKEYSINSLOT", key_slot(tag.encode()), most)
            self.move_key(source, target, *keys)
        return len(keys)

    def move_key(self, source: RedisServer, target: RedisServer, *keys: bytes) -> None:
        """Move these keys, at once."""
        if keys:
            with source.client() as old:
                old.execute_command("MIGRATE", HOST, target.port, "", 0, 5000, "KEYS", *keys)

    def end_move(self, tag: str, source: RedisServer, target: RedisServer) -> None:
        """Give the slot to the target."""
        for server in (target, source, *(each for each in self.masters if each not in (source, target))):
            with server.client() as admin:
                admin.execute_command("CLUSTER SETSLOT", key_slot(tag.encode()), "NODE", self.id_of(target))

    def move(self, tag: str, target: RedisServer) -> None:
        """Move the slot with all its keys."""
        source = self.begin_move(tag, target)
        while self.move_keys(tag, source, target):
            pass
        self.end_move(tag, source, target)
