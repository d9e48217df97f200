"""The dispatch table (`S2`): for each state that can be rested in, its candidates per trigger in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pystator_gen import codes, model
from pystator_gen.analyze.choices import Choices
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.transitions import Resolved, by_source


def build_rows(
    states: Mapping[str, model.State],
    transitions: Sequence[Resolved],
    choices: Choices,
    findings: Findings,
) -> tuple[model.Row, ...]:
    """A row per state that can be rested in. ``transitions`` come in the order of their level (`S2.1`)."""
    own, anywhere = by_source(transitions), [transition for transition in transitions if transition.anywhere]
    rows = tuple(
        _row(state, own.get(state.name, []), anywhere, choices, findings) for state in states.values() if state.can_rest
    )
    _refuse_certain_loops(rows, states, findings)
    return rows


def reachable(initial: model.State, rows: Sequence[model.Row]) -> set[str]:
    """The states that an entity can come to rest in, from the initial one."""
    ways = {row.state.name: {c.target.name for c in _all_candidates(row)} for row in rows}
    found: set[str] = set()
    open_ends = [initial.name]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends.extend(ways.get(name, ()))
    return found


def _row(
    state: model.State,
    own: Sequence[Resolved],
    anywhere: Sequence[Resolved],
    choices: Choices,
    findings: Findings,
) -> model.Row:
    """What ``state`` does: its own transitions, then those that apply anywhere (`S2.3`)."""
    if state.is_terminal:
        return model.Row(state, {}, ())
    own_ones = {transition.index for transition in own}
    on: dict[str, list[model.Candidate]] = {}
    automatic: list[model.Candidate] = []
    settled: set[str | None] = set()  # the triggers (none: the automatic ones) that are always taken by now
    for transition in [*own, *(t for t in anywhere if t.index not in own_ones)]:
        label = transition.label(state)
        before = automatic if transition.written.auto else on.setdefault(label, [])
        occasion = None if transition.written.auto else label
        if occasion in settled and transition.index in own_ones:
            findings.warning(
                codes.NEVER_ASKED,
                f"this transition is never taken from `{state.name}`: an earlier one without guards always is",
                transition.path,
                "give the earlier one a guard, or this one a lower `priority`",
            )
        found = _candidates(state, transition, choices)
        before.extend(found)
        if any(not candidate.guards for candidate in found):
            settled.add(occasion)
    return model.Row(state, {label: tuple(found) for label, found in on.items()}, tuple(automatic))


def _candidates(state: model.State, transition: Resolved, choices: Choices) -> list[model.Candidate]:
    """A transition as ``state`` sees it: one candidate, or one per way through the choices it leads to."""
    label = transition.label(state)
    description, refs = transition.written.description or "", transition.written.refs
    if transition.written.internal:
        return [
            model.Candidate(state, label, state, transition.guards, (), transition.actions, (), True, description, refs)
        ]
    if transition.target is None:
        return []
    return [
        model.Candidate(
            state,
            label,
            leg.target,
            (*transition.guards, *leg.guards),
            state.exit,
            (*transition.actions, *leg.actions),
            leg.target.entry,
            description=description,
            refs=refs,
        )
        for leg in choices.legs(transition.target)
    ]


def _refuse_certain_loops(rows: Sequence[model.Row], states: Mapping[str, model.State], findings: Findings) -> None:
    """Automatic transitions that always fire and always come back never end (`S7.2`)."""
    certain = {
        row.state.name: row.automatic[0].target.name for row in rows if row.automatic and not row.automatic[0].guards
    }
    places = {name: ("states", index, "name") for index, name in enumerate(states)}
    settled: set[str] = set()
    for start in certain:
        path: dict[str, int] = {}
        name = start
        while name in certain and name not in settled and name not in path:
            path[name] = len(path)
            name = certain[name]
        if name in path:
            circle = [*list(path)[path[name] :], name]
            findings.error(
                codes.CERTAIN_LOOP,
                f"automatic transitions never come to rest: {' -> '.join(circle)} (S7.2)",
                places[name],
                "guard one of them, or let it wait for a trigger",
            )
        settled.update(path)


def _all_candidates(row: model.Row) -> list[model.Candidate]:
    return [*(c for found in row.on.values() for c in found), *row.automatic]
