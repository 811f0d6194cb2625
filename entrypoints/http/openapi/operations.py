"""One operation of the API, as its row in the table says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from entrypoints.http.openapi.requests import name_of
from entrypoints.http.openapi.responses import JSON, SECURITY, STATUS
from entrypoints.http.openapi.values import Schema, ref

_EVERYWHERE = (401, 403, 422, 429, 431, 500, 503)
_WITH_BODY = (400, 408, 413, 415)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request that is in order, and its answer by the service that `tests/integration/openapi_world.py` sets up.

    `path` and `query` are the values of parameters; `answer` is None where there is no body.
    """

    name: str
    summary: str
    status: int = 200
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    answer: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method of a path: what it takes, and what it answers.

    `body` is the name of the type that reads the body. `errors` are the statuses of its own, besides those that
    every operation with a key has. `public` ones have neither these nor a key; some say `more_with_key`.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    answers: Mapping[int, Schema]
    description: str = ""
    parameters: tuple[str, ...] = ()
    body: str | None = None
    errors: tuple[int, ...] = ()
    public: bool = False
    more_with_key: bool = False
    examples: tuple[Example, ...] = ()

    def to_schema(self) -> Schema:
        """The operation as the document has it."""
        schema: Schema = {"operationId": self.id, "tags": [self.tag], "summary": self.summary}
        if self.description:
            schema["description"] = self.description
        if self.parameters:
            schema["parameters"] = [ref(name, "parameters") for name in self.parameters]
        if self.body is not None:
            schema["requestBody"] = {"required": True, "content": {JSON: self._body(name_of(self.body))}}
        schema["responses"] = self._responses()
        if self.public:
            schema["security"] = [{}, *SECURITY] if self.more_with_key else []
        return schema

    def _body(self, name: str) -> Schema:
        shown = {one.name: {"summary": one.summary, "value": one.body} for one in self.examples if one.body is not None}
        return {"schema": ref(name), "examples": shown}

    def _responses(self) -> Schema:
        errors = {*self.errors, *((401,) if self.more_with_key else ())}
        if not self.public:
            errors |= {*_EVERYWHERE, *(_WITH_BODY if self.body is not None else ())}
            errors |= {404} if "{" in self.path else set()
        answers = {status: self._shown(status, given) for status, given in self.answers.items()}
        shared = {status: ref(STATUS[status], "responses") for status in errors if status not in answers}
        return {str(status): schema for status, schema in sorted({**answers, **shared}.items())}

    def _shown(self, status: int, given: Schema) -> Schema:
        """An answer with its examples."""
        shown = {
            one.name: {"summary": one.summary, "value": one.answer}
            for one in self.examples
            if one.status == status and one.answer is not None
        }
        if not shown:
            return given
        content = {kind: {**said, "examples": shown} for kind, said in given["content"].items()}
        return {**given, "content": content}
