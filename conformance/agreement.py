"""The same machine, the same events: results, states and contexts compared."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pystator import StateMachine
from pystator.instance import EntitySession

from conformance.sides import Both, Functions
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source
from pystator_runtime import ActionError
from support.machines import load, machine_class

Definition = Mapping[str, Any]


class Compared:
    """A machine on both sides, every transition marked by an action of its own.

    So a result tells which transition was taken, and with that where it was declared to lead.
    """

    def __init__(self, definition: Definition, guards: Functions, *, validated: bool = True) -> None:
        self.definition = copy.deepcopy(dict(definition))
        for number, transition in enumerate(self.definition["transitions"]):
            if not _is_choice(definition, transition["source"]):  # "actions of a choice's branches"
                transition["actions"] = [*_listed(transition.get("actions")), f"mark_{number}"]
        self.around = {state["name"]: state.get("parent") for state in definition["states"]}
        self.sides = Both(_interpreted(self.definition, validated), _compiled(self.definition))
        self._bind(guards)

    def _bind(self, guards: Functions) -> None:
        theirs, ours = self.sides.pystator, self.sides.ours
        for name, guard in guards.items():
            theirs.guard(name)(guard)
        for name in ours.chart.guards:
            ours.guard(name)(guards[name])
        for name in ours.chart.actions:
            for machine in (theirs, ours):
                machine.action(name)(lambda ctx: None)

    def resting(self) -> list[str]:
        """Where an entity can be: the states without children."""
        return [str(name) for name in self.sides.ours.chart.rows if name not in self.around.values()]

    def decide(self, state: str, trigger: str, context: Mapping[str, Any]) -> bool:
        """Ask both for a decision, and compare; whether the event was taken."""
        theirs = self.sides.pystator.process(state, trigger, copy.deepcopy(dict(context)))
        ours = self.sides.ours.process(state, trigger, copy.deepcopy(dict(context)))
        place = (state, trigger, context)
        if type(ours.error) is ActionError:  # "an effect that fails"
            assert theirs.success, place
            return False
        if ours.metadata.get("reason") in ("payload_validation", "context_validation"):
            # "an event without its declared payload", "`validate_context: true` in a session or `process`"
            return False
        assert outcome(ours) == outcome(theirs), place
        if not theirs.success or theirs.metadata.get("no_op"):
            return False
        destination = self._declared(ours)
        if destination is None or not self._encloses(destination, state):
            assert phases(ours) == phases(theirs), place
        else:
            # "a transition from a state to itself", "a transition to a state that encloses the active one"
            assert names(ours.actions_to_execute) == names(theirs.actions_to_execute), place
            if destination.startswith("H"):  # "`H(p)` and `H*(p)` from inside `p`"
                return True
        # "automatic transitions": the first step is the event's own
        assert str(ours.steps[0].target_state) == theirs.target_state, place
        return True

    def move(self, configs: tuple[Any, Any], trigger: str, context: Mapping[str, Any]) -> tuple[Any, Any]:
        """Send both configurations of a parallel state an event, and compare; those that come of it."""
        theirs, results = self.sides.pystator.process_parallel(configs[0], trigger, copy.deepcopy(dict(context)))
        ours, result = self.sides.ours.process_parallel(configs[1], trigger, copy.deepcopy(dict(context)))
        place = (str(configs[1]), trigger, context)
        assert ours.to_string() == theirs.to_string(), place
        # "an event that nothing in the parallel state takes", "`process_parallel(config, trigger, context)`"
        assert (result.success and not result.metadata.get("no_op")) is bool(results), place
        assert list(result.all_actions) == [name for one in results for name in names(one.all_action_specs)], place
        return theirs, ours

    def _declared(self, result: Any) -> str | None:
        """Where the transition that was taken is declared to lead; None where it stays."""
        (mark,) = (name for name in names(result.actions_to_execute) if name.startswith("mark_"))
        transition = self.definition["transitions"][int(mark.removeprefix("mark_"))]
        return None if transition.get("internal") else transition["dest"]

    def _encloses(self, destination: str, state: str) -> bool:
        name = destination.removeprefix("H").strip("*()").rpartition(":")[2]
        return name in self.active(state)

    def active(self, state: str) -> list[str]:
        """A state and those around it."""
        found = [state]
        while self.around[found[-1]] is not None:
            found.append(self.around[found[-1]])
        return found


class Lives:
    """An entity on both sides, in sessions that run their actions."""

    def __init__(self, machines: Compared, context: Mapping[str, Any]) -> None:
        self.machines = machines
        theirs, ours = machines.sides.pystator, machines.sides.ours
        self.theirs = theirs.create(entity_id="e1", context=copy.deepcopy(dict(context)), execute_actions=True)
        self.ours = ours.create("e1", copy.deepcopy(dict(context)), execute_actions=True)
        self.check("create")

    def happen(self, happening: Any, *, is_async: bool) -> None:
        """One happening on both sides, and all that can be compared after it."""
        if happening == "restore":
            self._restore()
        else:
            self._send(*happening, is_async=is_async)
        self.check(happening)

    def _send(self, trigger: str, payload: Mapping[str, Any], *, is_async: bool) -> None:
        before = len(self.theirs.history)
        if is_async:
            first = asyncio.run(self.theirs.asend(trigger, **copy.deepcopy(payload)))
            ours = asyncio.run(self.ours.asend(trigger, **copy.deepcopy(payload)))
        else:
            first = self.theirs.send(trigger, **copy.deepcopy(payload))
            ours = self.ours.send(trigger, **copy.deepcopy(payload))
        assert outcome(ours) == outcome(first), (trigger, payload)
        # "automatic transitions": results of their own there
        results = self.theirs.history[before:]
        planned = [name for result in results for name in names(result.all_action_specs)]
        assert list(ours.all_actions) == planned, (trigger, payload)

    def _restore(self) -> None:
        theirs, ours = self.machines.sides.pystator, self.machines.sides.ours
        self.theirs = EntitySession.from_snapshot(theirs, json.loads(json.dumps(self.theirs.snapshot())))
        snapshot = json.loads(json.dumps(self.ours.snapshot()))
        self.ours = ours.session_class.from_snapshot(ours, snapshot, execute_actions=True)

    def check(self, *place: object) -> None:
        theirs, ours = self.theirs.snapshot(), self.ours.snapshot()
        for key in ("entity_id", "current_state", "machine_name", "machine_version"):
            assert ours[key] == theirs[key], (*place, key)
        assert str(self.ours.current_state) == self.theirs.current_state, place
        assert timeless(self.ours.context) == timeless(self.theirs.context), place
        assert self.ours.is_final is self.theirs.is_final, place
        if not self.ours.is_final:  # "a terminal state inside another one", "`order.allowed_triggers`: sorted, …"
            allowed = {trigger for trigger in self.theirs.allowed_triggers if not trigger.startswith("_")}
            assert {*map(str, self.ours.allowed_triggers)} == allowed, place
        for state in self.machines.resting():  # "`is_<state>` of a state around the active one"
            assert getattr(self.ours, f"is_{state}") is getattr(self.theirs, f"is_{state}"), (*place, state)


def outcome(result: Any) -> tuple[object, ...]:
    """Success, the kind of error and what is said about it; as far as both say something."""
    reason = result.metadata.get("reason")
    told = reason if reason in ("guards_failed", "terminal_state") else None
    no_op = bool(result.metadata.get("no_op"))
    # "`result.trigger` with `event_normalizer: upper`"
    return result.success, type(result.error).__name__, told, no_op, str(result.source_state), result.trigger.lower()


def names(specs: Iterable[Any]) -> list[str]:
    """The application's actions. "effects (`set`, `increment`, …)" are actions there, and data here."""
    return [spec.name for spec in specs if not spec.name.startswith("_effect.")]


def phases(result: Any) -> list[list[str]]:
    """Exit, transition and entry actions."""
    return [names(result.on_exit_actions), names(result.actions_to_execute), names(result.on_enter_actions)]


def timeless(context: Mapping[str, Any]) -> dict[str, Any]:
    """A context without the moment. "what an action writes to `ctx`": `new_status` is PyStator's own."""
    return {key: "now" if key == "at" else value for key, value in context.items() if key != "new_status"}


def _interpreted(definition: Definition, validated: bool) -> Any:
    if validated:
        assert StateMachine.validate_config(copy.deepcopy(dict(definition))) == []
    return StateMachine.from_dict(copy.deepcopy(dict(definition)))


def _compiled(definition: Definition) -> Any:
    return machine_class(load(json.dumps(definition))).unbound()


def is_read_by_both(definition: Definition) -> bool:
    """Whether a definition is valid there, and has no errors here."""
    if StateMachine.validate_config(copy.deepcopy(dict(definition))):
        return False
    return bool(compile_source(Source("machine.yaml", json.dumps(definition)))[0])


def _is_choice(definition: Definition, source: Any) -> bool:
    choices = {state["name"] for state in definition["states"] if state.get("type") == "choice"}
    return not choices.isdisjoint(_listed(source))


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
