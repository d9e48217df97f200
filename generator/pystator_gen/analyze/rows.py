"""The dispatch table (`S2`): for each state that can be rested in, its candidates per trigger in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pystator_gen import codes, model
from pystator_gen.analyze.choices import Choices, Leg
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.transitions import Resolved
from pystator_gen.analyze.tree import Tree


def build_rows(
    states: Mapping[str, model.State],
    tree: Tree,
    transitions: Sequence[Resolved],
    choices: Choices,
    findings: Findings,
) -> tuple[model.Row, ...]:
    """A row per leaf. ``transitions`` come in the order of their level (`S2.1`)."""
    builder = _Builder(states, tree, transitions, choices, findings)
    rows = tuple(builder.row(state) for state in states.values() if state.can_rest)
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


class _Builder:
    """Builds rows; what does not depend on the leaf is worked out once."""

    def __init__(
        self,
        states: Mapping[str, model.State],
        tree: Tree,
        transitions: Sequence[Resolved],
        choices: Choices,
        findings: Findings,
    ) -> None:
        self._states = states
        self._tree = tree
        self._choices = choices
        self._findings = findings
        self._anywhere = [transition for transition in transitions if transition.anywhere]
        self._of: dict[str, list[Resolved]] = {name: [] for name in states}
        for transition in transitions:
            for source in transition.sources:
                self._of[source.name].append(transition)

    def row(self, leaf: model.State) -> model.Row:
        """What ``leaf`` does: its own transitions, those of its ancestors outward, and those from anywhere."""
        entry = self._named(self._tree.entry_set(None, leaf.name))
        if leaf.is_terminal:
            return model.Row(leaf, {}, (), entry)
        on: dict[str, list[model.Candidate]] = {}
        automatic: list[model.Candidate] = []
        asked: list[Resolved] = []
        for source in (leaf, *self._named(leaf.ancestors), None):
            level = self._anywhere if source is None else self._of[source.name]
            for transition in level:
                if transition in asked:  # written for an inner state too (`S2.3`)
                    continue
                asked.append(transition)
                label = transition.label(source or leaf)
                before = automatic if transition.written.auto else on.setdefault(label, [])
                if source is leaf:
                    self._warn_if_hidden(leaf, transition, before)
                before.extend(self._candidates(leaf, label, transition))
        return model.Row(leaf, {label: tuple(found) for label, found in on.items()}, tuple(automatic), entry)

    def _candidates(self, leaf: model.State, label: str, transition: Resolved) -> list[model.Candidate]:
        """A transition as ``leaf`` sees it: one candidate, or one per way through the choices it leads to."""
        words = transition.written.description or "", transition.written.refs
        if transition.written.internal:
            return [model.Candidate(leaf, label, leaf, transition.guards, (), transition.actions, (), True, *words)]
        if transition.target is None:
            return []
        return [self._candidate(leaf, label, transition, leg) for leg in self._choices.legs(transition.target)]

    def _candidate(self, leaf: model.State, label: str, transition: Resolved, leg: Leg) -> model.Candidate:
        """An arrow from ``leaf`` through choices to where it ends, with what it leaves and enters (`S3`)."""
        destination = leg.target.name
        domain = self._tree.domain(leaf.name, destination)
        return model.Candidate(
            leaf,
            label,
            self._states[self._tree.initial_leaf(destination)],
            (*transition.guards, *leg.guards),
            self._named(self._tree.exit_set(leaf.name, domain)),
            (*transition.actions, *leg.actions),
            self._named(self._tree.entry_set(domain, destination)),
            description=transition.written.description or "",
            refs=transition.written.refs,
        )

    def _warn_if_hidden(self, leaf: model.State, transition: Resolved, before: Sequence[model.Candidate]) -> None:
        if any(not candidate.guards for candidate in before):
            self._findings.warning(
                codes.NEVER_ASKED,
                f"this transition is never taken from `{leaf.name}`: an earlier one without guards always is",
                transition.path,
                "give the earlier one a guard, or this one a lower `priority`",
            )

    def _named(self, names: Sequence[str]) -> tuple[model.State, ...]:
        return tuple(self._states[name] for name in names)


def _refuse_certain_loops(rows: Sequence[model.Row], states: Mapping[str, model.State], findings: Findings) -> None:
    """Automatic transitions that always fire and always come back never end (`S7.2`)."""
    certain = {
        row.state.name: row.automatic[0].target.name for row in rows if row.automatic and not row.automatic[0].guards
    }
    places = {name: ("states", index, "name") for index, name in enumerate(states)}
    settled: set[str] = set()
    for start in certain:
        path: list[str] = []
        name = start
        while name in certain and name not in settled and name not in path:
            path.append(name)
            name = certain[name]
        if name in path:
            circle = [*path[path.index(name) :], name]
            findings.error(
                codes.CERTAIN_LOOP,
                f"automatic transitions never come to rest: {' -> '.join(circle)} (S7.2)",
                places[name],
                "guard one of them, or let it wait for a trigger",
            )
        settled.update(path)


def _all_candidates(row: model.Row) -> list[model.Candidate]:
    return [*(c for found in row.on.values() for c in found), *row.automatic]
