"""Whether a point meets a filter, as Qdrant's engine decides it on a field without an index."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.memory.values import value_holds, within
from domain.filters import Condition, FieldCondition, Filter, HasId, IsEmpty, IsNull, Nested, ValuesCount
from domain.models import Json, Payload, PointId
from domain.paths import Step, parse_path


def matches(filter_: Filter, point_id: PointId, payload: Payload) -> bool:
    """Whether the point with this id and payload meets `filter_`. One without conditions is always met."""

    def holds(condition: Condition) -> bool:
        match condition:
            case Filter():
                return matches(condition, point_id, payload)
            case HasId():
                return point_id in condition.ids
            case Nested():
                objects = _objects(payload, parse_path(condition.key))
                return any(matches(condition.filter, point_id, element) for element in objects)
        return _field_holds(condition, _values(payload, parse_path(condition.key)))

    if not all(map(holds, filter_.must)) or any(map(holds, filter_.must_not)):
        return False
    if filter_.should and not any(map(holds, filter_.should)):
        return False
    least = filter_.min_should
    return least is None or sum(map(holds, least.conditions)) >= least.min_count


def _field_holds(condition: FieldCondition, values: list[Json]) -> bool:
    match condition:
        case IsEmpty():
            return all(value is None or value == [] for value in values)
        case IsNull():
            return any(value is None or (isinstance(value, list) and None in value) for value in values)
        case ValuesCount(gt=gt, gte=gte, lt=lt, lte=lte):
            return any(within(_count(value), gt, gte, lt, lte) for value in values or [None])
    # A list holds when one of its elements does. A list among the elements is not taken apart.
    elements = (item for value in values for item in (value if isinstance(value, list) else (value,)))
    return any(value_holds(condition, element) for element in elements)


def _count(value: Json) -> int:
    return len(value) if isinstance(value, list) else int(value is not None)


def _values(payload: Payload, path: tuple[Step, ...]) -> list[Json]:
    """The values that the path reaches: none, one, or many where there is a `[]` in it."""
    found: list[Json] = [dict(payload)]
    for step in path:
        found = [item for value in found for item in _step(value, step)]
    return found


def _step(value: Json, step: Step) -> Sequence[Json]:
    match step, value:
        case str(), dict():
            return (value[step],) if step in value else ()
        case None, list():
            return value
        case int(), list():
            return value[step : step + 1]
    return ()


def _objects(payload: Payload, path: tuple[Step, ...]) -> list[dict[str, Json]]:
    """The objects in the list that the path leads to. An object that is in no list is none of them."""
    elements = path if path[-1] is None else (*path, None)
    return [value for value in _values(payload, elements) if isinstance(value, dict)]
