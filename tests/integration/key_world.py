"""An application that asks for keys, and one key of each kind."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette

from adapters.keys import AuthSettings, hash_of, new_secret
from adapters.settings import Settings
from domain.ports import VectorStore
from tests.fakes import FailingCache, make_app

ALL = ["read", "write", "admin"]
SECRETS = {name: new_secret() for name in ("all", "read", "write", "admin", "elsewhere", "expired", "wrong")}
KEYS: dict[str, dict[str, Any]] = {
    "all": {"rights": ALL},
    "read": {"rights": ["read"]},
    "write": {"rights": ["write"]},
    "admin": {"rights": ["admin"]},
    "elsewhere": {"rights": ALL, "collections": ["other-*", "thing"]},
    "expired": {"rights": ALL, "expires": "2020-01-01T00:00:00Z"},
}


def application(store: VectorStore) -> Starlette:
    """The application with these keys."""
    keys = json.dumps([{"name": name, "hash": hash_of(SECRETS[name]), **fields} for name, fields in KEYS.items()])
    return make_app(store, FailingCache(), Settings(auth=AuthSettings(keys=keys)))  # type: ignore[arg-type]
