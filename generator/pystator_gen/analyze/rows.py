"""The dispatch table (`S2`): for each leaf and each parallel state, its candidates per trigger in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from pystator_gen import codes, model, naming
from pystator_gen.analyze.choices import Choices, Leg
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.loops import refuse_certain_loops
from pystator_gen.analyze.regions import Region, is_region
from pystator_gen.analyze.states import with_states
from pystator_gen.analyze.transitions import Destination, Resolved, by_source
from pystator_gen.analyze.tree import Tree
from pystator_gen.document import NodePath

KeyT = TypeVar("KeyT")


def build_rows(
    states: Mapping[str, model.State],
    tree: Tree,
    transitions: Sequence[Resolved],
    choices: Choices,
    findings: Findings,
    fallback: str | None = None,
) -> tuple[model.Row, ...]:
    """A row per leaf and parallel state. ``transitions`` come in the order of their level (`S2.1`).

    ``fallback`` is the state that each has a way to where an event leads nowhere (`S12.1`).
    """
    builder = _Builder(states, tree, transitions, choices, findings, fallback)
    rows = tuple(builder.row(state) for state in states.values() if state.is_leaf or state.is_parallel)
    refuse_certain_loops(rows, states, findings)
    return rows


def reachable(initial: model.Active, rows: Sequence[model.Row]) -> set[str]:
    """The states that an entity can come to rest in, from the initial one."""
    ways = {row.state.name: [way for candidate in _all_candidates(row) for way in _ways(candidate)] for row in rows}
    found: set[str] = set()
    remembered: dict[str, list[str]] = {}  # where history leads, by the leaf that it has to remember first
    open_ends = [state.name for state in model.rows_of(initial)]
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
        fallback: str | None,
    ) -> None:
        self._fallback = None if fallback is None else Destination(states[fallback])
        self._states = states
        self._tree = tree
        self._choices = choices
        self._findings = findings
        self._anywhere = [transition for transition in transitions if transition.anywhere]
        self._of = by_source(transitions)
        self._hidden: set[tuple[str, NodePath]] = set()
        self._crossing: set[tuple[str, NodePath]] = set()
        self._timers: dict[str, tuple[model.Timer, ...]] = {}
        for name, state in states.items():
            delayed = [(t.label(state), t.delay) for t in self._of.get(name, ()) if t.delay is not None]
            self._timers[name] = tuple(model.Timer(name, label, delay) for label, delay in dict.fromkeys(delayed))

    def row(self, state: model.State) -> model.Row:
        """What a leaf or parallel state does: its own transitions, those around it, and those from anywhere."""
        region = self._region_key(state.name)
        entry = tuple(reversed(self._named(self._tree.exit_set(state.name, region))))
        armed = () if state.is_terminal else (timer for entered in entry for timer in self._timers[entered.name])
        on: dict[str, list[model.Candidate]] = {}
        automatic: list[model.Candidate] = []
        delayed: dict[model.Timer, list[model.Candidate]] = {timer: [] for timer in armed}  # in the order of entry
        settled: set[tuple[str, object]] = set()  # of which states one is always taken by now, and on which occasion
        regions = tuple(self._region(region) for region in self._tree.regions.get(state.name, ()))
        for source, transition in self._levels(state, region):
            if transition.is_join and not any(region.finals for region in regions):
                self._warn_of_idle_join(state, transition)
                continue
            label = transition.label(source)
            found = self._candidates(state, source, transition)
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
                if any(not candidate.guards for candidate in found) and not transition.is_join:
                    settled.add((source.name, occasion))
        fallback = self._fallen(state) if region is None and not state.is_terminal else None
        return model.Row(state, _frozen(on), tuple(automatic), _frozen(delayed), entry, regions, fallback)

    def _fallen(self, state: model.State) -> model.Candidate | None:
        """The way to the fallback state: an ordinary external transition (`S12.1`)."""
        if self._fallback is None:
            return None
        transition = Resolved(("error_policy", "default_fallback"), (), True, self._fallback)
        return self._candidate(state, "_fallback", transition, Leg(self._fallback))

    def _region(self, region: Region) -> model.Region:
        """What can be active in a region, and where it is finished (`S6.6`)."""
        inside = [state for state in self._states.values() if self._region_key(state.name) == region.key]
        finals = [state.name for state in inside if state.is_terminal or state.name == region.final]
        if region.final is not None and region.final not in finals:
            finals.append(region.final)  # it lies in a parallel state further inside
        initial = self._tree.entry_set(region.key, region.initial)[1]
        resting = tuple(state for state in inside if state.is_leaf or state.is_parallel)
        return model.Region(
            region.name,
            naming.config_property(region.name),
            region.description,
            with_states(initial, self._states),
            tuple(finals),
            resting,
        )

    def _region_key(self, node: str) -> str | None:
        """The innermost region that a state lies in."""
        return next((around for around in self._tree.ancestors(node) if is_region(around)), None)

    def _levels(self, state: model.State, region: str | None) -> Iterator[tuple[model.State, Resolved]]:
        """The transitions that apply in a state, from the inner levels outward, each with the state it is of."""
        if state.is_terminal:
            return
        asked: set[NodePath] = set()
        for source in self._named(self._tree.exit_set(state.name, region)):
            for transition in self._of.get(source.name, ()):
                if transition.delay is not None or transition.path not in asked:  # written for an inner state too
                    asked.add(transition.path)
                    yield source, transition
        for transition in self._anywhere:
            if transition.path not in asked and transition.region == region:
                yield state, transition

    def _warn_of_hidden(self, source: model.State, transition: Resolved) -> None:
        """Say, once for all leaves that it applies in, that a transition stands behind one of the same state."""
        if (source.name, transition.path) in self._hidden:
            return
        self._hidden.add((source.name, transition.path))
        self._findings.never_asked(source.name, transition.path)

    def _warn_of_idle_join(self, state: model.State, transition: Resolved) -> None:
        self._findings.warning(
            codes.IDLE_JOIN,
            f"`{transition.trigger}` never fires: no region of `{state.name}` can finish (S6.6)",
            (*transition.path, "trigger"),
            "give one a `final`, or a terminal state",
        )

    def _candidates(self, leaf: model.State, source: model.State, transition: Resolved) -> list[model.Candidate]:
        """A transition of ``source`` as ``leaf`` sees it: one candidate, or one per way through choices."""
        label = transition.label(source)
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
        return [
            self._candidate(leaf, label, transition, leg)
            for leg in self._choices.legs(transition.destination)
            if not self._leads_to_sibling(leaf, source, transition, leg)
        ]

    def _candidate(self, state: model.State, label: str, transition: Resolved, leg: Leg) -> model.Candidate:
        """An arrow from a state through choices to where it ends, with what it leaves and enters (`S3`)."""
        destination = leg.destination.state
        domain = self._tree.domain(state.name, destination.name)
        left = self._tree.exit_set(state.name, domain)
        outermost = next((name for name in reversed(left) if name in self._tree.regions), None)
        if outermost is not None:  # what is active in its regions is known only when it is left
            left = left[left.index(outermost) :]
        way = self._way(left, domain, destination.name)
        restoration = None
        if leg.destination.restores is not None:
            ways = self._ways_back(leg.destination, left, domain)
            recorded = next((name for name in (state.name, *state.ancestors) if name in ways), None)
            if recorded is not None and ways[recorded].restores is None:  # what is left now is what is recorded then
                way = ways[recorded]
            else:
                restoration = model.Restoration(destination.name, ways)
        return model.Candidate(
            state,
            label,
            way,
            (*transition.guards, *leg.guards),
            self._named(left),
            (*transition.actions, *leg.actions),
            None if outermost is None else self._states[outermost],
            restoration,
            description=transition.description,
            refs=transition.refs,
        )

    def _leads_to_sibling(self, leaf: model.State, source: model.State, transition: Resolved, leg: Leg) -> bool:
        """Whether an arrow ends in a sibling region, which then has two states and the first none (`S6.5`)."""
        destination = leg.destination.state.name
        container = self._tree.domain(leaf.name, destination)
        if container is None or container not in self._tree.regions:
            return False
        if (destination, transition.path) not in self._crossing:
            self._crossing.add((destination, transition.path))
            self._findings.error(
                codes.SIBLING_REGION,
                f"`{destination}` lies in another region of `{container}` than `{source.name}` (S6.5)",
                (*transition.path, "destination" if transition.is_timeout else "dest"),
                f"lead to a state in the same region or outside of `{container}`; "
                "another region can take the same event with a transition of its own",
            )
        return True

    def _ways_back(self, destination: Destination, left: Sequence[str], domain: str | None) -> dict[str, model.Way]:
        """The ways of a history destination, by what its state has recorded: a leaf, or a parallel state (`S4.2`)."""
        parent = destination.state
        exact = destination.restores is model.Restores.CONFIGURATION
        if parent.is_parallel:
            return {parent.name: self._way(left, domain, parent.name, destination.restores)}
        ways: dict[str, model.Way] = {}
        for state in self._states.values():
            inward = self._tree.ancestors(state.name)
            if not (state.is_leaf or state.is_parallel) or parent.name not in inward:
                continue
            between = (state.name, *inward[: inward.index(parent.name)])
            if any(map(is_region, between)):
                continue  # it is active only along with the parallel state that it lies in
            restores = model.Restores.CONFIGURATION if exact and state.is_parallel else None
            ways[state.name] = self._way(left, domain, state.name if exact else between[-1], restores)
        return ways

    def _way(
        self, left: Sequence[str], domain: str | None, destination: str, restores: model.Restores | None = None
    ) -> model.Way:
        """The way to ``destination`` after these were left, with the timers that change on balance (`S9.2`).

        Where the regions of ``destination`` are restored, what is in them comes on top, when it is known.
        """
        names, active = self._tree.entry_set(domain, destination)
        after: tuple[str, ...] = ()
        if restores is not None:
            reached = names.index(destination) + 1
            after = tuple(name for name in names[reached:] if destination not in self._tree.ancestors(name))
            names = names[:reached]
        target = with_states(active, self._states)
        ended = self._ended(target)
        armed, armed_after = (
            tuple(timer for name in entered if name not in ended for timer in self._timers[name])
            for entered in (names, after)
        )
        gone = (*left, *(name for name in ended if name not in names))
        stopped = (timer for name in gone for timer in self._timers[name])
        disarmed = tuple(timer for timer in stopped if timer not in (*armed, *armed_after))
        return model.Way(target, self._named(names), armed, disarmed, restores, self._named(after), armed_after)

    def _ended(self, active: model.Active) -> tuple[str, ...]:
        """The states that have no timers any more, because a terminal leaf is active: as far as its region (`S9.5`)."""
        leaves = (state for state in model.rows_of(active) if state.is_terminal)
        return tuple(n for leaf in leaves for n in self._tree.exit_set(leaf.name, self._region_key(leaf.name)))

    def _named(self, names: Sequence[str]) -> tuple[model.State, ...]:
        return tuple(self._states[name] for name in names)


def _ways(candidate: model.Candidate) -> list[tuple[str | None, str]]:
    """Where a candidate leads, each with the leaf that has to be in history for it."""
    ways = candidate.restoration.ways if candidate.restoration is not None else {}
    found: list[tuple[str | None, str]] = [(None, state.name) for state in model.rows_of(candidate.target)]
    found += [(recorded, state.name) for recorded, way in ways.items() for state in model.rows_of(way.target)]
    return found


def _all_candidates(row: model.Row) -> list[model.Candidate]:
    of_timers = (candidate for found in row.delayed.values() for candidate in found)
    return [*(candidate for found in row.on.values() for candidate in found), *row.automatic, *of_timers]


def _frozen(
    found: Mapping[KeyT, Sequence[model.Candidate]],
) -> dict[KeyT, tuple[model.Candidate, ...]]:
    return {key: tuple(candidates) for key, candidates in found.items()}
