"""Delayed transitions and timeouts (S9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pystator.machine import check_timeout

from conformance.rows import row
from conformance.sides import both
from pystator_runtime import UndefinedTriggerError
from pystator_runtime.schedulers import ManualScheduler

LOGIN = """
states:
  - {name: out, type: initial}
  - {name: fresh, timeout: {seconds: 60, destination: out}}
  - {name: idle}
transitions:
  - {trigger: log_in, source: out, dest: fresh}
  - {source: fresh, dest: idle, after: 5s}
  - {trigger: tire, source: fresh, dest: idle, after: 7s}
"""


@row("`after` in a session")
def test_a_delayed_transition_is_only_a_transition_there_and_a_timer_of_the_session_here() -> None:
    """S9.2, S9.5."""
    machines = both(LOGIN)
    there = machines.pystator.create()
    there.send("log_in")
    assert "timers" not in there.snapshot()
    clock = ManualScheduler()
    here = clock.attach(machines.ours.create())
    assert [timer.delay for timer in here.send("log_in").armed] == [60_000, 5_000, 7_000]
    assert len(here.snapshot()["timers"]) == 3
    clock.advance("5s")
    assert here.current_state == "idle"


@row("the made-up trigger of a delayed transition (`_after_…`), sent")
def test_a_delayed_transition_without_a_trigger_can_be_sent_only_there() -> None:
    """S2.6, S9.4."""
    machines = both(LOGIN)
    assert machines.pystator.process("fresh", "_after_fresh_5000_ms", {}).target_state == "idle"
    assert type(machines.ours.process("fresh", "_after_fresh_5000_ms", {}).error) is UndefinedTriggerError
    assert machines.pystator.process("fresh", "tire", {}).target_state == "idle"
    assert machines.ours.process("fresh", "tire", {}).target_state == "idle"


@row("`timeout` of a state")
def test_a_timeout_asks_the_trigger_timeout_there_and_leads_to_its_destination_here() -> None:
    """S9.3."""
    states = "states: [{name: a, type: initial, timeout: {seconds: 60, destination: b}}, {name: b}, {name: c}]\n"
    long_ago = datetime.now(UTC) - timedelta(days=1)
    machines = both(states + "transitions: []\n")
    assert not check_timeout(machines.pystator, "a", long_ago).success
    named = both(states + "transitions: [{trigger: timeout, source: a, dest: c}]\n")
    assert check_timeout(named.pystator, "a", long_ago).target_state == "c"
    for machine in (machines.ours, named.ours):
        clock = ManualScheduler()
        session = clock.attach(machine.create())
        assert [fired.trigger for fired in clock.advance("1m")] == ["_timeout_a"]
        assert session.current_state == "b"
