"""Finding entities by their timers (S9)."""

from __future__ import annotations

from typing import Any

from support.stored import FAR, HOUR, MACHINE, action, entity, put


def test_an_entity_is_due_from_the_moment_of_its_first_timer(store: Any) -> None:
    put(store, entity(next_due=1_000))
    assert [store.due(MACHINE, now, 10) for now in (999, 1_000, 1_001)] == [[], ["o-1"], ["o-1"]]


def test_without_a_moment_the_clock_of_the_store_decides(store: Any) -> None:
    now = store.next_due(MACHINE)[1]
    put(store, entity("past", next_due=now), entity("future", next_due=now + HOUR), entity("none"))
    assert store.due(MACHINE, None, 10) == ["past"]


def test_what_is_due_longest_comes_first(store: Any) -> None:
    moments = {"a": 30, "b": 10, "c": FAR, "d": 20, "e": 2**33}
    put(store, *(entity(entity_id, next_due=moment) for entity_id, moment in moments.items()))
    assert store.due(MACHINE, FAR, 10) == ["b", "d", "a", "e", "c"]
    assert store.due(MACHINE, FAR, 2) == ["b", "d"]
    assert store.due(MACHINE, 25, 10) == ["b", "d"]


def test_many_are_due_in_order_up_to_the_limit(store: Any) -> None:
    put(store, *(entity(f"o-{number}", next_due=1_000 - number) for number in range(60)))
    longest = [f"o-{number}" for number in range(59, -1, -1)]
    assert store.due(MACHINE, 1_000, 100) == longest
    assert store.due(MACHINE, 1_000, 25) == longest[:25]


def test_the_next_moment_is_the_first_of_all(store: Any) -> None:
    assert store.next_due(MACHINE)[0] is None
    put(store, entity("a"), entity("b", next_due=FAR), entity("c", next_due=FAR - 1))
    assert store.next_due(MACHINE)[0] == FAR - 1
    put(store, entity("c", 2, next_due=None))
    assert store.next_due(MACHINE)[0] == FAR
    store.delete(MACHINE, "b")
    assert store.next_due(MACHINE)[0] is None


def test_a_commit_arms_moves_and_disarms(store: Any) -> None:
    for version, moment in enumerate((None, 50, 50, 20, None, 70), start=1):
        put(store, entity(version=version, next_due=moment))
        assert store.next_due(MACHINE)[0] == moment
        assert store.due(MACHINE, FAR, 10) == ([] if moment is None else ["o-1"])


def test_a_patch_touches_no_timer(store: Any) -> None:
    put(store, entity(next_due=50), actions=1)
    assert store.finish(action(entity()).key, entity(version=2, next_due=50))
    assert store.next_due(MACHINE)[0] == 50
