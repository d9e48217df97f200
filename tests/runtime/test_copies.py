"""Copies and pickles of sessions: values like any other, as far as a session can be one."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest

from examples.trading_day.fsm import TradingDayMachine
from pystator_runtime import SnapshotError
from pystator_runtime.schedulers import ManualScheduler
from support.doors import bound

YAML = """
    meta: {machine_name: order}
    state_variables: [{key: at, type: datetime}]
    states:
      - {name: open, type: initial, initial_child: part, timeout: {seconds: 60, destination: done}}
      - {name: part, parent: open}
      - {name: full, parent: open}
      - {name: held}
      - {name: done, type: terminal}
    transitions:
      - {trigger: fill, source: part, dest: full, actions: [{append: {field: log, value: 1}}]}
      - {trigger: hold, source: open, dest: held}
      - {trigger: resume, source: held, dest: "H(open)"}
    """


def test_a_copy_goes_its_own_way() -> None:
    """S4.1, S8.9: nothing is shared between entities"""
    order = bound(YAML).create("o-1", {"log": [0]})
    twin = copy.copy(order)
    assert type(twin) is type(order)
    assert twin.snapshot() == order.snapshot()
    twin.fill()
    assert (order.current_state, twin.current_state) == ("part", "full")
    assert (order.context["log"], twin.context["log"]) == ([0], [0, 1])
    twin.hold()
    order.hold()
    assert (order.resume().target_state, twin.resume().target_state) == ("part", "full")


def test_a_deep_copy_shares_no_value_of_the_context() -> None:
    """S8.9"""
    order = bound(YAML).create(context={"deep": {"er": []}})
    twin = copy.deepcopy(order)
    assert twin.context == order.context
    assert twin.context["deep"]["er"] is not order.context["deep"]["er"]
    assert copy.copy(order).context["deep"] is order.context["deep"]
    assert twin.entity_id == order.entity_id


def test_a_copy_keeps_results_hooks_and_strictness() -> None:
    """docs/generated-module.md#snapshots"""
    order = bound(YAML).create(history=2, strict=True)
    order.fill()
    twin = copy.copy(order)
    twin.hold()
    assert [result.trigger for result in twin.history] == ["fill", "hold"]
    assert [result.trigger for result in order.history] == ["fill"]
    with pytest.raises(Exception, match="fill"):
        twin.fill()


def test_the_timers_of_a_copy_are_due_when_they_were() -> None:
    """S9.5"""
    clock = ManualScheduler()
    order = clock.attach(bound(YAML).create("o-1"))
    clock.advance("59s")
    twin = copy.copy(order)
    assert twin.snapshot()["timers"] == order.snapshot()["timers"]
    clock.advance("1s")
    assert (order.current_state, twin.current_state) == ("done", "part")


def test_an_unpickled_session_goes_on_with_a_machine() -> None:
    """S13.4"""
    machine = bound(YAML)
    order = machine.create("o-1", {"at": datetime(2026, 1, 1, tzinfo=UTC)})
    order.fill()
    order.hold()
    pickled = pickle.dumps(order)
    other = bound(YAML).attach(pickle.loads(pickled))
    assert other.snapshot() == order.snapshot()
    assert other.context["at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert other.resume().target_state == "full"
    assert order.current_state == "held"


def test_it_behaves_as_the_machine_is_told() -> None:
    """docs/generated-module.md#snapshots"""
    machine = bound(YAML)
    order = machine.attach(pickle.loads(pickle.dumps(machine.create("o-1"))), history=1, strict=True)
    order.fill()
    assert [result.trigger for result in order.history] == ["fill"]


def test_parallel_states_are_pickled_as_well() -> None:
    """S6.2"""
    machine = TradingDayMachine.unbound()
    day = machine.create("2026-11-24")
    other = machine.attach(pickle.loads(pickle.dumps(day)))
    assert other.snapshot() == day.snapshot()


def test_without_a_machine_it_says_what_to_do() -> None:
    """Error messages say what to do"""
    order = pickle.loads(pickle.dumps(bound(YAML).create("o-1")))
    for attempt in (lambda: order.fill(), lambda: order.current_state, lambda: order.context, lambda: order.is_open):
        with pytest.raises(SnapshotError, match=r"machine\.attach\(session\)"):
            attempt()
    assert repr(order) == "<DetachedSession 'o-1' of 'order'>"
    assert order.snapshot()["current_state"] == "part"
    assert copy.copy(order).snapshot() == copy.deepcopy(order).snapshot() == order.snapshot()


def test_it_can_be_pickled_again_as_it_is() -> None:
    """Nothing lost"""
    machine = bound(YAML)
    order = machine.create("o-1")
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(order))))
    assert machine.attach(again).snapshot() == order.snapshot()


def test_a_session_of_another_machine_is_refused() -> None:
    """Bad input is answered with the reason"""
    with pytest.raises(SnapshotError, match="of machine 'order', not of"):
        TradingDayMachine.unbound().attach(pickle.loads(pickle.dumps(bound(YAML).create())))


def test_a_value_that_no_snapshot_holds_is_refused_when_it_is_pickled() -> None:
    """S13.4"""
    order = bound(YAML).create(context={"file": object()})
    with pytest.raises(SnapshotError, match="file holds"):
        pickle.dumps(order)
    assert copy.copy(order).context["file"] is order.context["file"]
