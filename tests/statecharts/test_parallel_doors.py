"""Parallel states through every door: stateless, sessions with their options, snapshots, execution (S6.8, S8)."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from typing import Any

import pytest

from pystator_runtime import (
    ActionExecutor,
    ConfigurationError,
    Event,
    GuardError,
    InvalidTransitionError,
    ParallelStateConfig,
    SnapshotError,
    TransitionHook,
    UndefinedStateError,
)
from support.doors import audible, bound
from support.gate import Gate

YAML = audible("""
    meta: {machine_name: plant}
    states:
      - {name: idle, type: initial}
      - name: run
        on_enter: [{increment: starts}, {name: announce, when: "loud"}]
        regions:
          - {name: right, initial: r1, states: [r1, r2]}
          - {name: left, initial: box, states: [box]}
      - {name: r1}
      - {name: r2}
      - {name: box, initial_child: b1}
      - {name: b1, parent: box}
      - {name: inner, parent: box, regions: [{name: u, initial: u1, states: [u1, u2]}, {name: v, initial: v1}]}
      - {name: u1}
      - {name: u2}
      - {name: v1}
      - {name: over, type: terminal}
    events:
      - {name: turn, payload: {by: integer, why: string = none}}
    transitions:
      - {trigger: go, source: idle, dest: run}
      - {trigger: enter, source: b1, dest: inner}
      - {trigger: all, source: r1, dest: r2, actions: [right]}
      - {trigger: all, source: u1, dest: u2, actions: [left]}
      - {trigger: turn, source: r1, dest: r2, guards: [{expr: "by > 1"}], actions: [{increment: turns}]}
      - {trigger: turn, source: b1, internal: true, guards: [{expr: "by > 2"}], actions: [turned]}
      - {trigger: out, source: run, dest: over}
      - {trigger: back, source: run, dest: idle}
    """)
MACHINE = bound(YAML)
RUN = "run:left=b1,right=r1"
IN_RUN = ["in_run", "in_r1", "in_box", "in_b1"]
INNER = "run:left=(inner:u=u1,v=v1),right=r1"
CONTEXT = {"loud": False, "starts": 0}


def names(specs: Any) -> list[str]:
    return [spec.name for spec in specs]


# -- statelessly (S6.8) ----------------------------------------------------------------------------------------


def test_a_parallel_state_is_entered_statelessly_with_every_region_at_its_initial() -> None:
    assert MACHINE.enter_parallel_state("run").to_string() == RUN
    assert type(MACHINE.enter_parallel_state("run")).__name__ == "PlantRunConfig"
    assert MACHINE.enter_parallel_state(MACHINE.states[1]) == MACHINE.enter_parallel_state("run")


def test_an_inner_parallel_state_is_entered_with_those_around_it() -> None:
    """S1.2: an entity rests in the outermost one."""
    assert MACHINE.enter_parallel_state("inner").to_string() == INNER


@pytest.mark.parametrize("name", ["idle", "box", "r1", "nowhere", RUN, "right"])
def test_what_is_no_parallel_state_can_not_be_entered_as_one(name: str) -> None:
    for ask in (MACHINE.enter_parallel_state, MACHINE.get_parallel_enter_actions):
        with pytest.raises(UndefinedStateError, match="it has: run, inner"):
            ask(name)


def test_the_actions_of_entering_come_in_order_with_those_that_have_a_condition() -> None:
    """S6.1: an event alone can ask conditions."""
    assert names(MACHINE.get_parallel_enter_actions("run")) == ["announce", *IN_RUN]


def test_the_actions_of_leaving_are_those_of_the_regions_the_last_first_and_then_its_own() -> None:
    """S6.5."""
    assert names(MACHINE.get_parallel_exit_actions(MACHINE.enter_parallel_state("run"))) == [
        *("out_b1", "out_box", "out_r1", "out_run")
    ]
    assert names(MACHINE.get_parallel_exit_actions(ParallelStateConfig.from_string(INNER))) == [
        *("out_v1", "out_u1", "out_inner", "out_box", "out_r1", "out_run")
    ]


def test_an_event_is_processed_statelessly_to_the_next_config_and_its_result() -> None:
    config = MACHINE.enter_parallel_state("run")
    config, result = MACHINE.process_parallel(config, "all", CONTEXT)
    assert (str(config), result.target_state) == ("run:left=b1,right=r2", config)
    assert list(result.all_actions) == ["out_r1", "right", "in_r2"]
    same, result = MACHINE.process_parallel(config, "all", CONTEXT)
    assert same is config
    assert isinstance(result.error, InvalidTransitionError)


def test_where_an_event_leaves_the_config_that_was_left_is_given_back() -> None:
    config = MACHINE.enter_parallel_state("run")
    left, result = MACHINE.process_parallel(config, "out", CONTEXT)
    assert (left, result.target_state) == (config, "over")


def test_processing_changes_nothing_and_is_the_same_each_time() -> None:
    """S4.3, S5.1."""
    config, context = MACHINE.enter_parallel_state("run"), {"loud": True, "starts": 1}
    results = [MACHINE.process(config, trigger, context) for trigger in ("all", "enter", "all", "enter")]
    assert results[:2] == results[2:]
    assert (str(config), context) == (RUN, {"loud": True, "starts": 1})
    asynchronous = asyncio.run(MACHINE.aprocess(config, "all", context))
    assert asynchronous == results[0]


def test_coming_into_being_in_a_configuration_can_be_asked_statelessly() -> None:
    """S3.5."""
    machine = bound("""
        states:
          - name: p
            type: initial
            on_enter: [{increment: n}]
            regions: [{name: a, initial: a1}, {name: b, initial: b1}]
          - {name: a1, on_enter: [{compute: {n: "n * 10"}}, hello]}
          - {name: b1, on_enter: [{increment: n}]}
        transitions: [{trigger: go, source: p, dest: p}]
        """)
    result = machine.start({})
    assert (str(result.target_state), result.changes, result.all_actions) == ("p:a=a1,b=b1", {"n": 11}, ("hello",))
    (step,) = result.steps
    assert (step.source_state, step.trigger) == (None, "_start")
    assert machine.create().context == {"n": 11}


# -- sessions --------------------------------------------------------------------------------------------------

SENDERS: Any = {
    "method": lambda session, trigger: getattr(session, trigger)(),
    "send": lambda session, trigger: session.send(trigger),
    "asend": lambda session, trigger: asyncio.run(session.asend(trigger)),
    "handle": lambda session, trigger: session.handle(Event(trigger)),
    "ahandle": lambda session, trigger: asyncio.run(session.ahandle(Event(trigger))),
}
HABITS: Any = {
    "plain": {},
    "watched": {"history": 9},
    "executing": {"execute_actions": True},
    "strict": {"strict": True},
    "thread-safe": {"thread_safe": True},
}


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize("options", HABITS.values(), ids=HABITS)
def test_a_session_rests_in_a_config_of_its_machines_own_class(send: Any, options: Any) -> None:
    session = MACHINE.create("e1", CONTEXT, **options)
    result = send(session, "go")
    assert session.current_state == result.target_state == MACHINE.enter_parallel_state("run")
    assert type(session.current_state) is type(MACHINE.enter_parallel_state("run"))
    assert (session.is_run, session.is_r1, session.is_box, session.is_b1, session.is_idle) == (*(True,) * 4, False)
    send(session, "enter")
    send(session, "all")
    assert str(session.current_state) == "run:left=(inner:u=u2,v=v1),right=r2"
    assert session.current_state.left.u == "u2"
    assert not session.is_final
    send(session, "out")
    assert session.current_state == "over"
    assert (session.is_final, session.allowed_triggers) == (True, [])


def test_a_session_that_is_strict_raises_what_no_region_takes() -> None:
    session = MACHINE.create("e1", CONTEXT, "run", strict=True)
    for send in (lambda: session.go(), lambda: session.turn(by=0), lambda: session.send("go")):
        with pytest.raises(InvalidTransitionError):
            send()
    assert str(session.current_state) == RUN


def test_a_session_keeps_the_results_of_several_regions() -> None:
    session = MACHINE.create("e1", CONTEXT, "inner", history=2)
    results = [session.all(), session.go(), session.back()]
    assert session.history == results[1:]
    assert [len(result.steps) for result in results] == [2, 0, 1]


class Log(TransitionHook):
    def __init__(self) -> None:
        self.told: list[Any] = []

    def before(self, entity_id: str, state: str, trigger: str, context: Any) -> None:
        self.told.append(("before", type(state), state, trigger))

    def after(self, entity_id: str, result: Any, context: Any) -> None:
        self.told.append(("after", str(result.target_state), list(result.all_actions)))

    def error(self, entity_id: str, state: str, trigger: str, error: BaseException) -> None:
        self.told.append(("error", type(state), state, type(error)))


def test_hooks_are_told_the_configuration_as_text() -> None:
    """docs/generated-module.md#hooks"""
    log = Log()
    session = MACHINE.create("e1", CONTEXT, "run", hooks=[log])
    session.all()
    assert log.told == [
        ("before", str, RUN, "all"),
        ("after", "run:left=b1,right=r2", ["out_r1", "right", "in_r2"]),
    ]
    del log.told[:]
    machine = bound(YAML.replace("by > 1", "by.nowhere"), guards={})
    asked = machine.create("e1", CONTEXT, "run", hooks=[log])
    asked.turn(by=1)
    assert [what[0] for what in log.told] == ["before", "after"]


def test_a_declared_payload_is_checked_before_any_region_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    """docs/yaml.md#events-and-payloads"""
    session = MACHINE.create("e1", CONTEXT, "run")
    for wrong in ({}, {"by": "much"}, {"by": 3, "more": 1}):
        result = session.handle(Event("turn", wrong))
        assert result.metadata["reason"] == "payload_validation"
    assert MACHINE.process("run", "turn", {**CONTEXT, "by": "much"}).metadata["reason"] == "payload_validation"
    assert str(session.current_state) == RUN
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("by", "state", "actions", "turns"),
    [
        (3, "run:left=b1,right=r2", ["out_r1", "in_r2", "turned"], 1),
        (2, "run:left=b1,right=r2", ["out_r1", "in_r2"], 1),
        (1, None, [], None),
    ],
)
def test_a_payload_and_its_defaults_reach_every_region_and_stay(
    by: int, state: str | None, actions: list[str], turns: int | None
) -> None:
    """S8.3, S6.3."""
    session = MACHINE.create("e1", CONTEXT, "run")
    result = session.turn(by=by)
    assert list(result.all_actions) == actions
    assert str(session.current_state) == (state or RUN)
    if state is not None:
        assert session.context == {**CONTEXT, "starts": 1, "by": by, "why": "none", "turns": turns}
    plain = MACHINE.process("run", "turn", {**CONTEXT, "by": by})
    assert list(plain.all_actions) == actions


def test_a_context_that_is_not_as_declared_is_told_before_any_region_is_asked() -> None:
    """S10.1."""
    machine = bound("""
        meta: {validate_context: true}
        state_variables: [{key: n, type: integer, required: true}]
        context_invariants: [{name: small, expr: "n < 10"}]
        states:
          - {name: p, type: initial, regions: [{name: a, initial: a1}, {name: b, initial: b1}]}
          - {name: a1}
          - {name: b1}
        transitions:
          - {trigger: go, source: a1, internal: true, actions: [{increment: n}]}
          - {trigger: go, source: b1, internal: true, actions: [{increment: n}]}
        """)
    session = machine.create("e1", {"n": 8})
    assert session.go().success
    result = session.go()
    assert (result.metadata["reason"], session.context) == ("context_validation", {"n": 10})
    assert machine.process("p", "go", {"n": "x"}).metadata["reason"] == "context_validation"


# -- snapshots -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["run", "inner", "run:left=b1,right=r2"])
def test_a_session_in_a_configuration_comes_back_from_json(state: str) -> None:
    session = MACHINE.create("e1", CONTEXT, state)
    snapshot = json.loads(json.dumps(session.snapshot()))
    assert snapshot["current_state"] == str(session.current_state)
    again = MACHINE.session_class.from_snapshot(MACHINE, snapshot)
    assert again.current_state == session.current_state
    assert again.snapshot() == snapshot
    assert again.back() == session.back()


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("run:left=b1", "the region 'right' of 'run' has no state; it can have: r1, r2"),
        ("run:left=b1,right=b1", "the region 'right' of 'run' can't be in 'b1'"),
        ("run:left=b1,right=r1,mid=x", "'run' has no region 'mid'"),
        ("ruin:left=b1,right=r1", "plant has no parallel state 'ruin'; it has: run, inner"),
        ("run:left=b1;right=r1", "nothing more belongs at character 12"),
        ("nowhere", "plant can rest in idle, over, run:left=…,right=…"),
    ],
)
def test_a_snapshot_of_a_configuration_that_does_not_fit_is_refused_with_the_reason(state: str, why: str) -> None:
    snapshot = {**MACHINE.create("e1", CONTEXT, "run").snapshot(), "current_state": state}
    with pytest.raises(SnapshotError) as refused:
        MACHINE.session_class.from_snapshot(MACHINE, snapshot)
    assert f"the snapshot is in state {state!r}" in str(refused.value)
    assert why in str(refused.value)


@pytest.mark.parametrize(("state", "rests"), [("run", RUN), ("r2", "run:left=b1,right=r2")])
def test_a_snapshot_that_names_a_state_in_or_with_regions_means_what_its_name_means(state: str, rests: str) -> None:
    """S1.2."""
    session = MACHINE.session_class.from_snapshot(MACHINE, {"current_state": state, "context": {}})
    assert str(session.current_state) == rests


def test_a_snapshot_of_an_older_version_is_read_as_long_as_its_regions_exist() -> None:
    """Another machine version alone is no misfit; the order of regions is none."""
    older = bound(YAML.replace('"name": "right", "initial": "r1"', '"name": "right", "initial": "r2"'))
    snapshot = older.create("e1", CONTEXT, "run").snapshot()
    assert str(MACHINE.session_class.from_snapshot(MACHINE, snapshot).current_state) == "run:left=b1,right=r2"


# -- guards (S5) -----------------------------------------------------------------------------------------------

ASKING = """
    states:
      - name: p
        type: initial
        regions: [{name: a, initial: a1, states: [a1, a2]}, {name: b, initial: b1, states: [b1, b2]}]
      - {name: a1}
      - {name: a2}
      - {name: b1}
      - {name: b2}
    transitions:
      - {trigger: go, source: a1, dest: a2, guards: [first]}
      - {trigger: go, source: b1, dest: b2, guards: [second]}
    """


def test_a_guard_in_a_region_that_nobody_bound_is_told_before_the_first_event() -> None:
    """S5.4."""
    machine = type(bound(ASKING)).unbound()
    machine.guard("first")(lambda ctx: True)
    for use in (lambda: machine.create(), lambda: machine.process("p", "go", {}), lambda: machine.start({})):
        with pytest.raises(ConfigurationError, match="no function for guards second"):
            use()


def test_an_async_guard_in_any_region_is_refused_on_sync_paths_and_nothing_is_kept() -> None:
    """S5.5."""

    async def second(ctx: Any) -> bool:
        return True

    machine = bound(ASKING, guards={"first": lambda ctx: True, "second": second})
    session = machine.create()
    for send in (session.go, lambda: session.send("go"), lambda: machine.process("p", "go", {})):
        with pytest.raises(GuardError, match="second"):
            send()
    assert str(session.current_state) == "p:a=a1,b=b1"
    assert str(asyncio.run(session.asend("go")).target_state) == "p:a=a2,b=b2"


def test_a_guard_of_one_region_that_raises_lets_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """S5.3."""
    machine = bound(ASKING, guards={"first": lambda ctx: 1 / 0, "second": lambda ctx: True})
    for session in (machine.create(), machine.create(history=1)):
        result = session.go()
        assert str(session.current_state) == "p:a=a1,b=b2"
        assert len(result.metadata["guard_errors"]) == 1
        assert "first" in str(result.metadata["guard_errors"][0])
    assert "ZeroDivisionError" in caplog.text


def test_two_tasks_wait_for_each_other_while_regions_are_asked() -> None:
    """S8.8: regions choose one after the other, and no other event comes between."""

    async def story() -> tuple[str, list[bool]]:
        gate = Gate()
        machine = bound(ASKING, guards={"first": gate, "second": lambda ctx: True})
        session = machine.create()
        tasks = [asyncio.create_task(session.asend("go")) for _ in range(2)]
        await gate.reached.wait()
        assert str(session.snapshot()["current_state"]) == "p:a=a1,b=b1"
        gate.opened.set()
        results = await asyncio.gather(*tasks)
        return str(session.current_state), [result.success for result in results]

    assert asyncio.run(story()) == ("p:a=a2,b=b2", [True, False])


# -- running actions (S8) --------------------------------------------------------------------------------------


def told_by(ran: list[str], yaml: str = YAML, **actions: Any) -> Any:
    """The machine whose actions write down that they ran."""
    machine = bound(yaml)
    for name in machine.chart.actions:
        machine.action(name)(actions.get(name, lambda ctx, name=name: ran.append(name)))
    return machine


def test_actions_of_all_regions_run_in_planned_order_after_the_commit() -> None:
    """S8.1, S6.3."""
    ran: list[str] = []
    session = told_by(ran).create("e1", {**CONTEXT, "loud": True}, execute_actions=True)
    session.go()
    assert ran == ["in_idle", "out_idle", "announce", *IN_RUN]
    del ran[:]
    session.enter()
    result = session.all()
    assert ran == [*("out_b1", "in_inner", "in_u1", "in_v1"), *("out_r1", "right", "in_r2", "out_u1", "left", "in_u2")]
    assert result.execution.succeeded_actions == list(result.all_actions)


def test_an_action_that_fails_in_one_region_keeps_no_other_from_running() -> None:
    """S8.6."""
    ran: list[str] = []
    session = told_by(ran, right=lambda ctx: 1 / 0).create("e1", CONTEXT, "inner", execute_actions=True)
    del ran[:]
    result = session.all()
    assert result.execution.failed_actions == ["right"]
    assert ran == ["out_r1", "in_r2", "out_u1", "left", "in_u2"]
    assert str(session.current_state) == "run:left=(inner:u=u2,v=v1),right=r2"


def test_an_event_that_an_action_of_one_region_sends_is_taken_after_those_of_the_others() -> None:
    """S8.8."""
    ran: list[str] = []
    session: Any = None

    def right(ctx: Any) -> None:
        assert session.send("back").metadata["queued"]
        assert str(session.current_state) == "run:left=(inner:u=u2,v=v1),right=r2"
        ran.append("right")

    session = told_by(ran, right=right).create("e1", CONTEXT, "inner", execute_actions=True)
    del ran[:]
    session.all()
    assert ran[:6] == ["out_r1", "right", "in_r2", "out_u1", "left", "in_u2"]
    assert ran[6:] == ["out_v1", "out_u2", "out_inner", "out_box", "out_r2", "out_run", "in_idle"]
    assert session.current_state == "idle"


def test_phases_run_for_each_region_after_those_of_the_one_before() -> None:
    """S8.7, S6.3: exit, transition, entry, region by region; within a phase all together."""
    ran: list[str] = []
    machine = told_by(ran)
    result = machine.process(INNER, "all", CONTEXT)
    executor = ActionExecutor(machine, mode="phased")
    execution = asyncio.run(executor.async_execute(result, CONTEXT))
    assert ran == ["out_r1", "right", "in_r2", "out_u1", "left", "in_u2"]
    assert execution.all_succeeded
    del ran[:]
    asyncio.run(executor.async_execute(machine.process(INNER, "back", CONTEXT), CONTEXT))
    assert ran == ["out_v1", "out_u1", "out_inner", "out_box", "out_r1", "out_run", "in_idle"]


def test_what_the_actions_of_two_regions_change_is_kept_for_both() -> None:
    """S8.1."""

    def note(name: str) -> Any:
        def action(ctx: Any) -> None:
            ctx[name] = True

        return action

    session = told_by([], right=note("r"), left=note("l")).create("e1", CONTEXT, "inner", execute_actions=True)
    session.all()
    assert session.context == {**CONTEXT, "starts": 1, "r": True, "l": True}


def test_regions_share_no_literals_between_entities() -> None:
    """S8.9."""
    machine = bound("""
        states:
          - {name: p, type: initial, regions: [{name: a, initial: a1}, {name: b, initial: b1}]}
          - {name: a1}
          - {name: b1}
        transitions:
          - {trigger: go, source: a1, internal: true, actions: [{set: {xs: [1]}}]}
          - {trigger: go, source: b1, internal: true, actions: [{append: {field: xs, value: [2]}}]}
        """)
    first, second = machine.create("e1"), machine.create("e2")
    first.go()
    first.context["xs"][1].append(3)
    second.go()
    assert second.context == {"xs": [1, [2]]}


def test_many_threads_send_to_one_configuration() -> None:
    """S8.8: a session that is thread-safe loses none."""
    machine = bound("""
        states:
          - {name: p, type: initial, regions: [{name: a, initial: a1, states: [a1, a2]}, {name: b, initial: b1}]}
          - {name: a1}
          - {name: a2}
          - {name: b1}
        transitions:
          - {trigger: go, source: a1, dest: a2, actions: [{increment: n}]}
          - {trigger: go, source: a2, dest: a1, actions: [{increment: n}]}
          - {trigger: go, source: b1, dest: b1, actions: [{increment: m}]}
        """)
    session = machine.create("e1", {"n": 0, "m": 0}, thread_safe=True)
    threads = [threading.Thread(target=lambda: [session.go() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.context == {"n": 200, "m": 200}
    assert str(session.current_state) == "p:a=a1,b=b1"


def test_a_session_in_a_configuration_says_so() -> None:
    session = MACHINE.create("e1", CONTEXT, "run")
    assert repr(session) == f"<PlantSession 'e1' in '{RUN}'>"
    assert repr(session.go()) == (
        f"<TransitionResult 'go' refused in {RUN}: InvalidTransitionError: 'go' leads nowhere from '{RUN}'; "
        "possible there: 'out', 'back', 'all', 'turn', 'enter'>"
    )
    assert repr(session.all()) == f"<TransitionResult 'all': {RUN} -> run:left=b1,right=r2>"
    assert copy.copy(session.all()).error is not None
