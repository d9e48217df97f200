"""The clock that stands still until it is told to go on (S9, docs/statecharts.md#time)."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pystator_runtime import ActionError, AutoTransitionLoopError, GuardError
from pystator_runtime.schedulers import ManualScheduler
from support.doors import bound
from support.gate import Gate, cancelled

START = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
YAML = """
    meta: {machine_name: light}
    states:
      - {name: red, type: initial, timeout: {seconds: 30, destination: green}}
      - {name: green, timeout: {seconds: 20, destination: amber}}
      - {name: amber, timeout: {seconds: 5, destination: red}}
    transitions:
      - {trigger: stop, source: "*", dest: red}
      - {trigger: look, source: "*", internal: true}
    """
LIGHT = bound(YAML)
ASKING = """
    states: [{name: off, type: initial}, {name: a, on_enter: [arrive]}, {name: b, on_enter: [arrive]}]
    transitions:
      - {trigger: go, source: [off, b], dest: a}
      - {trigger: stop, source: a, dest: off}
      - {trigger: look, source: a, internal: true, guards: [may]}
      - {source: a, dest: b, after: 5s, guards: [may]}
    """


def triggers(results: list[Any]) -> list[str]:
    return [result.trigger for result in results]


def test_time_passes_only_when_the_clock_is_told_so() -> None:
    clock = ManualScheduler(START)
    session = clock.attach(LIGHT.create())
    assert clock.now == START
    assert clock.advance("1m") != []
    assert clock.now == START + timedelta(minutes=1)
    assert session.current_state == "red"


def test_without_a_time_of_its_own_it_begins_now() -> None:
    before = datetime.now(UTC)
    assert before - timedelta(seconds=1) < ManualScheduler().now < before + timedelta(minutes=1)


def test_attaching_gives_the_session_back_and_twice_is_as_good_as_once() -> None:
    clock = ManualScheduler(START)
    session = LIGHT.create()
    assert clock.attach(session) is session
    clock.attach(session)
    assert triggers(clock.advance("30s")) == ["_timeout_red"]


@pytest.mark.parametrize(
    "span", ["30s", "30000ms", "0.5m", 30_000, 30_000.0, " 30 s ", "30000", timedelta(seconds=30), timedelta(0, 30)]
)
def test_a_span_is_written_as_in_the_yaml_or_is_a_timedelta(span: Any) -> None:
    """S9.1."""
    clock = ManualScheduler(START)
    session = clock.attach(LIGHT.create())
    clock.advance(span)
    assert (session.current_state, clock.now) == ("green", START + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("span", "problem"),
    [
        ("soon", "is no span of time"),
        ("", "is no span of time"),
        ("5 parsecs", "is no span of time"),
        (None, "is no span of time"),
        (True, "is no span of time"),
        ("-1s", "is negative"),
        (-1, "is negative"),
        (timedelta(seconds=-1), "is negative"),
        ("0.5ms", "is not a whole number of milliseconds"),
        (0.5, "is not a whole number of milliseconds"),
        (float("inf"), "is not a whole number of milliseconds"),
        (float("nan"), "is not a whole number of milliseconds"),
        (timedelta(microseconds=1), "is not a whole number of milliseconds"),
    ],
)
def test_what_is_no_span_of_time_is_refused_and_time_stands_still(span: Any, problem: str) -> None:
    clock = ManualScheduler(START)
    clock.attach(LIGHT.create())
    with pytest.raises(ValueError, match=problem):
        clock.advance(span)
    with pytest.raises(ValueError, match=problem):
        asyncio.run(clock.aadvance(span))
    assert clock.now == START


def test_everything_that_comes_due_on_the_way_fires_at_its_own_moment(clocked: Any) -> None:
    """S9.1: what a timer arms is due from that moment, not from the end of the advance."""
    clocked.create(LIGHT)
    assert triggers(clocked.advance("54999ms")) == ["_timeout_red", "_timeout_green"]
    assert triggers(clocked.advance("1ms")) == ["_timeout_amber"]
    assert len(clocked.advance("550s")) == 30


def test_an_action_sees_the_moment_of_its_timer() -> None:
    """S9.1: the clock shows when it was due, however far it is advanced."""
    clock = ManualScheduler(START)
    moments: list[datetime] = []
    machine = bound(
        """
        states: [{name: a, type: initial, on_enter: [tick]}]
        transitions: [{source: a, dest: a, after: 10s}]
        """,
        actions={"tick": lambda ctx: moments.append(clock.now)},
    )
    clock.attach(machine.create(execute_actions=True))
    clock.advance("35s")
    assert [(moment - START).seconds for moment in moments] == [0, 10, 20, 30]
    assert clock.now == START + timedelta(seconds=35)


def test_the_timers_of_several_sessions_fire_in_the_order_in_which_they_are_due() -> None:
    clock = ManualScheduler(START)
    for name in ("one", "two"):
        clock.attach(LIGHT.create(name))
        clock.advance("7s")
    other = bound("""
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{source: a, dest: b, after: 20s}]
    """)
    clock.attach(other.create())
    assert triggers(clock.advance("30s")) == ["_timeout_red", "_after_a_20000_ms", "_timeout_red"]


def test_a_thousand_sessions_may_be_due_at_one_moment() -> None:
    """That is no loop: each fires once."""
    clock = ManualScheduler(START)
    sessions = [clock.attach(LIGHT.create(f"e{number}")) for number in range(1_000)]
    assert len(clock.advance("30s")) == 1_000
    assert {session.current_state for session in sessions} == {"green"}


def test_a_clock_that_stands_elsewhere_than_the_wall_clock_serves_new_sessions_as_well() -> None:
    """What was armed before there was a clock begins to wait as the clock begins to serve it."""
    for start in (datetime(1999, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)):
        clock = ManualScheduler(start)
        session = clock.attach(LIGHT.create())
        assert session.snapshot()["timers"][0]["due"] == (start + timedelta(seconds=30)).isoformat(
            timespec="milliseconds"
        )
        assert clock.advance("29999ms") == []
        assert triggers(clock.advance("1ms")) == ["_timeout_red"]


def test_a_session_may_be_attached_in_any_of_its_states() -> None:
    session = LIGHT.create()
    session.look()
    session.stop()
    clock = ManualScheduler(START)
    clock.attach(session)
    assert triggers(clock.advance("50s")) == ["_timeout_red", "_timeout_green"]


def test_what_is_due_at_once_when_it_is_attached_fires_as_the_clock_goes_on() -> None:
    """S9.1: through every door in the same way, so neither by attaching nor by the next event."""
    machine = bound("""
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {source: a, dest: b, after: 0}
          - {trigger: look, source: a, internal: true}
    """)
    clock = ManualScheduler(START)
    for options in ({}, {"history": 1}, {"thread_safe": True}):
        session = clock.attach(machine.create(**options))
        assert session.look().target_state == "a"
        assert session.current_state == "a"
        assert triggers(clock.advance(0)) == ["_after_a_0_ms"]
        assert session.current_state == "b"


def test_without_a_clock_timers_only_wait() -> None:
    """S9.2: they are told in results and snapshots, and nothing fires them."""
    session = LIGHT.create(initial_state="amber")
    session.look()
    (timer,) = session.snapshot()["timers"]
    assert (timer["source"], timer["trigger"], timer["delay"]) == ("amber", "_timeout_amber", 5000)
    waits = datetime.fromisoformat(timer["due"]) - datetime.now(UTC)
    assert timedelta(seconds=-60) < waits <= timedelta(seconds=5)
    at_once = bound("""
        states: [{name: off, type: initial}, {name: a}, {name: b}]
        transitions: [{trigger: go, source: off, dest: a}, {source: a, dest: b, after: 0}]
    """)
    session = at_once.create()
    session.go()
    assert session.current_state == "a"


def test_a_loop_of_timers_without_delay_is_an_error() -> None:
    """S7.2 for timers: the clock could never go on."""
    machine = bound("""
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{source: a, dest: b, after: 1s}, {source: b, dest: b, after: 0}]
    """)
    clock = ManualScheduler(START)
    session = clock.attach(machine.create())
    with pytest.raises(AutoTransitionLoopError, match="'_after_b_0_ms' of <Machine"):
        clock.advance("5s")
    assert session.current_state == "b"
    assert clock.now == START + timedelta(seconds=1)


def test_a_failed_guard_does_not_raise_in_a_strict_session() -> None:
    """Nobody sent anything; the results tell."""
    clock = ManualScheduler(START)
    clock.attach(bound(ASKING).create(initial_state="a", strict=True))
    (result,) = clock.advance("5s")
    assert result.metadata["reason"] == "guards_failed"


def test_hooks_and_the_kept_results_are_told_of_what_fires() -> None:
    """docs/generated-module.md#hooks"""
    clock = ManualScheduler(START)
    session = clock.attach(LIGHT.create(history=5))
    session.look()
    clock.advance("50s")
    assert triggers(session.history) == ["look", "_timeout_red", "_timeout_green"]


# -- async functions -------------------------------------------------------------------------------------------


async def _may(ctx: Any) -> bool:
    await asyncio.sleep(0)
    return True


async def _arrive(ctx: Any) -> None:
    await asyncio.sleep(0)
    ctx["arrived"] = True


def test_an_async_guard_is_refused_on_the_sync_path_and_the_timer_is_kept() -> None:
    """S5.5: the caller is told what to use, and can."""
    clock = ManualScheduler(START)
    session = clock.attach(bound(ASKING, guards={"may": _may}).create(initial_state="a"))
    with pytest.raises(GuardError, match="async"):
        clock.advance("5s")
    assert session.current_state == "a"
    assert len(asyncio.run(clock.aadvance(0))) == 1
    assert session.current_state == "b"


def test_an_async_action_is_refused_on_the_sync_path_and_the_timer_is_kept() -> None:
    """S5.5, S8.1: nothing of the step is kept, the timer stays due."""
    machine = bound(ASKING, guards={"may": lambda ctx: True}, actions={"arrive": _arrive})
    clock = ManualScheduler(START)

    async def created() -> Any:
        session = machine.create(execute_actions=True)
        await session.asend("go")
        return clock.attach(session)

    session = asyncio.run(created())
    with pytest.raises(ActionError, match="async"):
        clock.advance("5s")
    assert (session.current_state, len(session.snapshot()["timers"])) == ("a", 1)
    (result,) = asyncio.run(clock.aadvance("0s"))
    assert result.execution.succeeded_actions == ["arrive"]
    assert (session.current_state, session.snapshot()["timers"]) == ("b", [])


AT_ONCE = """
    states: [{name: off, type: initial}, {name: a}, {name: b}]
    transitions:
      - {trigger: go, source: off, dest: a}
      - {source: a, dest: b, after: 0, guards: [may]}
    """


def test_an_async_guard_without_delay_is_awaited_after_an_event_that_is_awaited() -> None:
    """S9.1, S5.5: also after an event that itself needs nothing but a move."""
    clock = ManualScheduler(START)
    for options in ({}, {"execute_actions": True}, {"thread_safe": True}):
        session = clock.attach(bound(AT_ONCE, guards={"may": _may}).create(**options))
        asyncio.run(session.asend("go"))
        assert session.current_state == "b"


def test_an_async_guard_without_delay_is_logged_after_an_event_that_is_not_awaited(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S9.1, S5.5: the sender did not cause it; the timer stays due for whoever can await it."""
    clock = ManualScheduler(START)
    session = clock.attach(bound(AT_ONCE, guards={"may": _may}).create())
    assert session.go().success
    assert session.current_state == "a"
    assert caplog.text.count("the timer '_after_a_0_ms' failed") == 1
    asyncio.run(clock.aadvance(0))
    assert session.current_state == "b"


def test_a_clock_waits_for_the_step_of_another_task_to_be_over() -> None:
    """S8.8: it never enters a running step."""

    async def scenario() -> None:
        gate = Gate()
        clock = ManualScheduler(START)
        session = clock.attach(bound(ASKING, guards={"may": gate}).create(initial_state="a"))
        looking = asyncio.create_task(session.asend("look"))
        await gate.reached.wait()
        advancing = asyncio.create_task(clock.aadvance("5s"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not advancing.done()
        gate.opened.set()
        await looking
        assert triggers(await advancing) == ["_after_a_5000_ms"]
        assert (gate.most, session.current_state) == (1, "b")

    asyncio.run(scenario())


def test_on_a_sync_path_a_clock_refuses_to_wait_for_ever() -> None:
    """S8.8: the running step is a task of this very thread."""

    async def scenario() -> None:
        gate = Gate()
        clock = ManualScheduler(START)
        session = clock.attach(bound(ASKING, guards={"may": gate}).create(initial_state="a", thread_safe=True))
        looking = asyncio.create_task(session.asend("look"))
        await gate.reached.wait()
        with pytest.raises(ActionError, match=r"in the midst of a step.*aadvance\(\)"):
            clock.advance("5s")
        gate.opened.set()
        await looking
        assert triggers(await clock.aadvance(0)) == ["_after_a_5000_ms"]

    asyncio.run(scenario())


@pytest.mark.parametrize("thread_safe", [False, True])
def test_a_clock_is_not_advanced_from_inside_the_step_that_it_would_have_to_wait_for(thread_safe: bool) -> None:
    """S8.8: neither re-entered nor a deadlock; the action fails, and the timer fires later."""
    clock = ManualScheduler(START)
    machine = bound(
        """
        states: [{name: a, type: initial, timeout: {seconds: 5, destination: b}}, {name: b}]
        transitions: [{trigger: push, source: a, internal: true, actions: [push]}]
        """,
        actions={"push": lambda ctx: clock.advance("5s")},
    )
    session = clock.attach(machine.create(execute_actions=True, thread_safe=thread_safe))
    result = session.push()
    (outcome,) = result.execution.action_results
    assert "in the midst of a step" in str(outcome.error)
    assert session.current_state == "a"
    assert triggers(clock.advance(0)) == ["_timeout_a"]


def test_an_async_action_that_advances_its_own_clock_is_no_deadlock() -> None:
    """S8.8."""
    clock = ManualScheduler(START)

    async def push(ctx: Any) -> None:
        await clock.aadvance("5s")

    machine = bound(
        """
        states: [{name: a, type: initial, timeout: {seconds: 5, destination: b}}, {name: b}]
        transitions: [{trigger: push, source: a, internal: true, actions: [push]}]
        """,
        actions={"push": push},
    )

    async def scenario() -> None:
        session = clock.attach(machine.create(execute_actions=True))
        result = await asyncio.wait_for(session.asend("push"), 5)
        assert "in the midst of a step" in str(result.execution.action_results[0].error)
        assert triggers(await clock.aadvance(0)) == ["_timeout_a"]

    asyncio.run(scenario())


def test_a_timer_that_is_restarted_while_its_turn_has_to_wait_does_not_fire() -> None:
    """S9.5: a timer belongs to one entry of its state, however late it is delivered."""

    async def scenario() -> None:
        gate = Gate()
        clock = ManualScheduler(START)
        machine = bound(
            """
            states: [{name: a, type: initial}, {name: b}]
            transitions:
              - {trigger: again, source: a, dest: a, guards: [may]}
              - {source: a, dest: b, after: 5s}
            """,
            guards={"may": gate},
        )
        session = clock.attach(machine.create())
        again = asyncio.create_task(session.asend("again"))
        await gate.reached.wait()
        advancing = asyncio.create_task(clock.aadvance("7s"))
        await asyncio.sleep(0)
        gate.opened.set()
        await again
        (late,) = await advancing
        assert (late.metadata, session.current_state) == ({"no_op": True}, "a")
        (timer,) = session.snapshot()["timers"]
        assert timer["due"] == (START + timedelta(seconds=10)).isoformat(timespec="milliseconds")
        assert triggers(await clock.aadvance("3s")) == ["_after_a_5000_ms"]

    asyncio.run(scenario())


def test_a_cancelled_advance_uses_no_timer_up() -> None:
    """S8.8, S9.4: the timer whose guard was being asked stays due."""

    async def scenario() -> None:
        gate = Gate()
        clock = ManualScheduler(START)
        session = clock.attach(bound(ASKING, guards={"may": gate}).create(initial_state="a"))
        advancing = asyncio.create_task(clock.aadvance("5s"))
        await gate.reached.wait()
        assert await cancelled(advancing)
        assert (session.current_state, len(session.snapshot()["timers"])) == ("a", 1)
        gate.opened.set()
        assert triggers(await clock.aadvance(0)) == ["_after_a_5000_ms"]

    asyncio.run(scenario())


# -- threads ---------------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_thread_safe_session_shows_timers_as_they_are() -> None:
    """S8.8, S9.4: as attached, armed, used up, and by which clock."""
    clock = ManualScheduler(START)
    session = bound(ASKING).create(thread_safe=True)
    session.go()
    clock.attach(session)

    def dues() -> list[str]:
        return [timer["due"] for timer in session.snapshot()["timers"]]

    assert dues() == [(START + timedelta(seconds=5)).isoformat(timespec="milliseconds")]
    (result,) = clock.advance("5s")
    assert (result.success, dues()) == (False, [])


def test_a_clock_in_a_thread_of_its_own_fires_every_entry_at_most_once() -> None:
    """S8.8, S9.5: events and timers take turns."""
    machine = bound("""
        states:
          - {name: a, type: initial, on_enter: [{increment: entered}]}
          - {name: b, on_enter: [{increment: fired}]}
        transitions:
          - {trigger: go, source: [a, b], dest: a}
          - {source: a, dest: b, after: 1}
    """)
    clock = ManualScheduler(START)
    session = clock.attach(machine.create(thread_safe=True, context={"entered": 0, "fired": 0}))
    over = threading.Event()

    def tick() -> None:
        while not over.is_set():
            clock.advance(1)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        for _ in range(300):
            assert session.go().success
    finally:
        over.set()
        thread.join()
    clock.advance("1s")
    context = session.context
    assert context["entered"] == 301
    assert 1 <= context["fired"] <= 301
    assert (session.current_state, session.snapshot()["timers"]) == ("b", [])
