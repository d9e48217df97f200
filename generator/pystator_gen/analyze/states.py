"""The states: which there are, which is the initial one, and what is said about each (`S1`)."""

from __future__ import annotations

from collections.abc import Mapping

from pystator_gen import codes, model, naming
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.functions import Functions
from pystator_gen.analyze.tree import Tree
from pystator_gen.parse.models import MachineDocument, State

_NOT_YET = {
    "regions": "parallel states (`regions`)",
}


def refuse_unsupported(parsed: MachineDocument, findings: Findings) -> None:
    """Name everything that can be said in the format and not be generated yet."""
    for index, state in enumerate(parsed.states):
        path = ("states", index)
        for key, feature in _NOT_YET.items():
            if getattr(state, key):
                _refuse(findings, feature, (*path, key))
        if state.type == "parallel" and not state.regions:
            _refuse(findings, "parallel states (`type: parallel`)", (*path, "type"))
    for index, transition in enumerate(parsed.transitions):
        path = ("transitions", index)
        if transition.region is not None:
            _refuse(findings, "parallel states (`region`)", (*path, "region"))


def _refuse(findings: Findings, feature: str, path: tuple[str | int, ...]) -> None:
    findings.error(codes.NOT_SUPPORTED, f"not supported yet: {feature}", path)


def resolve_states(
    parsed: MachineDocument, tree: Tree, functions: Functions, findings: Findings
) -> tuple[Mapping[str, model.State], model.State | None]:
    """All states by name, in order of definition, and the initial one (`S1.2`)."""
    states: dict[str, model.State] = {}
    for index, state in enumerate(parsed.states):
        if state.name in states:
            continue  # parsing has reported it
        states[state.name] = _resolve(index, state, tree, functions, findings)
    return states, _initial(parsed, states, findings)


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
    return model.State(
        name=state.name,
        member=naming.enum_member(state.name),
        query=naming.state_property(state.name),
        kind=state.type,
        description=state.description or "",
        group=state.group,
        ancestors=tree.ancestors(state.name),
        is_compound=state.name in tree.initial_children,
        entry=functions.plan(state.on_enter, (*path, "on_enter")),
        exit=functions.plan(state.on_exit, (*path, "on_exit")),
    )


def _initial(parsed: MachineDocument, states: Mapping[str, model.State], findings: Findings) -> model.State | None:
    every = [(index, state) for index, state in enumerate(parsed.states) if state.type == "initial"]
    found = [(index, state) for index, state in every if state.parent is None]
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
