"""A second, trivial implementation of the semantics of flat machines, to hold the real one against.

It walks the definition as the YAML says it, looks everything up anew and copies everything. It knows the forms that
:mod:`support.random_machines` makes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Definition = Mapping[str, Any]


@dataclass
class Outcome:
    """What became of an event; ``error`` is the name of the error's class."""

    state: str
    context: dict[str, Any]
    error: str | None = None
    actions: list[str] = field(default_factory=list)
    is_no_op: bool = False


class _EffectFailedError(Exception):
    """An effect or a condition failed."""


@dataclass(frozen=True)
class _Candidate:
    guards: list[Any]
    plan: list[Any]
    target: str


def fire(machine: Definition, state: str, trigger: str, context: Mapping[str, Any]) -> Outcome:
    """What ``trigger`` does in ``state``; ``context`` has the payload in it (S2.4, S7, S8.2)."""
    refused = Outcome(state, dict(context))
    if _state(machine, state).get("type") == "terminal":
        refused.error = "TerminalStateError"
        return refused
    found = _candidates(machine, state, trigger)
    if not found:
        if not machine["meta"]["strict_mode"]:
            refused.is_no_op = True
            return refused
        known = {t["trigger"] for t in machine["transitions"] if _can_be_sent(machine, t)}
        refused.error = "InvalidTransitionError" if trigger in known else "UndefinedTriggerError"
        return refused
    chosen = _choose(found, context)
    if chosen is None:
        refused.error = "InvalidTransitionError"
        return refused
    return _settle(machine, refused, *_take(chosen), dict(context))


def start(machine: Definition, context: Mapping[str, Any]) -> Outcome:
    """What coming into being does (S3.5)."""
    (initial,) = (state["name"] for state in machine["states"] if state.get("type") == "initial")
    refused = Outcome(initial, dict(context))
    entry = list(_state(machine, initial).get("on_enter", []))
    return _settle(machine, refused, entry, initial, dict(context))


def _settle(machine: Definition, refused: Outcome, plan: list[Any], state: str, context: dict[str, Any]) -> Outcome:
    names: list[str] = []
    for rounds in range(102):
        if rounds == 101:
            refused.error = "AutoTransitionLoopError"
            return refused
        try:
            _carry_out(plan, context, names)
        except _EffectFailedError:
            refused.error = "ActionError"
            return refused
        chosen = _choose(_candidates(machine, state, None), context)
        if chosen is None:
            return Outcome(state, context, None, names)
        plan, state = _take(chosen)
    raise AssertionError("unreachable")


def _take(candidate: _Candidate) -> tuple[list[Any], str]:
    return candidate.plan, candidate.target


def _state(machine: Definition, name: str) -> Mapping[str, Any]:
    return next(state for state in machine["states"] if state["name"] == name)


def _sources(transition: Mapping[str, Any]) -> list[str]:
    source = transition["source"]
    return [source] if isinstance(source, str) else list(source)


def _can_be_sent(machine: Definition, transition: Mapping[str, Any]) -> bool:
    if transition.get("auto"):
        return False
    return any(source == "*" or _state(machine, source).get("type") != "choice" for source in _sources(transition))


def _in_order(transitions: list[Any]) -> list[Any]:
    return sorted(transitions, key=lambda transition: transition.get("priority", 0))


def _candidates(machine: Definition, state: str, trigger: str | None) -> list[_Candidate]:
    """Candidates of an event or, without a trigger, the automatic ones (S2.1, S2.3, S7.3)."""
    if _state(machine, state).get("type") == "terminal":
        return []
    asked = [
        transition
        for transition in machine["transitions"]
        if (transition.get("auto") if trigger is None else transition.get("trigger") == trigger)
    ]
    own = [transition for transition in asked if state in _sources(transition)]
    general = [t for t in asked if "*" in _sources(t) and t not in own]
    return [
        candidate
        for transition in (*_in_order(own), *_in_order(general))
        for candidate in _resolved(machine, state, transition)
    ]


def _resolved(machine: Definition, state: str, transition: Mapping[str, Any]) -> list[_Candidate]:
    guards, actions = list(transition.get("guards", [])), list(transition.get("actions", []))
    if transition.get("internal"):
        return [_Candidate(guards, actions, state)]
    leave = list(_state(machine, state).get("on_exit", []))
    legs: list[tuple[list[Any], list[Any], str]] = [([], [], transition["dest"])]
    if _state(machine, transition["dest"]).get("type") == "choice":
        branches = [t for t in machine["transitions"] if transition["dest"] in _sources(t)]
        legs = [
            (list(branch.get("guards", [])), list(branch.get("actions", [])), branch["dest"])
            for branch in _in_order(branches)
        ]
    return [
        _Candidate(
            [*guards, *more],
            [*leave, *actions, *onward, *_state(machine, target).get("on_enter", [])],
            target,
        )
        for more, onward, target in legs
    ]


def _choose(candidates: list[_Candidate], context: Mapping[str, Any]) -> _Candidate | None:
    for candidate in candidates:
        if all(_verdict(guard, context) is True for guard in candidate.guards):
            return candidate
    return None


def _verdict(guard: Any, context: Mapping[str, Any]) -> bool | None:
    """True, False, or None where it raises (S5.3)."""
    if isinstance(guard, str):
        value = context.get(guard)
        return None if value == "raise" else bool(value)
    ((form, body),) = guard.items()
    if form == "expr":
        try:
            return bool(_evaluated(body, context))
        except _EffectFailedError:
            return None
    if form == "check":
        value = context.get(body["field"])
        if body["op"] == "is_set":
            return value is not None
        return isinstance(value, (int, float)) and value > body["value"]
    if form == "not":
        inner = _verdict(body, context)
        return None if inner is None else not inner
    verdicts = (_verdict(child, context) for child in body)
    if form == "allOf":
        return next((verdict for verdict in verdicts if verdict is not True), True)
    seen = list(verdicts)
    if True in seen:
        return True
    return None if None in seen else False


def _evaluated(text: str, context: Mapping[str, Any]) -> Any:
    try:
        return eval(text, {"__builtins__": {}}, dict(context))  # the texts are our own
    except Exception as error:
        raise _EffectFailedError from error


def _carry_out(plan: list[Any], context: dict[str, Any], names: list[str]) -> None:
    for entry in plan:
        if isinstance(entry, str):
            names.append(entry)
            continue
        if "when" in entry and not _evaluated(entry["when"], context):
            continue
        if "name" in entry:
            names.append(entry["name"])
        else:
            _apply(entry, context)


def _apply(entry: Mapping[str, Any], context: dict[str, Any]) -> None:
    """One effect (S8.2)."""
    form = next(key for key in entry if key != "when")
    body = entry[form]
    if form == "set":
        context.update(copy.deepcopy(body))
    elif form in ("increment", "decrement"):
        value = context.get(body, 0)
        if type(value) not in (int, float):
            raise _EffectFailedError
        context[body] = value + (1 if form == "increment" else -1)
    elif form == "append":
        value = context.get(body["field"], [])
        if not isinstance(value, list):
            raise _EffectFailedError
        context[body["field"]] = [*value, copy.deepcopy(body["value"])]
    elif form == "clear":
        context.pop(body, None)
    else:
        for key, text in body.items():
            context[key] = _evaluated(text, context)
