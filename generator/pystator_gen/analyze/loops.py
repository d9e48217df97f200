"""Automatic transitions that certainly never come to rest (`S7.2`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings


def refuse_certain_loops(rows: Sequence[model.Row], states: Mapping[str, model.State], findings: Findings) -> None:
    """Report automatic transitions that always fire and always come back."""
    certain = {row.state.name: following for row in rows if (following := _certain(row, rows)) is not None}
    places = {name: ("states", index, "name") for index, name in enumerate(states)}
    settled: set[str] = set()
    for start in certain:
        path: dict[str, int] = {}
        name = start
        while name in certain and name not in settled and name not in path:
            path[name] = len(path)
            name = certain[name]
        if name in path and not _can_be_interrupted([states[state] for state in list(path)[path[name] :]], rows):
            circle = [*list(path)[path[name] :], name]
            findings.error(
                codes.CERTAIN_LOOP,
                f"automatic transitions never come to rest: {' -> '.join(circle)} (S7.2)",
                places[name],
                "guard one of them, or let it wait for a trigger",
            )
        settled.update(path)


def _certain(row: model.Row, rows: Iterable[model.Row]) -> str | None:
    """The state that automatically follows a row's, whatever the context is.

    A parallel state is asked only if none of its regions takes anything, so they must have nothing to take.
    """
    first = next(iter(row.automatic), None)
    if first is None or first.guards or first.restoration is not None or first.is_join:
        return None
    if row.regions and any(other.automatic for other in _inside(row.state, rows)):
        return None
    return first.target.name


def _can_be_interrupted(circle: Sequence[model.State], rows: Iterable[model.Row]) -> bool:
    """Whether another region may leave the parallel state in which a circle turns."""
    around = {name for state in circle for name in state.ancestors}
    beside = (row for row in rows if row.state not in circle and around.intersection(row.state.ancestors))
    return circle[0].region is not None and any(c.leaves is not None for row in beside for c in row.automatic)


def _inside(state: model.State, rows: Iterable[model.Row]) -> Iterable[model.Row]:
    return (row for row in rows if state.name in row.state.ancestors)
