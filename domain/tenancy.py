"""Tenants: many in one collection, each of whom sees and writes none but his own points.

All that a tenant may and may not do is decided here. The use cases ask, and the store holds him to it: what
they hand it is narrowed by the tenant's condition, so that nothing can change hands between a look and a write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from domain.access import Right, Tenant
from domain.errors import Forbidden, InvalidInput, at
from domain.filters import Filter, HasId, Match
from domain.models import CollectionInfo, Payload, Point, PointId

EVERY = Filter()


@lru_cache(maxsize=1024)
def condition(tenant: Tenant) -> Match:
    """What is met by the tenant's points alone. A list is met that holds his value."""
    return Match(tenant.path, tenant.value)


def within(filter_: Filter, tenant: Tenant | None) -> Filter:
    """What the filter meets of the tenant's points; whatever its clauses are, they do not weaken his condition."""
    if tenant is None or condition(tenant) in filter_.must:
        return filter_
    return filter_.narrowed(condition(tenant))


def chosen(ids: Sequence[PointId], tenant: Tenant) -> Filter:
    """The points with these ids that are the tenant's."""
    return within(Filter(must=(HasId(frozenset(ids)),)), tenant)


def others(filter_: Filter, point_id: PointId) -> Filter:
    """What the filter meets beside this point."""
    return filter_.narrowed(but_not=(HasId(frozenset({point_id})),))


def owns(tenant: Tenant | None, payload: Payload) -> bool:
    """Whether the point with this payload is the tenant's, just as `condition` has it."""
    if tenant is None:
        return True
    value = payload.get(tenant.field)
    return tenant.value in value if isinstance(value, list) else value == tenant.value


def owned(points: Sequence[Point], tenant: Tenant | None) -> Sequence[Point]:
    """The points as the tenant may write them: his. Raises `InvalidInput` at one that says it is not."""
    if tenant is None:
        return points
    for index, point in enumerate(points):
        if point.payload.get(tenant.field, tenant.value) != tenant.value:
            with at(f"points[{index}].payload"):
                check_change(point.payload, tenant)
    return [
        point if tenant.field in point.payload else point.with_value(tenant.field, tenant.value) for point in points
    ]


def check_change(payload: Payload, tenant: Tenant | None) -> None:
    """Raise `InvalidInput` at the tenant's field where the payload would take a point from him, or give it away."""
    if tenant is not None and payload.get(tenant.field, tenant.value) != tenant.value:
        raise InvalidInput(tenant.field, f"nothing else here than {tenant.value!r}")


def seen(info: CollectionInfo, points: int) -> CollectionInfo:
    """What a tenant learns of a collection in which so many points are his: nothing that tells of the others."""
    return replace(info, points=points, building=False, indexed={}, indexed_vectors=None)


def check_whole(collection: str, tenant: Tenant | None) -> None:
    """Raise `Forbidden` for a tenant: a collection as a whole is not his."""
    if tenant is not None:
        raise Forbidden(Right.ADMIN, collection)
