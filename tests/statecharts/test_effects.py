"""Effects and actions along chains of states (S8)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import ActionError, ActionExecutor, ExecutionMode
from support.doors import bound
from support.walks import Walker

CHAIN = bound(
    """
    state_variables:
      - {key: n, default: 0}  # of any type, so that it may be appended to, which fails
      - {key: log, type: array, default: []}
    states:
      - name: off
        type: initial
        on_exit: [{append: {field: log, value: off}}, leave_off]
      - name: outer
        initial_child: inner
        on_enter: [{compute: {n: "n * 10"}}, {append: {field: log, value: outer}}, {name: in_outer, when: "n > 50"}]
        on_exit: [{set: {left: outer}}, {clear: secret}, out_outer]
      - name: inner
        parent: outer
        on_enter: [{increment: n}, {append: {field: log, value: inner}}, {name: in_inner, when: "n == 51"}]
        on_exit: [{set: {left: inner}}, out_inner]
      - name: broken
        parent: outer
        on_enter: [{append: {field: n, value: 1}}]
    transitions:
      - {trigger: go, source: off, dest: outer, actions: [{set: {n: 5, secret: [1]}}, on_the_way]}
      - {trigger: go_broken, source: off, dest: broken, actions: [{set: {n: 5}}]}
      - {trigger: swap, source: inner, dest: broken}
      - {trigger: stop, source: outer, dest: off}
    """
)


def test_effects_of_all_levels_are_one_plan_in_order(walk: Walker) -> None:
    """S8.2: exit, transition, entry from the outside in, each seeing what those before did."""
    entity = walk(CHAIN, "off", {"n": 1, "log": []})
    result = entity.fire("go")
    assert result.changes == {"n": 51, "log": ["off", "outer", "inner"], "secret": [1]}
    assert entity.context == {"n": 51, "log": ["off", "outer", "inner"], "secret": [1]}


def test_conditions_are_asked_in_planned_order(walk: Walker) -> None:
    """S8.5: where an ancestor's entry says `when`, it sees neither more nor less than what was planned before."""
    entity = walk(CHAIN, "off", {"n": 1, "log": []})
    assert entity.did("go") == ["leave_off", "on_the_way", "in_inner"]


def test_the_innermost_exit_comes_first_and_the_last_write_stands(walk: Walker) -> None:
    """S8.2, S3.2."""
    entity = walk(CHAIN, "inner", {"n": 1, "log": [], "secret": "x"})
    assert entity.did("stop") == ["out_inner", "out_outer"]
    assert entity.context == {"n": 1, "log": [], "left": "outer"}
    assert entity.result.removed == ("secret",)


@pytest.mark.parametrize(("state", "trigger"), [("off", "go_broken"), ("inner", "swap")])
def test_an_effect_that_fails_on_any_level_fails_the_whole_step(walk: Walker, state: str, trigger: str) -> None:
    """S8.2: nothing is kept, history neither."""
    entity = walk(CHAIN, state, {"n": 1, "log": []})
    assert isinstance(entity.fire(trigger).error, ActionError)
    assert (entity.state, entity.context, entity.history) == (state, {"n": 1, "log": []}, {})


def test_a_literal_of_an_ancestor_is_fresh_for_each_entity() -> None:
    """S8.9."""
    one, other = (CHAIN.create(f"e{number}", {"n": 1}) for number in range(2))
    one.go()
    other.go()
    one.context["secret"].append(2)
    assert other.context["secret"] == [1]


ACTIONS = bound(
    """
    states:
      - {name: a, type: initial, initial_child: a1, on_exit: [out_a]}
      - {name: a1, parent: a, on_exit: [out_a1]}
      - {name: b, initial_child: b1, on_enter: [in_b]}
      - {name: b1, parent: b, on_enter: [in_b1]}
      - {name: c, on_enter: [in_c]}
    transitions:
      - {trigger: go, source: a, dest: b, actions: [on_the_way]}
      - {auto: true, source: b1, dest: c, guards: [{expr: "onward == 1"}], actions: [further]}
    """
)
PLANNED = ["out_a1", "out_a", "on_the_way", "in_b", "in_b1"]


def test_actions_run_after_the_commit_in_planned_order_and_see_the_committed_context() -> None:
    """S8.1."""
    seen: list[tuple[str, str, dict[str, Any]]] = []
    machine = ACTIONS.unbound()
    session: Any = None
    for name in machine.chart.actions:
        machine.action(name)(lambda ctx, name=name: seen.append((name, session.current_state, ctx["note"])))
    session = machine.create("e1", {"onward": 0}, execute_actions=True)
    session.send("go", note="x")
    assert seen == [(name, "b1", "x") for name in PLANNED]


def test_a_failing_action_of_an_ancestor_undoes_nothing() -> None:
    """S8.6: the rest still run, and every outcome is reported."""
    machine = ACTIONS.unbound()
    for name in machine.chart.actions:
        machine.action(name)((lambda ctx: 1 / 0) if name == "out_a" else (lambda ctx: None))
    session = machine.create("e1", {"onward": 0}, execute_actions=True)
    result = session.go()
    assert session.current_state == "b1"
    assert result.execution.failed_actions == ["out_a"]
    assert result.execution.succeeded_actions == [name for name in PLANNED if name != "out_a"]


def _slower(name: str, order: list[str]) -> Any:
    """An async action that takes longer where it would come first."""

    async def run(ctx: Any) -> None:
        for _ in range(5 if name in ("out_a1", "in_b") else 0):
            await asyncio.sleep(0)
        order.append(name)

    return run


def test_phases_hold_the_exits_and_entries_of_all_levels_together() -> None:
    """S8.7: exit of all levels at once, then the transition, then entry; step after step."""
    order: list[str] = []
    machine = ACTIONS.unbound()
    for name in machine.chart.actions:
        machine.action(name)(_slower(name, order))
    result = machine.process("a1", "go", {"onward": 1})
    executor = ActionExecutor(machine, mode=ExecutionMode.PHASED)
    asyncio.run(executor.async_execute(result, {"onward": 1}))
    assert order == ["out_a", "out_a1", "on_the_way", "in_b1", "in_b", "further", "in_c"]


def test_an_event_sent_by_an_action_of_an_inner_state_waits_until_the_step_is_over() -> None:
    """S8.8: run to completion; the sender is told that it is queued."""
    machine = ACTIONS.unbound()
    answers: list[Any] = []
    session: Any = None
    for name in machine.chart.actions:
        machine.action(name)(lambda ctx: None)
    machine.action("out_a1")(lambda ctx: answers.append(session.send("go")))
    session = machine.create("e1", {"onward": 0}, execute_actions=True, history=5)
    session.go()
    assert answers[0].metadata == {"queued": True}
    assert [(result.trigger, result.success) for result in session.history] == [("go", True), ("go", False)]
