"""The collection of the examples: what is sent, and what is answered to it.

The examples that make the collection and write its points come first, and all others are of what these leave.
"""

from __future__ import annotations

from typing import Any

HERE = {"collection": "fruit"}

NEW: dict[str, Any] = {"vector": {"size": 3, "distance": "dot"}, "indexes": {"color": "keyword"}}

MADE: dict[str, Any] = {
    "name": "fruit",
    "size": 3,
    "distance": "dot",
    "indexes": {"color": "keyword"},
    "points": 0,
    "status": "ready",
    "indexed": {"color": 0},
}

FULL: dict[str, Any] = {**MADE, "points": 3, "indexed": {"color": 3}}

CHERRY: dict[str, Any] = {"id": 1, "payload": {"name": "cherry", "color": "red"}}
PLUM: dict[str, Any] = {"id": 2, "payload": {"name": "plum", "color": "red"}}
LIME_ID = "6f1c2a4e-9d1b-4c57-8a53-0f8a1c1de0b7"
LIME: dict[str, Any] = {"id": LIME_ID, "payload": {"name": "lime", "color": "green"}}

POINTS: dict[str, Any] = {
    "points": [
        {**CHERRY, "vector": [0.75, 0.25, 0.0]},
        {**PLUM, "vector": "AAAAPwAAAD8AAAAA"},
        {**LIME, "vector": [0.0, 1.0, 0.25]},
    ]
}

RED: dict[str, Any] = {"must": [{"key": "color", "match": {"value": "red"}}]}

NEAREST: dict[str, Any] = {"vector": [1.0, 0.0, 0.0], "limit": 2, "filter": RED}

FOUND: dict[str, Any] = {"hits": [{**CHERRY, "score": 0.75}, {**PLUM, "score": 0.5}], "stale": False}
