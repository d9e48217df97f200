"""Entities that another version of their machine has stored (S13.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import StoreError
from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated

pytestmark = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

OLD = """
    meta: {machine_name: order, version: "1"}
    states:
      - {name: new, type: initial}
      - {name: open, initial_child: part}
      - {name: part, parent: open}
      - {name: full, parent: open}
      - {name: both, regions: [{name: l, initial: l1, states: [l1, l2]}, {name: r, initial: r1, states: [r1]}]}
      - {name: l1}
      - {name: l2}
      - {name: r1}
      - {name: away}
    transitions:
      - {trigger: approve, source: new, dest: open, actions: [act]}
      - {trigger: fill, source: part, dest: full}
      - {trigger: leave, source: open, dest: away}
      - {trigger: back, source: away, dest: "H(open)"}
      - {trigger: split, source: new, dest: both}
      - {trigger: step, source: l1, dest: l2}
      - {trigger: expire, source: new, dest: away, after: 1s}
      - {trigger: remind, source: new, internal: true, after: 2s, actions: [{increment: reminded}]}
    """
NEW = OLD.replace('version: "1"', 'version: "2"')
ADDED = NEW.replace(
    "    states:",
    "    state_variables: [{key: desk, default: main}, {key: lines, type: array, default: [1]}]\n    states:",
    1,
)


def test_it_is_served_and_the_next_commit_stores_the_new_version(store: Any, door: Any) -> None:
    """S13.3"""
    door.send(orchestrated(OLD, store), "o-1", "approve")
    orders = orchestrated(NEW, store)
    assert (door.get(orders, "o-1").state, door.get(orders, "o-1").machine_version) == ("part", "1")
    assert door.send(orders, "o-1", "fill").success
    assert (door.get(orders, "o-1").state, door.get(orders, "o-1").machine_version) == ("full", "2")


def test_missing_variables_get_their_defaults(store: Any, door: Any) -> None:
    """S13.3"""
    door.create(orchestrated(OLD, store), "o-1", {"desk": "other"})
    orders = orchestrated(ADDED, store)
    assert door.get(orders, "o-1").context == {"desk": "other", "lines": [1]}
    door.send(orders, "o-1", "approve")
    assert door.get(orchestrated(NEW, store), "o-1").context == {"desk": "other", "lines": [1]}


def test_what_this_version_has_stored_itself_lacks_what_was_cleared(store: Any, door: Any) -> None:
    """S13.3: defaults are for entities of other versions"""
    orders = orchestrated(ADDED.replace("dest: open, actions: [act]", "dest: open, actions: [{clear: desk}]"), store)
    door.send(orders, "o-1", "approve")
    assert door.get(orders, "o-1").context == {"lines": [1]}


def test_history_is_kept_across_versions(store: Any, door: Any) -> None:
    """S4.1, S13.3"""
    old = orchestrated(OLD, store)
    for trigger in ("approve", "fill", "leave"):
        door.send(old, "o-1", trigger)
    assert door.send(orchestrated(NEW, store), "o-1", "back").target_state == "full"


MISFITS = {
    "a state": (["approve"], NEW.replace("part", "piece"), "is in 'part', a state that the machine does not have"),
    "a region": (["split"], NEW.replace("name: r,", "name: s,"), "is in 'both:l=l1,r=r1'"),
    "a state of a region": (["split", "step"], NEW.replace("l2", "l3"), "is in 'both:l=l2,r=r1'"),
    "what was recorded": (["approve", "leave"], NEW.replace("part", "piece"), "recorded 'part' in 'open'"),
    "what has recorded": (["approve", "leave"], NEW.replace("open", "opened"), "recorded 'part' in 'open'"),
    "where it was recorded": (
        ["approve", "fill", "leave"],
        NEW.replace("{name: full, parent: open}", "{name: full}"),
        "recorded 'full' in 'open', which does not lie there",
    ),
    "a state that is a choice now": (
        ["approve", "leave"],
        NEW.replace("{name: away}", "{name: away, type: choice}") + "  - {trigger: branch, source: away, dest: new}\n",
        "is in 'away'",
    ),
}


@pytest.mark.parametrize(("sent", "machine", "told"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_an_error_that_says_what_is_missing(
    store: Any, door: Any, sent: list[str], machine: str, told: str
) -> None:
    """S13.3"""
    old = orchestrated(OLD, store)
    for trigger in sent:
        door.send(old, "o-1", trigger)
    before = store.load("order", "o-1", None, False).entity
    orders = orchestrated(machine, store)
    for ask in (
        lambda: door.send(orders, "o-1", "approve"),
        lambda: door.get(orders, "o-1"),
        lambda: orders.find(),
    ):
        with pytest.raises(StoreError) as caught:
            ask()
        assert told in str(caught.value)
        assert "'o-1' of 'order' was stored by version 1" in str(caught.value)
    assert store.load("order", "o-1", None, False).entity == before


def test_a_timer_that_is_no_more_does_nothing_and_the_others_fire(store: Any, door: Any) -> None:
    """S9.5, S13.3"""
    clock = StoppedClock()
    door.create(orchestrated(OLD, store, scheduler=clock), "o-1")
    without = "\n".join(line for line in NEW.splitlines() if "expire" not in line)
    orders = orchestrated(without, store, scheduler=clock)
    assert [timer.trigger for timer in door.get(orders, "o-1").timers] == ["remind"]
    clock.now = MOMENT + 1_500
    assert door.run_due(orders) == []
    assert store.due("order", clock.now, 10) == [], "nobody is woken by it again and again"
    clock.now = MOMENT + 2_000
    assert [result.trigger for result in door.run_due(orders)] == ["remind"]
    assert door.get(orders, "o-1").context == {"reminded": 1}


def test_a_timer_of_a_misfit_is_left_and_told(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """S13.3: nothing is written, and the timers of others fire"""
    clock = StoppedClock()
    old = orchestrated(OLD, store, scheduler=clock)
    door.create(old, "o-1")
    machine = NEW.replace("{name: new, type: initial}", "{name: fresh, type: initial}").replace("new", "fresh")
    orders = orchestrated(machine, store, scheduler=clock)
    door.create(orders, "o-2")
    clock.now = MOMENT + 1_000
    assert [result.trigger for result in door.run_due(orders)] == ["expire"]
    assert "a timer of 'o-1' of order could not fire" in caplog.text
    assert door.get(old, "o-1").version == 1


def test_machines_without_a_version_serve_each_others_entities(store: Any, door: Any) -> None:
    """S13.3"""
    unversioned = OLD.replace(', version: "1"', "")
    door.send(orchestrated(unversioned, store), "o-1", "approve")
    assert door.get(orchestrated(unversioned, store), "o-1").machine_version is None
    assert door.send(orchestrated(NEW, store), "o-1", "fill").success
    with pytest.raises(StoreError, match="was stored by version 2 and is in 'full'"):
        door.get(orchestrated(unversioned.replace("full", "whole"), store), "o-1")


def test_actions_that_an_older_version_has_planned_run_with_the_functions_of_this_one(store: Any, door: Any) -> None:
    """S13.3, S8: what is left behind is found by recover()"""
    first, second = Deeds(act=9), Deeds()
    old = orchestrated(
        OLD.replace("actions: [act]", "actions: [{name: act, retry: 0}]"), store, actions=first.named("act")
    )
    door.send(old, "o-1", "approve")
    (failed,) = old.failed_actions()
    orders = orchestrated(NEW, store, actions=second.named("act"))
    assert door.retry_action(orders, failed.key)
    assert second.keys == first.keys == [failed.key]


def test_an_action_that_is_no_more_fails_for_good(store: Any, door: Any) -> None:
    """S13.3"""
    old = orchestrated(OLD, store, actions=Deeds(act=9).named("act"))
    door.send(old, "o-1", "approve")
    (failed,) = old.failed_actions()
    orders = orchestrated(NEW.replace(", actions: [act]", ""), store)
    door.retry_action(orders, failed.key)
    assert orders.failed_actions()[0].error == "ConfigurationError: action 'act' is not bound"


def test_a_context_that_cannot_be_read_any_more_is_told_with_its_entity(store: Any, door: Any) -> None:
    """S13.3: a variable whose type is another one by now"""
    yaml = OLD.replace("    states:", "    state_variables: [{key: price, type: string}]\n    states:", 1)
    door.send(orchestrated(yaml, store), "o-1", "approve", {"price": "cheap"})
    orders = orchestrated(yaml.replace("type: string", "type: decimal").replace('"1"', '"2"'), store)
    for ask in (lambda: door.get(orders, "o-1").context, lambda: door.send(orders, "o-1", "fill"), orders.find):
        with pytest.raises(StoreError, match=r"'o-1' of 'order' .* price is 'cheap', which is no decimal"):
            ask()
