"""The states: which there are, which is the initial one, and what is said about each (`S1`)."""

from __future__ import annotations

from collections.abc import Mapping

from pystator_gen import codes, model, naming
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.functions import Functions
from pystator_gen.analyze.regions import is_region
from pystator_gen.analyze.tree import Active, Tree
from pystator_gen.parse.models import MachineDocument, State


def resolve_states(
    parsed: MachineDocument, tree: Tree, functions: Functions, findings: Findings
) -> tuple[Mapping[str, model.State], model.State | None]:
    """All states by name, in order of definition, and the initial one (`S1.2`)."""
    states: dict[str, model.State] = {}
    for index, state in enumerate(parsed.states):
        if state.name in states:
            continue  # parsing has reported it
        states[state.name] = _resolve(index, state, tree, functions, findings)
    return states, _initial(parsed, states, tree, findings)


def _resolve(index: int, state: State, tree: Tree, functions: Functions, findings: Findings) -> model.State:
    path = ("states", index)
    if state.type == "choice" and (state.on_enter or state.on_exit):
        key = "on_enter" if state.on_enter else "on_exit"
        findings.error(
            codes.BAD_CHOICE,
            f"choice `{state.name}` has `{key}`, but a choice is only passed through (S7.3)",
            (*path, key),
            "put these actions on the transitions that lead out of it",
        )
    region = tree.region(state.name)
    return model.State(
        name=state.name,
        member=naming.enum_member(state.name),
        query=naming.state_property(state.name),
        kind=state.type,
        description=state.description or "",
        group=state.group,
        ancestors=tuple(node for node in tree.ancestors(state.name) if not is_region(node)),
        region=None if region is None else model.RegionName(region.container, region.name),
        is_compound=state.name in tree.initial_children,
        is_parallel=state.name in tree.regions,
        entry=functions.plan(state.on_enter, (*path, "on_enter")),
        exit=functions.plan(state.on_exit, (*path, "on_exit")),
    )


def _initial(
    parsed: MachineDocument, states: Mapping[str, model.State], tree: Tree, findings: Findings
) -> model.State | None:
    every = [(index, state) for index, state in enumerate(parsed.states) if state.type == "initial"]
    found = [(index, state) for index, state in every if tree.parents[state.name] is None]
    for index, state in every:
        if state.parent is None and tree.parents[state.name] is not None:
            findings.error(
                codes.BAD_NESTING,
                f"`{state.name}` lies in a region and can't have `type: initial` (S1.2)",
                ("states", index, "type"),
                "leave `type` out: a region says itself in which state it starts",
            )
    if every and not found:
        return None  # it lies in another one, which is reported
    if not found:
        findings.error(
            codes.NO_INITIAL, "no state has `type: initial`", ("states",), "give it to the state that entities start in"
        )
        return None
    first = found[0]
    for index, state in found[1:]:
        findings.error(
            codes.NO_INITIAL,
            f"`{state.name}` is a second state with `type: initial`",
            ("states", index, "type"),
            "only one state can be the initial one",
            related=(("states", first[0], "type"), f"`{first[1].name}` is the first"),
        )
    return states[first[1].name]


def with_states(active: Active, states: Mapping[str, model.State]) -> model.Active:
    """What is active, with states in the place of their names."""
    if isinstance(active, str):
        return states[active]
    parts = {region.name: with_states(part, states) for region, part in active.regions}
    return model.Configuration(states[active.container], parts)
