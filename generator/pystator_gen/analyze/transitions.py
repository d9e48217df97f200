"""The transitions: sources and destinations looked up, choices resolved, candidates in the order of `S2`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings, nearest
from pystator_gen.analyze.functions import Functions
from pystator_gen.document import NodePath
from pystator_gen.parse.models import MachineDocument, Transition

ANYWHERE = "*"
"""The source that stands for every state that is not terminal (`S2.3`)."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One transition of the source with its names looked up; ``target`` is ``None`` if it is internal."""

    index: int
    written: Transition
    sources: tuple[model.State, ...]
    anywhere: bool
    target: model.State | None
    guards: tuple[model.Guard, ...]
    actions: model.Plan

    @property
    def path(self) -> NodePath:
        """Where it stands."""
        return ("transitions", self.index)

    def label(self, source: model.State) -> str:
        """Its trigger, or what it is called where it has none (`S2.6`)."""
        return self.written.trigger or f"_auto_{source.name}"


def resolve_transitions(
    parsed: MachineDocument, states: Mapping[str, model.State], functions: Functions, findings: Findings
) -> list[Resolved]:
    """All transitions, those within one level in the order in which they are asked (`S2.1`)."""
    resolved = [
        _resolve(index, transition, states, functions, findings) for index, transition in enumerate(parsed.transitions)
    ]
    _refuse_mixed_labels(resolved, findings)
    return sorted(resolved, key=lambda transition: transition.written.priority or 0)


def by_source(transitions: Sequence[Resolved]) -> Mapping[str, list[Resolved]]:
    """The transitions that name each state as a source, in their order."""
    found: dict[str, list[Resolved]] = {}
    for transition in transitions:
        for source in transition.sources:
            found.setdefault(source.name, []).append(transition)
    return found


def _resolve(
    index: int,
    transition: Transition,
    states: Mapping[str, model.State],
    functions: Functions,
    findings: Findings,
) -> Resolved:
    path = ("transitions", index)
    sources: dict[str, model.State] = {}
    several = len(transition.source) > 1
    for position, name in enumerate(transition.source):
        place = (*path, "source", position) if several else (*path, "source")
        if name == ANYWHERE:
            continue
        state = _look_up(name, states, place, findings)
        if state is None:
            continue
        if state.is_terminal:
            findings.error(
                codes.LEAVES_TERMINAL,
                f"`{name}` is terminal: no transition can leave it (S1.3)",
                place,
                "give the state another type, or take it out of `source`",
            )
        sources[name] = state
    return Resolved(
        index,
        transition,
        tuple(sources.values()),
        ANYWHERE in transition.source,
        _target(transition, sources, states, path, findings),
        functions.guards(transition.guards, (*path, "guards")),
        functions.plan(transition.actions, (*path, "actions")),
    )


def _target(
    transition: Transition,
    sources: Mapping[str, model.State],
    states: Mapping[str, model.State],
    path: NodePath,
    findings: Findings,
) -> model.State | None:
    if transition.dest is None:  # it is internal, or parsing has reported it
        return None
    target = _look_up(transition.dest, states, (*path, "dest"), findings)
    if not transition.internal:
        return target
    if target is not None and target.name not in sources and ANYWHERE not in transition.source:
        findings.error(
            codes.INTERNAL_DESTINATION,
            f"an internal transition stays where it is, but `{target.name}` is none of its sources (S3.4)",
            (*path, "dest"),
            "leave `dest` out",
        )
    return None


def _look_up(name: str, states: Mapping[str, model.State], path: NodePath, findings: Findings) -> model.State | None:
    state = states.get(name)
    if state is None:
        findings.error(
            codes.UNKNOWN_STATE, f"there is no state `{name}`", path, nearest(name, states) or "define it in `states`"
        )
    return state


def _refuse_mixed_labels(transitions: Sequence[Resolved], findings: Findings) -> None:
    """A name can't be both: the label of an automatic transition is never accepted from outside (`S2.6`)."""
    triggers = {t.written.trigger: t for t in transitions if not t.written.auto and not leads_from_choices_only(t)}
    for transition in transitions:
        label = transition.written.trigger
        if transition.written.auto and label in triggers and not leads_from_choices_only(transition):
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
        and all(not source.can_rest for source in transition.sources)
    )
