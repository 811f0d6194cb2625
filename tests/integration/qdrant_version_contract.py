"""Conditional writes on Qdrant servers that know them, and on those that would overwrite all the same."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from qdrant_client.http import models

from domain.errors import CollectionConflict
from tests.contract.conditional_contract import colored, stored
from tests.contract.things import RED, make, vector
from tests.integration.qdrant_stores import open_store, settings_at
from tests.servers.certificates import Certificates
from tests.servers.qdrant_core import QdrantCore


class VersionedCore(QdrantCore):
    """Says that it is of a version, and counts how often it is asked."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version
        self.asked = 0

    async def info(self) -> models.VersionInfo:
        self.asked += 1
        return models.VersionInfo(title="qdrant - vector search engine", version=self.version)

    async def upsert(self, name: str, operation: models.PointsList | models.PointsBatch) -> models.UpdateResult:
        if self.version.startswith("1.9"):
            operation = operation.model_copy(update={"update_filter": None})
        return await super().upsert(name, operation)


class QdrantVersionContract:
    """What the version of a server decides."""

    @staticmethod
    @abstractmethod
    def serve(
        *, api_key: str | None = None, tls: Certificates | None = None, data: QdrantCore | None = None
    ) -> AbstractAsyncContextManager[Any]:
        """The stand-in."""

    async def test_refuses_a_condition_that_an_old_server_would_pass_over(self) -> None:
        """Before a server that knows no conditions nothing is written, and once it is a newer one, it is."""
        core = VersionedCore("1.9.7")
        async with self.serve(data=core) as server, open_store(settings_at(server)) as store:
            await make(store, colored(1, "blue", 1))
            with pytest.raises(CollectionConflict, match=r"of version 1\.9\.7, not 1\.16 or later"):
                await store.upsert("things", [colored(1, "red", 9), colored(2, "red", 9)], only=RED)
            await store.upsert("things", [colored(3, "red", 3)])
            assert set(await stored(store)) == {1, 3}
            core.version = "1.16.0"
            await store.upsert("things", [colored(1, "red", 9), colored(2, "red", 9)], only=RED)
            assert (await stored(store))[1] == ("blue", vector(1, 1))

    @pytest.mark.parametrize(
        ("version", "good"),
        [("1.15.4", False), ("1.16.0-dev", True), ("1.20.0", True), ("2.0.0", True), ("0.99.0", False), ("dev", False)],
    )
    async def test_reads_versions(self, version: str, *, good: bool) -> None:
        """Versions are compared as numbers, and a server that is found good is not asked again."""
        core = VersionedCore(version)
        async with self.serve(data=core) as server, open_store(settings_at(server)) as store:
            await make(store)
            before = core.asked
            for _ in range(2):
                if good:
                    await store.upsert("things", [colored(1, "red", 9)], only=RED)
                else:
                    with pytest.raises(CollectionConflict):
                        await store.upsert("things", [colored(1, "red", 9)], only=RED)
            assert core.asked - before == (1 if good else 2)
