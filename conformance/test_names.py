"""What is called differently: asked on both sides, under the name there and here (docs/coming-from-pystator.md)."""

from __future__ import annotations

from typing import Any

import pystator
import pytest

import pystator_runtime
from conformance.rows import row
from conformance.sides import both, interpreted, is_refused, meta, one
from pystator_runtime import TransitionHook
from support.machines import load

GUARDED = one(", guards: [g]")


def _compiled(text: str) -> Any:
    return load(meta() + text).MachineMachine


@row("`StateMachine.from_yaml(path)`, `from_dict`")
def test_a_file_is_read_there_and_compiled_here() -> None:
    assert not is_refused(one())
    assert _compiled(one())().process("a", "go", {}).success


@row("`machine.bind_guards(registry)`, `@machine.guard(name)`")
def test_functions_are_bound_by_the_same_names() -> None:
    there = pystator.GuardRegistry()
    there.register("g", lambda ctx: True)
    assert interpreted(GUARDED).bind_guards(there).process("a", "go", {}).success
    here = pystator_runtime.GuardRegistry({"g": lambda ctx: True})
    assert _compiled(GUARDED).unbound().bind_guards(here).process("a", "go", {}).success
    assert both(GUARDED, guards={"g": lambda ctx: True}).ours.process("a", "go", {}).success


@row("`machine.process(state, Event(trigger, payload), context)`")
def test_the_payload_is_part_of_the_context_here() -> None:
    machines = both(one(', guards: [{expr: "qty + n == 5"}]'))
    event = pystator.Event(trigger="go", payload={"qty": 3})
    assert machines.pystator.process("a", event, {"n": 2}).success
    assert machines.ours.process("a", "go", {"n": 2, "qty": 3}).success
    assert machines.ours.create(context={"n": 2}).handle(pystator_runtime.Event("go", {"qty": 3})).success


@row("`machine.create(entity_id=..., context=..., ...)`")
@row('`order.send("fill", qty=3)`, `order.fill(qty=3)`, `order.is_open`')
@row("`order.current_state` (text)")
def test_sessions_are_made_and_sent_events_by_the_same_names() -> None:
    machines = both(one("", "  - {trigger: next, source: b, dest: c}\n"))
    for machine in (machines.pystator, machines.ours):
        session = machine.create(entity_id="e1", context={"n": 1}, initial_state="a", execute_actions=False)
        assert session.send("go", qty=3).success
        assert session.is_b
        assert session.next(qty=3).success
        assert (session.entity_id, session.current_state) == ("e1", "c")
        assert session.context["n"] == 1


@row("`order.history`: all successes, always")
def test_history_holds_successes_there_and_the_last_results_here() -> None:
    machines = both(one())
    for session, kept in (
        (machines.pystator.create(), [True]),
        (machines.ours.create(), []),
        (machines.ours.create(history=2), [False, True]),
    ):
        session.send("nope")
        session.send("go")
        assert [result.success for result in session.history] == kept


@row("`order.context`, to be changed and assigned")
def test_the_context_of_a_session_is_assigned_there_and_only_read_here() -> None:
    """S8.2."""
    machines = both(one())
    session = machines.pystator.create(context={"n": 1})
    session.context["n"] = 2
    session.context = {**session.context, "m": 3}
    assert session.context == {"n": 2, "m": 3}
    with pytest.raises(AttributeError):
        machines.ours.create(context={"n": 1}).context = {}


@row("`machine.get_initial_state()` (an object)")
def test_the_initial_state_is_an_object_there_and_a_name_here() -> None:
    machines = both(one())
    assert machines.pystator.get_initial_state().name == "a"
    assert machines.ours.get_initial_state() == "a"


@row("`machine.state_names`, `trigger_names`, `transitions`")
def test_a_machine_tells_what_it_has() -> None:
    machines = both(one())
    there, here = machines.pystator, machines.ours
    assert list(map(str, here.states)) == there.state_names
    assert list(map(str, here.triggers)) == there.trigger_names
    assert [t["dest"] for t in here.definition["transitions"]] == [t.dest for t in there.transitions]


@row("`order.allowed_triggers`: sorted, those of automatic and delayed transitions too")
def test_allowed_triggers_are_those_that_can_be_sent_here() -> None:
    """S2.6."""
    more = "  - {trigger: back, source: a, dest: c}\n  - {source: a, dest: c, after: 5}\n"
    machines = both(one("", more + "  - {auto: true, source: a, dest: c, guards: [{expr: n > 0}]}\n"))
    assert machines.pystator.create().allowed_triggers == ["_after_a_5_ms", "_auto_a", "back", "go"]
    assert machines.ours.create(context={"n": 0}).allowed_triggers == ["go", "back"]


@row("`result.trigger` with `event_normalizer: upper`: in upper case")
def test_a_trigger_keeps_its_name_here() -> None:
    """S12.2."""
    machines = both(one(), ", event_normalizer: upper")
    assert machines.pystator.process("a", "Go", {}).trigger == "GO"
    assert machines.ours.process("a", "Go", {}).trigger == "go"


@row('`result.metadata["_history_updates"]`, `["action_results"]`')
def test_what_results_tell_has_names_of_its_own_here() -> None:
    text = """
states: [{name: p, type: initial, initial_child: a}, {name: a, parent: p}, {name: b}]
transitions: [{trigger: go, source: p, dest: b, actions: [x]}]
"""
    machines = both(text)
    there = machines.pystator.create(execute_actions=True).send("go")
    here = machines.ours.create(execute_actions=True).send("go")
    assert there.metadata["_history_updates"] == {"p": "a"} == dict(here.history_updates)
    assert [outcome["name"] for outcome in there.metadata["action_results"]] == ["x"]
    assert [outcome.action_name for outcome in here.execution.action_results] == ["x"]


@row("`@machine.on_enter(state)`, `on_exit`, `on_transition`")
def test_callbacks_of_a_machine_are_hooks_of_a_session_here() -> None:
    machines = both(one())
    told: list[str] = []
    machines.pystator.on_enter("b")(lambda ctx: told.append("entered b"))
    machines.pystator.create().send("go")

    class Tells(TransitionHook):
        def after(self, entity_id: str, result: Any, context: Any) -> None:
            told.append(f"entered {result.target_state}")

    machines.ours.create(hooks=[Tells()]).send("go")
    assert told == ["entered b", "entered b"]


@row("`ActionExecutor(registry).execute(result, context)`")
def test_an_executor_changes_the_context_only_there() -> None:
    """S8.1."""
    machines = both(one(", actions: [x]"), actions={"x": lambda ctx: ctx.update(q=1)})
    context: dict[str, Any] = {}
    result = machines.pystator.process("a", "go", context)
    pystator.ActionExecutor(machines.pystator.action_registry).execute(result, context)
    assert context["q"] == 1
    unchanged: dict[str, Any] = {}
    result = machines.ours.process("a", "go", unchanged)
    execution = pystator_runtime.ActionExecutor(machines.ours).execute(result, unchanged)
    assert (unchanged, dict(execution.changes)) == ({}, {"q": 1})


@row(
    "`EntitySession(defer_unhandled=True)`, `apply_data`, `record`, `workflow_status`, `evaluate_destination`, `lint`, "
    "diagrams"
)
def test_some_things_are_only_there() -> None:
    machines = both(one())
    there, here = machines.pystator.create(), machines.ours.create()
    for name in ("apply_data", "record", "workflow_status", "evaluate_destination", "deferred_events"):
        assert hasattr(there, name)
        assert not hasattr(here, name)
    for name in ("evaluate_destination", "lint", "to_mermaid"):
        assert hasattr(machines.pystator, name)
        assert not hasattr(machines.ours, name)


def test_a_snapshot_that_pystator_has_written_is_read_here() -> None:
    machines = both(one("", "  - {trigger: next, source: b, dest: z}\n"))
    there = machines.pystator.create(entity_id="e1", context={"n": 1})
    there.send("go")
    ours = machines.ours
    here = ours.session_class.from_snapshot(ours, there.snapshot())
    assert (here.entity_id, here.current_state, here.context) == ("e1", "b", {"n": 1})
    assert here.send("next").success
