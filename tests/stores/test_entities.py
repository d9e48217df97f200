"""Loading and committing: all of a commit or nothing, once per version and event id."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime.errors import StoreError
from pystator_runtime.records import Commit
from support.places import Place
from support.stored import FAR, HOUR, ID, MACHINE, action, audit, commit, entity, everything, get, put

FULL = entity(
    context='{"n": 1.50, "big": 12345678901234567890, "empty": [], "text": "Grüße \\u0000 \\ud800"}',
    history='{"on": "on/radio"}',
    timers='[["open", "late", 1000, 4102444800000]]',
    next_due=FAR,
)


# -- loading ---------------------------------------------------------------------------------------------------


def test_an_entity_that_was_not_stored_is_none(store: Any) -> None:
    loaded = store.load(MACHINE, ID, None, False)
    assert loaded.entity is None
    assert loaded.repeated is None
    assert loaded.lock is None


def test_an_entity_comes_back_as_it_was_committed(store: Any) -> None:
    put(store, FULL)
    assert get(store) == FULL
    changed = FULL._replace(version=2, state="closed", next_due=None, machine_version=None, updated_at=2_000)
    put(store, changed)
    assert get(store) == changed


def test_the_time_is_that_of_the_store_and_whole_milliseconds(store: Any) -> None:
    before = store.next_due(MACHINE)[1]
    now = store.load(MACHINE, ID, None, False).now
    after = store.next_due(MACHINE)[1]
    assert before <= now <= after
    assert type(now) is int
    assert 1_600_000_000_000 < now < FAR


@pytest.mark.parametrize("lock", [False, True])
def test_an_event_id_that_was_used_is_told_with_its_audit_row(lock: bool, store: Any) -> None:
    """S13.1"""
    put(store, entity(), event_id="e-1")
    put(store, entity(version=2), event_id="e-2")
    loaded = store.load(MACHINE, ID, "e-1", lock)
    assert loaded.repeated == audit(entity(), "e-1")
    assert loaded.entity == entity(version=2)
    store.unlock(loaded.lock)


def test_an_event_id_is_known_by_entity_and_machine(store: Any) -> None:
    """S13.1"""
    put(store, entity(), entity("o-2"), entity(machine="other"), event_id="e")
    assert store.load(MACHINE, "o-2", "e", False).repeated == audit(entity("o-2"), "e")
    assert store.load("other", ID, "e", False).repeated == audit(entity(machine="other"), "e")
    assert store.load(MACHINE, "o-3", "e", False).repeated is None
    assert store.load("third", ID, "e", False).repeated is None


@pytest.mark.parametrize("event_id", ["", " ", "e'1", 'e"1', "e:{1}", "e%_\\", "ü€😀", "x" * 10_000, "a\nb"])
def test_an_event_id_may_be_any_text(event_id: str, store: Any) -> None:
    put(store, entity(), event_id=event_id)
    assert store.load(MACHINE, ID, event_id, False).repeated == audit(entity(), event_id)
    assert store.load(MACHINE, ID, event_id + "x", False).repeated is None
    assert store.commit(commit(entity(version=2), event_id=event_id), None) is False


def test_an_event_without_id_repeats_none(store: Any) -> None:
    put(store, entity())
    put(store, entity(version=2))
    assert store.load(MACHINE, ID, None, False).repeated is None
    assert store.load(MACHINE, ID, "", False).repeated is None


# -- committing ------------------------------------------------------------------------------------------------


def test_a_commit_writes_everything_it_holds(store: Any) -> None:
    assert store.commit(commit(FULL, event_id="e", actions=2), None) is True
    told = [FULL, [audit(FULL, "e")], [action(FULL, 0), action(FULL, 1)], [ID], [FULL], {"open": 1}]
    assert everything(store) == told


def test_a_commit_may_hold_the_entity_alone(store: Any) -> None:
    assert store.commit(Commit(entity(), 0), None) is True
    assert store.commit(Commit(entity(version=2), 1), None) is True
    assert everything(store) == [entity(version=2), [], [], [], [entity(version=2)], {"open": 1}]


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_commit_on_another_version_writes_nothing(expected: int, store: Any) -> None:
    put(store, entity(), entity(version=2, next_due=5), event_id=None)
    before = everything(store)
    late = entity(version=expected + 1, state="late", next_due=7)
    assert store.commit(commit(late, event_id="e", actions=2), None) is False
    assert everything(store) == before
    assert store.load(MACHINE, ID, "e", False).repeated is None


def test_a_commit_on_an_entity_that_is_not_there_writes_nothing(store: Any) -> None:
    assert store.commit(commit(entity(version=2, next_due=5), event_id="e", actions=2), None) is False
    assert everything(store) == [None, [], [], [], [], {}]


def test_a_commit_on_an_entity_that_was_made_anew_meanwhile_writes_nothing(store: Any) -> None:
    put(store, entity(created_at=1_000))
    store.delete(MACHINE, ID)
    put(store, entity(created_at=2_000), event_id="f")
    before = everything(store)
    late = entity(version=2, created_at=1_000, state="late", next_due=7)
    assert store.commit(commit(late, event_id="e", actions=2), None) is False
    assert everything(store) == before
    put(store, entity(version=2, created_at=2_000))


def test_a_commit_whose_event_id_was_used_writes_nothing(store: Any) -> None:
    put(store, entity(next_due=5), event_id="e")
    before = everything(store)
    again = entity(version=2, state="late", next_due=7)
    assert store.commit(commit(again, event_id="e", actions=2), None) is False
    assert everything(store) == before
    assert store.load(MACHINE, ID, "e", False).repeated == audit(entity(next_due=5), "e")
    assert store.commit(commit(again, event_id="f"), None) is True


def test_created_and_updated_are_kept_as_told(store: Any) -> None:
    put(store, entity(created_at=5, updated_at=6))
    put(store, entity(version=2, created_at=5, updated_at=2**42))
    found = get(store)
    assert found is not None
    assert (found.created_at, found.updated_at) == (5, 2**42)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udfffb"], ids=["nul", "high", "low"])
@pytest.mark.parametrize("where", ["entity_id", "state", "event_id", "trigger", "key"])
def test_text_that_a_store_cannot_hold_is_refused_by_name(where: str, text: str, place: Place) -> None:
    store = place.open()
    of = entity(text if where == "entity_id" else ID, state=text if where == "state" else "open")
    row = audit(of, text if where == "event_id" else "e", trigger=text if where == "trigger" else "go")
    plan = action(of, **({"key": text} if where == "key" else {}))
    if not place.holds(text):
        with pytest.raises(StoreError, match="can't hold"):
            store.commit(Commit(of, 0, row, (plan,)), None)
        assert everything(store) == [None, [], [], [], [], {}]
        return
    assert store.commit(Commit(of, 0, row, (plan,)), None) is True
    assert get(store, of.entity_id) == of
    assert store.load(MACHINE, of.entity_id, row.event_id, False).repeated == row
    assert store.audit(MACHINE, of.entity_id) == [row]
    assert [a.key for a in store.claim(MACHINE, 0, 10, False)] == [plan.key]


# -- what lies beside each other -------------------------------------------------------------------------------


def test_machines_in_one_store_do_not_see_each_other(store: Any) -> None:
    """S13.1"""
    mine, other = entity(next_due=5), entity(machine="order:2", next_due=6, state="other")
    put(store, mine, event_id="e", actions=1)
    put(store, other, event_id="e", actions=1)
    told = everything(store)
    assert told == [mine, [audit(mine, "e")], [action(mine)], [ID], [mine], {"open": 1}]
    assert everything(store, machine="order:2")[:3] == [other, [audit(other, "e")], [action(other)]]
    assert store.next_due(MACHINE)[0] == 5
    assert store.delete("order:2", ID) is True
    assert everything(store) == told
    assert everything(store, machine="order:2") == [None, [], [], [], [], {}]


def test_names_that_run_together_are_told_apart(store: Any) -> None:
    pairs = [("a", "b:c"), ("a:b", "c"), ("a}", "{b"), ("a", "}{b"), ("a|b", "|"), ("a", "b||")]
    made = [entity(entity_id, machine=machine, context=f'"{machine} {entity_id}"') for machine, entity_id in pairs]
    put(store, *made, event_id="e")
    assert [get(store, of.entity_id, of.machine) for of in made] == made


# -- deleting --------------------------------------------------------------------------------------------------


def test_deleting_leaves_no_trace(store: Any) -> None:
    put(store, entity(next_due=5), event_id="e", actions=2)
    put(store, entity("o-2"))
    store.give_up(action(entity(next_due=5), 1).key, 3, "it is broken")
    assert store.delete(MACHINE, ID) is True
    assert everything(store) == [None, [], [], [], [], {"open": 1}]
    assert store.load(MACHINE, ID, "e", False).repeated is None
    assert store.failed(MACHINE) == []
    assert store.next_due(MACHINE)[0] is None
    assert store.find(MACHINE, "open", None, 10) == [entity("o-2")]


def test_what_was_deleted_can_be_made_again(store: Any) -> None:
    put(store, entity(next_due=5), event_id="e", actions=1)
    store.delete(MACHINE, ID)
    put(store, entity(), event_id="e", actions=1)
    assert everything(store) == [entity(), [audit(entity(), "e")], [action(entity())], [], [entity()], {"open": 1}]


def test_deleting_tells_whether_there_was_an_entity(store: Any) -> None:
    assert store.delete(MACHINE, ID) is False
    put(store, entity())
    assert store.delete(MACHINE, ID) is True
    assert store.delete(MACHINE, ID) is False


def test_deleting_takes_the_rows_of_refused_events_too(store: Any) -> None:
    """S13.2: a refused first event creates no entity, but may have an audit row."""
    store.record(audit(entity(version=0), success=False))
    assert store.delete(MACHINE, ID) is False
    assert store.audit(MACHINE, ID) == []


def test_a_commit_on_what_was_deleted_is_a_conflict(store: Any) -> None:
    put(store, entity())
    store.delete(MACHINE, ID)
    assert store.commit(commit(entity(version=2), actions=1), None) is False
    assert everything(store) == [None, [], [], [], [], {}]


# -- closing ---------------------------------------------------------------------------------------------------


def test_a_closed_store_opens_again_when_it_is_used(store: Any) -> None:
    store.close()
    put(store, entity(), event_id="e", actions=1)
    store.close()
    store.close()
    assert get(store) == entity()
    assert [a.key for a in store.claim(MACHINE, HOUR, 10, False)] == [action(entity()).key]
