"""A commit that fails anywhere has written nothing: the entity is as before or as after, never between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pystator_runtime.errors import StoreError
from support.places import Place
from support.stored import MACHINE, action, audit, commit, entity, everything, put

BEFORE = entity(next_due=5)
AFTER = entity(version=2, state="closed", next_due=7)

CHANGES: dict[str, Callable[[Any], Any]] = {
    "create": lambda store: store.commit(commit(entity("new", next_due=9), event_id="n", actions=2), None),
    "commit": lambda store: store.commit(commit(AFTER, event_id="e", actions=2), None),
    "record": lambda store: store.record(audit(BEFORE, success=False)),
    "finish": lambda store: store.finish(action(BEFORE).key, None),
    "patch": lambda store: store.finish(action(BEFORE).key, AFTER),
    "delete": lambda store: store.delete(MACHINE, "o-1"),
}


@pytest.fixture(params=CHANGES.values(), ids=CHANGES)
def change(request: Any) -> Callable[[Any], Any]:
    return request.param


def prepared(place: Place) -> Any:
    store = place.open()
    put(store, BEFORE, actions=2)
    return store


def told(store: Any) -> list[Any]:
    known = [store.load(MACHINE, entity_id, event, False).repeated for entity_id, event in (("o-1", "e"), ("new", "n"))]
    return [everything(store, "o-1"), everything(store, "new"), known, store.failed(MACHINE)]


def test_a_change_that_fails_has_changed_nothing(lasting: Place, change: Callable[[Any], Any]) -> None:
    store = prepared(lasting)
    before = told(store)
    failed = 0
    for point in lasting.points:
        with lasting.broken(point):
            try:
                change(store)
            except StoreError:
                failed += 1
                outcome = before
            else:
                outcome = None
        if outcome is None:  # it does not come by that point
            assert told(store) != before, point
            store.delete(MACHINE, "o-1")
            store.delete(MACHINE, "new")
            put(store, BEFORE, actions=2)
        assert told(store) == before, point
    assert failed
    change(store)
    assert told(store) != before
