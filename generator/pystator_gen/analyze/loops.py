"""Automatic transitions that certainly never come to rest (`S7.2`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings


@dataclass(frozen=True, slots=True)
class _Rest:
    """Where a machine comes to rest: a leaf, or a parallel state, whose regions may have finished (`S6.6`)."""

    name: str
    finished: bool = False


def refuse_certain_loops(rows: Sequence[model.Row], states: Mapping[str, model.State], findings: Findings) -> None:
    """Report automatic transitions that always fire and always come back."""
    by_name = {row.state.name: row for row in rows}
    rests = [_Rest(row.state.name, finished) for row in rows for finished in {False, bool(row.regions)}]
    certain = {rest: following for rest in rests if (following := _certain(rest, by_name)) is not None}
    places = {name: ("states", index, "name") for index, name in enumerate(states)}
    settled: set[_Rest] = set()
    for start in certain:
        path: dict[_Rest, int] = {}
        rest = start
        while rest in certain and rest not in settled and rest not in path:
            path[rest] = len(path)
            rest = certain[rest]
        names = [each.name for each in list(path)[path[rest] :]] if rest in path else []
        if names and not _can_be_interrupted([states[name] for name in names], rows):
            findings.error(
                codes.CERTAIN_LOOP,
                f"automatic transitions never come to rest: {' -> '.join((*names, rest.name))} (S7.2)",
                places[rest.name],
                "guard one of them, or let it wait for a trigger",
            )
        settled.update(path)


def _certain(rest: _Rest, rows: Mapping[str, model.Row]) -> _Rest | None:
    """Where the machine automatically comes to rest next, whatever the context is.

    A parallel state is asked only if none of its regions takes anything, so they must have nothing to take. A join that
    stays where it is finds its regions finished again.
    """
    row = rows[rest.name]
    first = next((candidate for candidate in row.automatic if rest.finished or not candidate.is_join), None)
    if first is None or first.guards or first.restoration is not None:
        return None
    if row.regions and any(other.automatic for other in _inside(row.state, rows.values())):
        return None
    if first.internal:
        return _Rest(rest.name, first.is_join)
    return _Rest(first.target.name, _has_finished(first.target, rows))


def _has_finished(active: model.Active, rows: Mapping[str, model.Row]) -> bool:
    """Whether the regions of a parallel state that can finish have done so, and there are any (`S6.6`)."""
    if isinstance(active, model.State):
        return False
    parts = [(region.finals, active.parts[region.name]) for region in rows[active.name].regions if region.finals]
    return bool(parts) and all(_names(part).intersection(finals) for finals, part in parts)


def _names(active: model.Active) -> set[str]:
    """All states that are active, those around included."""
    return {name for state in model.rows_of(active) for name in (state.name, *state.ancestors)}


def _can_be_interrupted(circle: Sequence[model.State], rows: Iterable[model.Row]) -> bool:
    """Whether another region may leave the parallel state in which a circle turns."""
    around = {name for state in circle for name in state.ancestors}
    beside = (row for row in rows if row.state not in circle and around.intersection(row.state.ancestors))
    return circle[0].region is not None and any(c.leaves is not None for row in beside for c in row.automatic)


def _inside(state: model.State, rows: Iterable[model.Row]) -> Iterable[model.Row]:
    return (row for row in rows if state.name in row.state.ancestors)
