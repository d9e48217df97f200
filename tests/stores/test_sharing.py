"""Several at once: store objects, threads and processes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from support.places import Place
from support.running import Child, in_threads
from support.stored import HOUR, ID, MACHINE, action, commit, entity, everything, get, put

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


# -- store objects ---------------------------------------------------------------------------------------------


def test_another_store_on_the_same_place_finds_everything(lasting: Place) -> None:
    one, other = lasting.open(), lasting.open()
    put(one, entity(next_due=5), event_id="e", actions=2)
    one.give_up(action(entity(), 1).key, 3, "no")
    assert everything(other) == everything(one)
    assert other.failed(MACHINE) == one.failed(MACHINE)
    assert other.load(MACHINE, ID, "e", False).repeated == one.load(MACHINE, ID, "e", False).repeated


def test_reopening_finds_everything(lasting: Place) -> None:
    store = lasting.open()
    put(store, entity(next_due=5), event_id="e", actions=2)
    before = everything(store)
    store.close()
    again = lasting.open()
    assert everything(again) == before
    assert again.commit(commit(entity(version=2), event_id="e"), None) is False
    put(again, entity(version=2), event_id="f", actions=1)


def test_two_stores_conflict_as_one_does(lasting: Place) -> None:
    one, other = lasting.open(), lasting.open()
    put(one, entity())
    assert other.commit(commit(entity(version=2, state="b")), None) is True
    assert one.commit(commit(entity(version=2, state="a")), None) is False
    assert get(one) == entity(version=2, state="b")


def test_what_one_has_claimed_another_does_not_get(lasting: Place) -> None:
    one, other = lasting.open(), lasting.open()
    put(one, entity(), actions=2)
    assert len(one.claim(MACHINE, HOUR, 1, False)) == 1
    (second,) = other.claim(MACHINE, HOUR, 10, False)
    assert second.key == action(entity(), 1).key


def test_another_store_can_do_what_one_has_planned(lasting: Place) -> None:
    """Whoever finds an action need not have committed or claimed it."""
    one, other = lasting.open(), lasting.open()
    put(one, entity(), actions=5)
    keys = [action(entity(), number).key for number in range(5)]
    other.renew(keys, HOUR)
    assert one.claim(MACHINE, HOUR, 10, False) == []
    other.postpone(keys[0], 1, 0)
    other.give_up(keys[1], 2, "no")
    assert other.finish(keys[2], None) is True
    assert other.finish(keys[3], entity(version=2)) is True
    assert one.retry(MACHINE, keys[1], 0) is not None
    assert [a.key for a in one.claim(MACHINE, HOUR, 10, True)] == [keys[0], keys[1], keys[4]]
    assert get(one) == entity(version=2)


def test_a_lock_of_one_keeps_out_the_other(lasting: Place) -> None:
    one, other = lasting.open(), lasting.open()
    put(one, entity())
    held = one.load(MACHINE, ID, None, True)
    assert other.load(MACHINE, ID, None, True) is None
    one.unlock(held.lock)
    held = other.load(MACHINE, ID, None, True)
    assert held is not None
    other.unlock(held.lock)


# -- threads ---------------------------------------------------------------------------------------------------


def test_one_of_those_who_create_an_entity_succeeds(store: Any) -> None:
    for number in range(5):
        of = entity(f"o-{number}")
        made = in_threads(lambda index, of=of: store.commit(commit(of._replace(state=str(index)), actions=1), None))
        assert sorted(made) == [False, False, False, True]
        assert get(store, of.entity_id) == of._replace(state=str(made.index(True)))
    assert len(store.claim(MACHINE, 0, 100, True)) == 5


def test_one_of_those_who_use_an_event_id_succeeds(store: Any) -> None:
    """Each with its own idea of the version: the event id alone has to keep them apart."""
    put(store, entity())

    def use(index: int) -> bool:
        while True:
            loaded = store.load(MACHINE, ID, "e", False)
            if loaded.repeated is not None:
                return False
            if store.commit(commit(entity(version=loaded.entity.version + 1), event_id="e"), None):
                return True

    assert sorted(in_threads(use)) == [False, False, False, True]
    assert get(store) == entity(version=2)


def test_threads_lose_nothing(store: Any) -> None:
    rounds = 15

    def work(index: int) -> None:
        for _ in range(rounds):
            done = False
            while not done:
                found = get(store)
                done = store.commit(commit(entity(version=1 if found is None else found.version + 1), actions=1), None)
            put(store, entity(f"{index}-{_}", state=str(index)))

    in_threads(work)
    assert [row.version for row in store.audit(MACHINE, ID)] == list(range(1, 4 * rounds + 1))
    assert store.count_by_state(MACHINE) == {"open": 1, **{str(index): rounds for index in range(4)}}
    assert len(store.claim(MACHINE, 0, 1_000, True)) == 4 * rounds


def test_threads_that_open_a_place_at_once_all_find_it(lasting: Place) -> None:
    stores = [lasting.open() for _ in range(4)]
    in_threads(lambda index: put(stores[index], entity(str(index))))
    assert len(stores[0].find(MACHINE, None, None, 10)) == 4


# -- processes -------------------------------------------------------------------------------------------------


def test_a_store_works_on_in_a_forked_process_and_in_its_parent(lasting: Place) -> None:
    store = lasting.open()
    put(store, entity("parent"))

    def work() -> tuple[int, bool]:
        assert get(store, "parent") == entity("parent")
        put(store, entity("child"), actions=1)
        return os.getpid(), store.finish(action(entity("child")).key, entity("child", 2))

    pid, finished = Child(work).result()
    assert pid != os.getpid()
    assert finished
    assert get(store, "child") == entity("child", 2)
    put(store, entity("parent", 2))


def test_a_forked_process_loses_nothing_when_its_parent_closes(lasting: Place) -> None:
    store = lasting.open()
    put(store, entity("before"))
    heard, told = os.pipe()
    wait, go = os.pipe()

    def work() -> None:
        put(store, entity("one"))
        os.write(told, b"1")
        os.read(wait, 1)
        put(store, entity("two"))
        store.close()

    child = Child(work)
    os.read(heard, 1)
    store.close()
    os.write(go, b"1")
    child.result()
    assert [of.entity_id for of in lasting.open().find(MACHINE, None, None, 10)] == ["before", "one", "two"]
    for end in (heard, told, wait, go):
        os.close(end)


def test_a_parent_loses_nothing_when_its_child_closes(lasting: Place) -> None:
    store = lasting.open()
    put(store, entity("before"))
    Child(store.close).result()
    put(store, entity("after"))
    store.close()
    assert [of.entity_id for of in lasting.open().find(MACHINE, None, None, 10)] == ["after", "before"]


def test_a_lock_does_not_pass_into_a_forked_process(lasting: Place) -> None:
    """Whether it outlives the fork is up to the store: the holder's commit is then done, or refused as a conflict."""
    store = lasting.open_with_short_locks()
    put(store, entity())
    held = store.load(MACHINE, ID, None, True)

    def work() -> bool:
        done = store.commit(commit(entity(version=2, state="child")), None)
        return bool(done)

    child = Child(work)
    done = store.commit(commit(entity(version=2, state="parent")), held.lock)
    assert child.result() != done or not done
    store.unlock(held.lock)


def test_processes_that_open_a_place_at_once_all_find_it(lasting: Place) -> None:
    wait, go = os.pipe()

    def work(index: int) -> None:
        os.read(wait, 1)
        put(lasting.open(), entity(str(index)))

    children = [Child(lambda index=index: work(index)) for index in range(4)]
    os.write(go, b"1234")
    for child in children:
        child.result()
    assert len(lasting.open().find(MACHINE, None, None, 10)) == 4
    os.close(wait)
    os.close(go)


def test_processes_lose_nothing(lasting: Place) -> None:
    store = lasting.open()
    rounds = 10

    def work() -> None:
        for _ in range(rounds):
            done = False
            while not done:
                found = get(store)
                done = store.commit(commit(entity(version=1 if found is None else found.version + 1), actions=1), None)

    for child in [Child(work) for _ in range(3)]:
        child.result()
    assert [row.version for row in store.audit(MACHINE, ID)] == list(range(1, 3 * rounds + 1))
    assert len(store.claim(MACHINE, 0, 1_000, True)) == 3 * rounds
