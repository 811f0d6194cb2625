"""What a collection may hold, by what was asked of it and how that was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable

State = tuple[int, tuple[tuple[str, int], ...]] | None
"""A point: the version of its vector, and its payload; None where it is not there."""

Change = Callable[[State], State]


class Ledger:
    """The states in which each point of a collection may be, and what led there.

    A write that was acknowledged has happened; one that was not may have happened, to each of its points
    for itself. Each point has one writer, who waits for an answer before the next request.
    """

    def __init__(self) -> None:
        self._may: dict[int, set[State]] = {}
        self._past: dict[int, list[str]] = {}

    @property
    def ids(self) -> list[int]:
        """Every point that was ever written."""
        return sorted(self._may)

    def there(self, ids: Iterable[int]) -> list[int]:
        """Those of the points that are there for sure."""
        return [point_id for point_id in ids if None not in self._may.get(point_id, {None})]

    def wrote(self, ids: Iterable[int], change: Change, told: str, *, done: bool) -> None:
        """Note a write, and whether it was acknowledged."""
        for point_id in ids:
            before = self._may.get(point_id, {None})
            after = {change(state) for state in before}
            self._may[point_id] = after if done else before | after
            self._past.setdefault(point_id, []).append(f"{told}: {'done' if done else 'not acknowledged'}")

    def read(self, ids: Iterable[int], found: dict[int, State]) -> list[str]:
        """What is wrong with what was found; what is right is known for sure from now on."""
        problems = []
        for point_id in ids:
            state, may = found.get(point_id), self._may.get(point_id, {None})
            if state not in may:
                past = "\n    ".join(self._past.get(point_id, ()))
                problems.append(f"point {point_id} is {state}, and may be {sorted(map(str, may))}:\n    {past}")
            else:
                self._may[point_id] = {state}
        return problems


def upserted(version: int) -> Change:
    """The point as a version of it is written."""
    return lambda _: (version, (("version", version),))


def merged(version: int) -> Change:
    """The point with one thing more in its payload."""

    def change(state: State) -> State:
        if state is None:
            return None
        return state[0], tuple(sorted({**dict(state[1]), "merged": version}.items()))

    return change


def deleted(_: State) -> State:
    """No point."""
    return None
