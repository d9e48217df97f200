"""Locks: who has locked an entity is the only one to change it."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from pystator_runtime.errors import StoreError
from support.places import Place
from support.running import Child, die, in_threads
from support.stored import ID, MACHINE, action, commit, entity, everything, get, put


@pytest.fixture(params=[0, 1], ids=["not there yet", "there"])
def version(request: Any, store: Any) -> int:
    """The version of the entity that is locked: locks are for creation, too."""
    if request.param:
        put(store, entity())
    return int(request.param)


def test_a_lock_comes_with_the_entity_and_the_event(store: Any) -> None:
    put(store, entity(), event_id="e")
    loaded = store.load(MACHINE, ID, "e", True)
    assert loaded.entity == entity()
    assert loaded.repeated is not None
    assert loaded.lock is not None
    store.unlock(loaded.lock)


def test_a_second_lock_is_not_to_be_had(version: int, store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    assert store.load(MACHINE, ID, None, True) is None
    store.unlock(held.lock)
    again = store.load(MACHINE, ID, None, True)
    assert again is not None
    store.unlock(again.lock)


def test_a_locked_entity_can_be_read(version: int, store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    assert store.load(MACHINE, ID, None, False).entity == held.entity
    store.unlock(held.lock)


def test_the_holder_commits_and_the_lock_is_gone(version: int, store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    assert store.commit(commit(entity(version=version + 1), event_id="e", actions=1), held.lock) is True
    assert get(store) == entity(version=version + 1)
    assert store.commit(commit(entity(version=version + 2)), None) is True
    again = store.load(MACHINE, ID, None, True)
    assert again is not None
    store.unlock(again.lock)


def test_a_commit_that_is_refused_ends_the_lock_too(version: int, store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    assert store.commit(commit(entity(version=version + 5), actions=1), held.lock) is False
    assert store.commit(commit(entity(version=version + 1)), None) is True


def test_a_commit_whose_event_id_was_used_ends_the_lock_too(store: Any) -> None:
    put(store, entity(), event_id="e")
    held = store.load(MACHINE, ID, None, True)
    assert store.commit(commit(entity(version=2), event_id="e"), held.lock) is False
    assert store.commit(commit(entity(version=2), event_id="f"), None) is True


def test_a_commit_that_fails_ends_the_lock_too(place: Place) -> None:
    store = place.open()
    put(store, entity())
    for number, point in enumerate(place.points):
        with place.broken(point), contextlib.suppress(StoreError):
            held = store.load(MACHINE, ID, None, True)
            store.commit(commit(entity(version=2), event_id="e", actions=2), held.lock)
        found = get(store)
        assert found is not None
        assert store.commit(commit(entity(version=found.version + 1), event_id=f"e-{number}"), None) is True
        store.delete(MACHINE, ID)
        put(store, entity())


def test_unlocking_what_is_not_locked_any_more_does_nothing(store: Any) -> None:
    store.unlock(None)
    held = store.load(MACHINE, ID, None, True)
    store.commit(commit(entity()), held.lock)
    other = store.load(MACHINE, ID, None, True)
    store.unlock(held.lock)
    assert store.load(MACHINE, ID, None, True) is None
    store.unlock(other.lock)
    store.unlock(other.lock)


def test_a_lock_can_be_given_back_by_another_thread(store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    in_threads(lambda index: store.unlock(held.lock), 1)
    held = store.load(MACHINE, ID, None, True)
    assert in_threads(lambda index: store.commit(commit(entity()), held.lock), 1) == [True]


def test_commits_of_others_wait_or_are_conflicts(version: int, store: Any) -> None:
    held = store.load(MACHINE, ID, None, True)
    others: list[bool] = []

    def other() -> None:
        others.append(store.commit(commit(entity(version=version + 1, state="theirs"), event_id="t", actions=1), None))

    thread = threading.Thread(target=other)
    thread.start()
    assert store.commit(commit(entity(version=version + 1, state="mine")), held.lock) is True
    thread.join()
    assert others == [False]
    found = everything(store)
    assert found[0] == entity(version=version + 1, state="mine")
    assert found[2] == []


def test_patches_of_others_wait_or_are_conflicts(store: Any) -> None:
    put(store, entity(), actions=1)
    held = store.load(MACHINE, ID, None, True)
    others: list[bool] = []

    def other() -> None:
        others.append(store.finish(action(entity()).key, entity(version=2, state="theirs")))

    thread = threading.Thread(target=other)
    thread.start()
    assert store.commit(commit(entity(version=2, state="mine")), held.lock) is True
    thread.join()
    assert others == [False]
    assert get(store) == entity(version=2, state="mine")
    assert [a.key for a in store.claim(MACHINE, 0, 10, True)] == [action(entity()).key]


def test_of_many_that_want_a_lock_one_has_it(store: Any) -> None:
    put(store, entity())
    had = in_threads(lambda index: store.load(MACHINE, ID, None, True))
    assert sum(loaded is not None for loaded in had) == 1
    for loaded in had:
        if loaded is not None:
            store.unlock(loaded.lock)


def test_nothing_is_lost_between_those_who_lock_and_those_who_do_not(store: Any) -> None:
    put(store, entity())
    rounds = 10

    def step(index: int) -> int:
        done = 0
        while done < rounds:
            loaded = store.load(MACHINE, ID, None, bool(index % 2))
            if loaded is not None:
                done += store.commit(commit(entity(version=loaded.entity.version + 1)), loaded.lock)
        return done

    assert sum(in_threads(step)) == 4 * rounds
    found = get(store)
    assert found is not None
    assert found.version == 4 * rounds + 1
    assert [row.version for row in store.audit(MACHINE, ID)] == list(range(1, 4 * rounds + 2))


def test_a_lock_ends_with_the_process_that_holds_it(lasting: Place) -> None:
    store = lasting.open_with_short_locks()
    put(store, entity())

    def lock_and_die() -> None:
        assert store.load(MACHINE, ID, None, True) is not None
        die()

    Child(lock_and_die).wait_for_its_death()
    held = None
    while held is None:
        held = store.load(MACHINE, ID, None, True)
    assert store.commit(commit(entity(version=2)), held.lock) is True


def test_closing_ends_the_locks_of_a_store(place: Place) -> None:
    store = place.open_with_short_locks()
    put(store, entity())
    held = store.load(MACHINE, ID, None, True)
    store.close()
    again = None
    while again is None and place.lasts:
        again = store.load(MACHINE, ID, None, True)
    if again is not None:
        assert store.commit(commit(entity(version=2)), held.lock) is False
        assert store.commit(commit(entity(version=2)), again.lock) is True
