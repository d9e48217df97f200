"""The transitions: sources and destinations looked up, candidates in the order in which they are asked (`S2.1`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.functions import Functions
from pystator_gen.analyze.tree import Tree
from pystator_gen.document import NodePath
from pystator_gen.parse.models import MachineDocument, State, Transition
from pystator_gen.spelling import nearest

ANYWHERE = "*"
"""The source that stands for every state that is not terminal (`S2.3`)."""

JOIN = "_join_"
"""What the trigger of a transition that joins regions starts with (`S6.6`)."""

_HISTORY = re.compile(r"(?P<kind>H\*?)\((?P<state>[a-z0-9_]+)\)")


@dataclass(frozen=True, slots=True)
class Destination:
    """The declared destination of a transition; ``restores`` if it is the history of that state."""

    state: model.State
    restores: model.Restores | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """One transition of the source with its names looked up; ``path`` is where it stands.

    ``destination`` is ``None`` if it is internal. ``delay`` is in milliseconds, ``None`` if it does not wait. Where it
    starts from anywhere, ``region`` is the key of the region that this is confined to (`S2.3`).
    """

    path: NodePath
    sources: tuple[model.State, ...]
    anywhere: bool
    destination: Destination | None
    guards: tuple[model.Guard, ...] = ()
    actions: model.Plan = ()
    trigger: str | None = None
    automatic: bool = False
    internal: bool = False
    delay: int | None = None
    priority: int = 0
    description: str = ""
    refs: tuple[str, ...] = ()
    is_timeout: bool = False
    region: str | None = None

    @property
    def is_sendable(self) -> bool:
        """Whether its trigger, if it has one, may be sent from outside (`S2.6`)."""
        return not self.automatic and self.trigger is not None

    @property
    def is_join(self) -> bool:
        """Whether it waits for the regions of a parallel state to finish (`S6.6`)."""
        return self.automatic and self.trigger is not None and self.trigger.startswith(JOIN)

    def label(self, source: model.State) -> str:
        """Its trigger, or what it is called where it has none (`S2.6`, `S9.4`)."""
        if self.is_timeout:
            return f"_timeout_{source.name}"
        if self.trigger is not None:
            return self.trigger
        return f"_auto_{source.name}" if self.delay is None else f"_after_{source.name}_{self.delay}_ms"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds the states that transitions name: by their own name, or as a point that another state declares."""

    states: Mapping[str, model.State]
    tree: Tree
    points: Mapping[tuple[str, str], tuple[str, ...]]
    findings: Findings

    def source(self, name: str, path: NodePath) -> model.State | None:
        """The state that a source names; ``p:point`` is an exit point of ``p`` (`S12.2`)."""
        return self._find(name, "exit", path)

    def destination(self, name: str, path: NodePath) -> Destination | None:
        """What a destination names; ``p:point`` is an entry point of ``p`` (`S12.2`), ``H(p)`` its history (`S4.2`)."""
        history = _HISTORY.fullmatch(name)
        state = self._find(history["state"] if history else name, "entry", path)
        if state is None or history is None:
            return None if state is None else Destination(state)
        if not (state.is_compound or state.is_parallel or state.kind == "parallel"):  # or its regions are missing
            self.findings.error(
                codes.BAD_HISTORY,
                f"`{state.name}` has no children, and so no history to go back to (S4.2)",
                path,
                f"write `{state.name}`",
            )
        return Destination(state, model.Restores(history["kind"]))

    def _find(self, name: str, kind: str, path: NodePath) -> model.State | None:
        parent, colon, point = name.partition(":")
        known = self.points.get((parent, kind), ())
        if colon and parent in self.states and point not in known:
            message = f"`{parent}` declares no {kind} point `{point}`"
            hint = nearest(point, known) or f"list it in the `{kind}_points` of `{parent}`"
            self.findings.error(codes.BAD_POINT, message, path, hint)
            return None
        wanted = point if colon and parent in self.states else parent
        state = self.states.get(wanted)
        if state is None:
            self.findings.unknown_state(wanted, self.states, path)
        return state


def resolve_points(
    parsed: MachineDocument, states: Mapping[str, model.State], findings: Findings
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The entry and exit points that each state declares: names of states that lie in it."""
    points: dict[tuple[str, str], tuple[str, ...]] = {}
    for index, state in enumerate(parsed.states):
        for kind, declared in (("entry", state.entry_points), ("exit", state.exit_points)):
            points[state.name, kind] = declared
            for position, point in enumerate(declared):
                path = ("states", index, f"{kind}_points", position)
                if point not in states:
                    findings.unknown_state(point, states, path)
                elif state.name not in states[point].ancestors:
                    findings.error(
                        codes.BAD_POINT,
                        f"`{point}` does not lie in `{state.name}`, so it can't be an {kind} point of it",
                        path,
                        f"name a state whose `parent` is `{state.name}`, or one that lies deeper in it",
                    )
    return points


def resolve_transitions(
    parsed: MachineDocument, states: Mapping[str, model.State], tree: Tree, functions: Functions, findings: Findings
) -> list[Resolved]:
    """All transitions and timeouts, those within one level in the order in which they are asked (`S2.1`)."""
    lookup = Lookup(states, tree, resolve_points(parsed, states, findings), findings)
    resolved = [_resolve(index, transition, lookup, functions) for index, transition in enumerate(parsed.transitions)]
    _refuse_mixed_labels(resolved, findings)
    timeouts = [_timeout(index, state, lookup) for index, state in enumerate(parsed.states)]
    found = (*(timeout for timeout in timeouts if timeout is not None), *resolved)
    return sorted(found, key=lambda transition: transition.priority)


def by_source(transitions: Sequence[Resolved]) -> Mapping[str, list[Resolved]]:
    """The transitions that name each state as a source, in their order."""
    found: dict[str, list[Resolved]] = {}
    for transition in transitions:
        for source in transition.sources:
            found.setdefault(source.name, []).append(transition)
    return found


def _resolve(index: int, transition: Transition, lookup: Lookup, functions: Functions) -> Resolved:
    path = ("transitions", index)
    sources = _sources(transition, lookup, path)
    anywhere = ANYWHERE in transition.source
    if transition.after is not None and anywhere:
        lookup.findings.error(
            codes.BAD_TIMER,
            "a delayed transition belongs to the states it starts from, so its source can't be `*` (S9.1)",
            (*path, "source", transition.source.index(ANYWHERE)),
            "name the states in which it waits; a compound state stands for all that lie in it",
        )
    destination = _destination(transition, sources, lookup, path)
    is_join = _is_join(transition, sources, lookup, path)
    return Resolved(
        path,
        sources,
        anywhere,
        destination,
        functions.guards(transition.guards, (*path, "guards")),
        functions.plan(transition.actions, (*path, "actions")),
        transition.trigger,
        automatic=is_join or (transition.auto and transition.after is None),
        internal=transition.internal,
        delay=transition.after,
        priority=transition.priority or 0,
        description=transition.description or "",
        refs=transition.refs,
        region=_region(transition, sources, destination, lookup, path),
    )


def _is_join(transition: Transition, sources: Sequence[model.State], lookup: Lookup, path: NodePath) -> bool:
    """Whether a transition joins the regions of a parallel state, which it then has to start from (`S6.6`)."""
    joined = (transition.trigger or "").removeprefix(JOIN)
    if joined in ("", transition.trigger):
        return False  # a bare prefix is no name, which parsing has reported
    starts = {source.name for source in sources if source.kind != "choice"}
    if sources and not starts:
        return False  # a branch of a choice, whose trigger means nothing
    parallel = [name for name, state in lookup.states.items() if state.is_parallel or state.kind == "parallel"]
    if joined not in parallel:
        lookup.findings.error(
            codes.BAD_JOIN,
            f"`{transition.trigger}` joins regions, but `{joined}` is no parallel state (S6.6)",
            (*path, "trigger"),
            nearest(joined, parallel) or "triggers can't start with `_`",
        )
    elif starts - {joined} or ANYWHERE in transition.source:
        lookup.findings.error(
            codes.BAD_JOIN,
            f"`{transition.trigger}` joins the regions of `{joined}`, and so can start from nowhere else (S6.6)",
            (*path, "source"),
            f"write `source: {joined}`",
        )
    elif transition.after is not None:
        lookup.findings.error(
            codes.BAD_JOIN,
            f"`{transition.trigger}` fires as soon as the regions of `{joined}` have finished, and can't wait (S6.6)",
            (*path, "after"),
            "let it lead to a state with a `timeout`",
        )
    return True


def _region(
    transition: Transition,
    sources: Sequence[model.State],
    destination: Destination | None,
    lookup: Lookup,
    path: NodePath,
) -> str | None:
    """The key of the region that a transition from anywhere is confined to; its named sources have to lie in it."""
    if transition.region is None:
        return None
    tree, path = lookup.tree, (*path, "region")
    every = [region for regions in tree.regions.values() for region in regions]
    keys = {region.key for region in every if region.name == transition.region}
    if not keys:
        hint = nearest(transition.region, (region.name for region in every)) or "leave it out: the sources say enough"
        lookup.findings.error(codes.BAD_REGION, f"there is no region `{transition.region}`", path, hint)
        return None
    outside = [f"`{source.name}`" for source in sources if not keys.intersection(tree.ancestors(source.name))]
    if outside:
        lookup.findings.error(
            codes.BAD_REGION,
            f"{', '.join(outside)} {'does' if len(outside) == 1 else 'do'} not lie in the region "
            f"`{transition.region}` (S6.4)",
            path,
            "leave `region` out: the sources say where a transition applies",
        )
    if destination is not None and len(keys) > 1:
        keys = keys.intersection(tree.ancestors(destination.state.name)) or keys
    if ANYWHERE in transition.source and len(keys) > 1:
        lookup.findings.error(
            codes.BAD_REGION,
            f"there are {len(keys)} regions `{transition.region}`, so `*` does not say which is meant (S6.4)",
            path,
            "give them different names, or name the sources",
        )
    return min(keys)


def _timeout(index: int, state: State, lookup: Lookup) -> Resolved | None:
    """The delayed transition that a state's `timeout` stands for (`S9.3`)."""
    if state.timeout is None:
        return None
    path = ("states", index, "timeout")
    source = lookup.states[state.name]
    destination = lookup.destination(state.timeout.destination, (*path, "destination"))
    if source.is_terminal or source.kind == "choice":
        lookup.findings.error(
            codes.BAD_TIMER,
            f"`{state.name}` is a {source.kind} state, which no timeout can leave "
            f"({'S1.3' if source.is_terminal else 'S7.3'})",
            path,
            "give the state another type, or take its `timeout` away",
        )
        return None
    delay = round(state.timeout.seconds * 1000)  # parsing has refused what is no whole number
    return Resolved(path, (source,), False, destination, delay=delay, is_timeout=True)


def _sources(transition: Transition, lookup: Lookup, path: NodePath) -> tuple[model.State, ...]:
    sources: dict[str, model.State] = {}
    several = len(transition.source) > 1
    for position, name in enumerate(transition.source):
        if name == ANYWHERE:
            continue
        place = (*path, "source", position) if several else (*path, "source")
        state = lookup.source(name, place)
        if state is None:
            continue
        if state.is_terminal:
            lookup.findings.error(
                codes.LEAVES_TERMINAL,
                f"`{name}` is terminal: no transition can leave it (S1.3)",
                place,
                "give the state another type, or take it out of `source`",
            )
        sources[state.name] = state
    return tuple(sources.values())


def _destination(
    transition: Transition, sources: Sequence[model.State], lookup: Lookup, path: NodePath
) -> Destination | None:
    if transition.dest is None:  # it is internal, or parsing has reported it
        return None
    destination = lookup.destination(transition.dest, (*path, "dest"))
    if not transition.internal:
        return destination
    if destination is None:
        return None
    if destination.restores is not None:
        lookup.findings.error(
            codes.INTERNAL_DESTINATION,
            f"an internal transition stays where it is, and can't lead to `{transition.dest}` (S3.4)",
            (*path, "dest"),
            "leave `dest` out",
        )
    elif destination.state not in sources and ANYWHERE not in transition.source:
        lookup.findings.error(
            codes.INTERNAL_DESTINATION,
            f"an internal transition stays where it is, but `{destination.state.name}` is none of its sources (S3.4)",
            (*path, "dest"),
            "leave `dest` out",
        )
    return None


def _refuse_mixed_labels(transitions: Sequence[Resolved], findings: Findings) -> None:
    """A name can't be both: the label of an automatic transition is never accepted from outside (`S2.6`)."""
    triggers = {t.trigger: t for t in transitions if t.is_sendable and not leads_from_choices_only(t)}
    for transition in transitions:
        label = transition.trigger
        if transition.automatic and label in triggers and not leads_from_choices_only(transition):
            findings.error(
                codes.LABEL_IS_TRIGGER,
                f"`{label}` labels an automatic transition and is a trigger elsewhere, but a label can't be sent",
                (*transition.path, "trigger"),
                "leave `trigger` out here, or give it a name of its own",
                related=((*triggers[label].path, "trigger"), "here it is a trigger"),
            )


def leads_from_choices_only(transition: Resolved) -> bool:
    return (
        bool(transition.sources)
        and not transition.anywhere
        and all(source.kind == "choice" for source in transition.sources)
    )
