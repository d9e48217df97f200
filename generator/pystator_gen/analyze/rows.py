"""The dispatch table (`S2`): for each state that can be rested in, its candidates per trigger in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from pystator_gen import codes, model
from pystator_gen.analyze.choices import Choices, Leg
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.transitions import Destination, Resolved, Restores, by_source
from pystator_gen.analyze.tree import Tree
from pystator_gen.document import NodePath

KeyT = TypeVar("KeyT")


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
    ways = {row.state.name: [way for candidate in _all_candidates(row) for way in _ways(candidate)] for row in rows}
    found: set[str] = set()
    remembered: dict[str, list[str]] = {}  # where history leads, by the leaf that it has to remember first
    open_ends = [initial.name]
    while open_ends:
        name = open_ends.pop()
        if name in found:
            continue
        found.add(name)
        open_ends.extend(remembered.pop(name, ()))
        for recorded, target in ways.get(name, ()):
            if recorded is None or recorded in found:
                open_ends.append(target)
            else:
                remembered.setdefault(recorded, []).append(target)
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
        self._of = by_source(transitions)
        self._hidden: set[tuple[str, NodePath]] = set()
        self._timers: dict[str, tuple[model.Timer, ...]] = {}
        for name, state in states.items():
            delayed = [(t.label(state), t.delay) for t in self._of.get(name, ()) if t.delay is not None]
            self._timers[name] = tuple(model.Timer(name, label, delay) for label, delay in dict.fromkeys(delayed))

    def row(self, leaf: model.State) -> model.Row:
        """What ``leaf`` does: its own transitions, those of its ancestors outward, and those from anywhere."""
        entry = self._named(self._tree.entry_set(None, leaf.name))
        armed = () if leaf.is_terminal else (timer for state in entry for timer in self._timers[state.name])
        on: dict[str, list[model.Candidate]] = {}
        automatic: list[model.Candidate] = []
        delayed: dict[model.Timer, list[model.Candidate]] = {timer: [] for timer in armed}  # in the order of entry
        settled: set[tuple[str, object]] = set()  # of which states one is always taken by now, and on which occasion
        for source, transition in self._levels(leaf):
            label = transition.label(source)
            found = self._candidates(leaf, label, transition)
            occasions: dict[object, list[model.Candidate]] = {}
            if transition.delay is not None:
                timer = model.Timer(source.name, label, transition.delay)
                occasions[timer] = delayed[timer]
            if transition.automatic:
                occasions[None] = automatic
            elif transition.trigger is not None:
                occasions[label] = on.setdefault(label, [])
            if all((source.name, occasion) in settled for occasion in occasions) and source in transition.sources:
                self._warn_of_hidden(source, transition)
            for occasion, candidates in occasions.items():
                candidates.extend(found)
                if any(not candidate.guards for candidate in found):
                    settled.add((source.name, occasion))
        return model.Row(leaf, _frozen(on), tuple(automatic), _frozen(delayed), entry)

    def _levels(self, leaf: model.State) -> Iterator[tuple[model.State, Resolved]]:
        """The transitions that apply in ``leaf``, from the inner levels outward, each with the state it is of."""
        if leaf.is_terminal:
            return
        asked: set[NodePath] = set()
        for source in (leaf, *self._named(leaf.ancestors)):
            for transition in self._of.get(source.name, ()):
                if transition.delay is not None or transition.path not in asked:  # written for an inner state too
                    asked.add(transition.path)
                    yield source, transition
        for transition in self._anywhere:
            if transition.path not in asked:
                yield leaf, transition

    def _warn_of_hidden(self, source: model.State, transition: Resolved) -> None:
        """Say, once for all leaves that it applies in, that a transition stands behind one of the same state."""
        if (source.name, transition.path) in self._hidden:
            return
        self._hidden.add((source.name, transition.path))
        self._findings.warning(
            codes.NEVER_ASKED,
            f"this transition is never taken from `{source.name}`: an earlier one without guards always is",
            transition.path,
            "give the earlier one a guard, or this one a lower `priority`",
        )

    def _candidates(self, leaf: model.State, label: str, transition: Resolved) -> list[model.Candidate]:
        """A transition as ``leaf`` sees it: one candidate, or one per way through the choices it leads to."""
        if transition.internal:
            return [
                model.Candidate(
                    leaf,
                    label,
                    model.Way(leaf, ()),
                    transition.guards,
                    (),
                    transition.actions,
                    internal=True,
                    description=transition.description,
                    refs=transition.refs,
                )
            ]
        if transition.destination is None:
            return []
        return [self._candidate(leaf, label, transition, leg) for leg in self._choices.legs(transition.destination)]

    def _candidate(self, leaf: model.State, label: str, transition: Resolved, leg: Leg) -> model.Candidate:
        """An arrow from ``leaf`` through choices to where it ends, with what it leaves and enters (`S3`)."""
        destination = leg.destination.state.name
        domain = self._tree.domain(leaf.name, destination)
        exit_set = self._tree.exit_set(leaf.name, domain)
        way = self._way(leaf, exit_set, domain, destination)
        restoration = None
        if leg.destination.restores is not None:
            ways = {
                recorded: self._way(leaf, exit_set, domain, self._restored(leg.destination, recorded))
                for recorded in self._leaves_below(destination)
            }
            if leaf.name in ways:  # what is left right now is what will have been recorded
                way = ways[leaf.name]
            else:
                restoration = model.Restoration(destination, ways)
        return model.Candidate(
            leaf,
            label,
            way,
            (*transition.guards, *leg.guards),
            self._named(exit_set),
            (*transition.actions, *leg.actions),
            restoration,
            description=transition.description,
            refs=transition.refs,
        )

    def _restored(self, destination: Destination, recorded: str) -> str:
        """The state below ``destination`` that history brings back, given the leaf that was recorded (`S4.2`)."""
        if destination.restores is Restores.CONFIGURATION:
            return recorded
        inward = (recorded, *self._tree.ancestors(recorded))
        return inward[inward.index(destination.state.name) - 1]

    def _leaves_below(self, name: str) -> tuple[str, ...]:
        return tuple(state.name for state in self._states.values() if state.can_rest and name in state.ancestors)

    def _way(self, leaf: model.State, exit_set: Sequence[str], domain: str | None, destination: str) -> model.Way:
        """The way from ``leaf`` to ``destination``, with the timers that it arms and disarms on balance (`S9.2`)."""
        entry_set = self._tree.entry_set(domain, destination)
        target = self._states[entry_set[-1]]
        armed = [] if target.is_terminal else [timer for name in entry_set for timer in self._timers[name]]
        kept = [] if target.is_terminal else [name for name in (leaf.name, *leaf.ancestors) if name not in exit_set]
        active = [timer for name in (leaf.name, *leaf.ancestors) for timer in self._timers[name]]
        disarmed = [timer for timer in active if timer.source not in kept and timer not in armed]
        return model.Way(target, self._named(entry_set), tuple(armed), tuple(disarmed))

    def _named(self, names: Sequence[str]) -> tuple[model.State, ...]:
        return tuple(self._states[name] for name in names)


def _refuse_certain_loops(rows: Sequence[model.Row], states: Mapping[str, model.State], findings: Findings) -> None:
    """Automatic transitions that always fire and always come back never end (`S7.2`)."""
    certain = {
        row.state.name: row.automatic[0].target.name
        for row in rows
        if row.automatic and not row.automatic[0].guards and row.automatic[0].restoration is None
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


def _ways(candidate: model.Candidate) -> list[tuple[str | None, str]]:
    """Where a candidate leads, each with the leaf that has to be in history for it."""
    ways = candidate.restoration.ways if candidate.restoration is not None else {}
    return [(None, candidate.target.name), *((recorded, way.target.name) for recorded, way in ways.items())]


def _all_candidates(row: model.Row) -> list[model.Candidate]:
    of_timers = (candidate for found in row.delayed.values() for candidate in found)
    return [*(candidate for found in row.on.values() for candidate in found), *row.automatic, *of_timers]


def _frozen(
    found: Mapping[KeyT, Sequence[model.Candidate]],
) -> dict[KeyT, tuple[model.Candidate, ...]]:
    return {key: tuple(candidates) for key, candidates in found.items()}
