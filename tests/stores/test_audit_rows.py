"""Audit rows: in order, of refused events too, and kept as long as was asked for."""

from __future__ import annotations

from typing import Any

from support.places import Place
from support.stored import HOUR, ID, MACHINE, audit, commit, entity, put


def test_rows_come_in_order_and_as_they_were_written(store: Any) -> None:
    versions = range(1, 13)
    for version in versions:
        put(store, entity(version=version), event_id=f"e-{version}" if version % 2 else None)
    rows = store.audit(MACHINE, ID)
    assert rows == [audit(entity(version=v), f"e-{v}" if v % 2 else None) for v in versions]
    assert {type(row.success) for row in rows} == {bool}


def test_a_refused_event_writes_its_row_and_nothing_else(store: Any) -> None:
    """S13.2"""
    put(store, entity())
    refused = audit(entity(), success=False, target_state=None, trigger="no")
    store.record(refused)
    store.record(refused)
    put(store, entity(version=2))
    assert store.audit(MACHINE, ID) == [audit(entity()), refused, refused, audit(entity(version=2))]


def test_a_refused_first_event_creates_nothing(store: Any) -> None:
    """S13.2"""
    refused = audit(entity(version=0), success=False)
    store.record(refused)
    assert store.audit(MACHINE, ID) == [refused]
    assert store.load(MACHINE, ID, None, False).entity is None
    assert store.find(MACHINE, None, None, 10) == []


def test_rows_are_those_of_the_entity(store: Any) -> None:
    put(store, entity("a"), entity("b"), entity("a", machine="other"))
    assert store.audit(MACHINE, "a") == [audit(entity("a"))]
    assert store.audit(MACHINE, "c") == []


def test_rows_and_event_ids_are_kept_for_ever_if_nothing_else_was_asked_for(place: Place) -> None:
    """S13.1"""
    store = place.open()
    put(store, entity(updated_at=1), event_id="e")
    assert store.prune(MACHINE) == 0
    assert store.load(MACHINE, ID, "e", False).repeated is not None


def test_what_is_older_than_it_is_kept_goes_and_the_event_id_with_it(place: Place) -> None:
    """S13.1"""
    store = place.open(keep_audit="1h")
    now = store.next_due(MACHINE)[1]
    moments = (now, now - 2 * HOUR, 1, now - HOUR // 2)  # clocks are set back, too
    for version, moment in enumerate(moments, start=1):
        put(store, entity(version=version, updated_at=moment), event_id=f"e-{version}")
    put(store, entity("other", updated_at=1), event_id="e")
    put(store, entity(machine="other", updated_at=1), event_id="e")
    assert store.prune(MACHINE) == 3
    assert [row.version for row in store.audit(MACHINE, ID)] == [1, 4]
    assert store.audit(MACHINE, "other") == []
    assert len(store.audit("other", ID)) == 1
    known = [store.load(MACHINE, ID, f"e-{v}", False).repeated is not None for v in range(1, 5)]
    assert known == [True, False, False, True]
    assert store.prune(MACHINE) == 0


def test_an_event_id_that_was_pruned_can_be_used_again(place: Place) -> None:
    store = place.open(keep_audit="1h")
    put(store, entity(updated_at=1), event_id="e")
    store.prune(MACHINE)
    assert store.commit(commit(entity(version=2), event_id="e"), None) is True


def test_pruning_leaves_entities_and_actions(place: Place) -> None:
    store = place.open(keep_audit=0)
    put(store, entity(next_due=5), actions=1)
    store.prune(MACHINE)
    assert store.find(MACHINE, None, None, 10) == [entity(next_due=5)]
    assert store.due(MACHINE, 10, 10) == [ID]
    assert len(store.claim(MACHINE, 0, 10, False)) == 1


def test_many_rows_are_pruned(place: Place) -> None:
    store = place.open(keep_audit="1h")
    put(store, *(entity(f"o-{number}", updated_at=number) for number in range(150)))
    assert store.prune(MACHINE) == 150
    assert store.audit(MACHINE, "o-7") == []
