"""Finding and counting entities."""

from __future__ import annotations

import random
from typing import Any

import pytest

from support.stored import MACHINE, entity, get, put

LONG = "".join(random.Random(0).choices([chr(code) for code in range(33, 0x3000)], k=10_000))
"""Ten thousand characters that no compression makes short."""

WEIRD = (
    " ", "  ", "a b", " a", "a ", "a", "A", "b", "a'b", 'a"b', "a%", "a%b", "a_b", "a*", "*", "?", "[a]", "a\\b",
    "{a}", "{", "}", "}{", "a:b", ":", "a/b", "a\nb", "a\r\nb", "\n", "\t", "ä", "a\u0308", "é", "ÿ", "€", "語", "😀",
    "\ue000", "\uffff", "$1", "$$", "-1", "0", "00", "1", "10", "2", "1e3", "null", "NULL", "None", "--", ";", "((a",
    "+", "\x01", "\x7f", "\x80", LONG, LONG + "a", LONG[:-1], "x" * 10_000, "x" * 10_001, "ü" * 10_000,
)  # fmt: skip


def ids(found: Any) -> list[str]:
    return [of.entity_id for of in found]


def test_an_id_may_be_any_text(store: Any) -> None:
    made = [entity(entity_id, context=f'"{number}"', next_due=number + 1) for number, entity_id in enumerate(WEIRD)]
    put(store, *made, event_id="e", actions=1)
    assert [get(store, entity_id) for entity_id in WEIRD] == made
    assert store.due(MACHINE, 1_000, 1_000) == list(WEIRD)
    assert [store.audit(MACHINE, entity_id)[0].entity_id for entity_id in WEIRD] == list(WEIRD)
    assert [a.entity_id for a in store.claim(MACHINE, 0, 1_000, False)] == list(WEIRD)


def test_entities_are_found_in_the_order_of_their_ids(store: Any) -> None:
    made = [entity(entity_id, state=str(number % 2)) for number, entity_id in enumerate(WEIRD)]
    put(store, *made)
    assert store.find(MACHINE, None, None, 1_000) == sorted(made, key=lambda of: of.entity_id)
    assert ids(store.find(MACHINE, "1", None, 1_000)) == sorted(WEIRD[1::2])


@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.parametrize("state", [None, "1"])
def test_pages_follow_each_other_without_gap_or_repetition(state: str | None, limit: int, store: Any) -> None:
    put(store, *(entity(entity_id, state=str(number % 2)) for number, entity_id in enumerate(WEIRD)))
    found: list[str] = []
    while page := ids(store.find(MACHINE, state, found[-1] if found else None, limit)):
        assert len(page) <= limit
        found += page
    assert found == sorted(WEIRD if state is None else WEIRD[1::2])


@pytest.mark.parametrize("limit", [2**31, 2**63 - 1, 2**63, 10**30])
def test_a_limit_may_be_any_number(limit: int, store: Any) -> None:
    put(store, *map(entity, "abc"))
    assert ids(store.find(MACHINE, None, None, limit)) == ["a", "b", "c"]
    assert ids(store.find(MACHINE, "open", "a", limit)) == ["b", "c"]


def test_a_page_may_begin_after_an_id_that_is_not_there(store: Any) -> None:
    put(store, *map(entity, "bdf"))
    assert [ids(store.find(MACHINE, None, after, 10)) for after in ("a", "b", "c", "f", "g")] == [
        ["b", "d", "f"], ["d", "f"], ["d", "f"], [], []
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["open", "a{left=x,right=y z}", "a:b", "%", "ü€😀", "x" * 3_000, LONG, "*", " "])
def test_a_state_is_found_as_it_is_written(state: str, store: Any) -> None:
    put(store, entity("a", state=state), entity("b", state="other"), entity("c", state=state + "x"))
    assert store.find(MACHINE, state, None, 10) == [entity("a", state=state)]
    assert store.count_by_state(MACHINE) == {state: 1, "other": 1, state + "x": 1}


def test_an_entity_is_found_in_the_state_it_is_in(store: Any) -> None:
    put(store, entity("a"), entity("b"), entity("a", 2, "closed"))
    assert ids(store.find(MACHINE, "open", None, 10)) == ["b"]
    assert store.find(MACHINE, "closed", None, 10) == [entity("a", 2, "closed")]
    assert store.find(MACHINE, "unknown", None, 10) == []


def test_states_are_counted(store: Any) -> None:
    assert store.count_by_state(MACHINE) == {}
    put(store, *map(entity, "abc"), entity("d", state="closed"))
    assert store.count_by_state(MACHINE) == {"open": 3, "closed": 1}
    put(store, entity("a", 2, "closed"), entity("b", 2, "open"))
    assert store.count_by_state(MACHINE) == {"open": 2, "closed": 2}
    for entity_id in "bc":
        store.delete(MACHINE, entity_id)
    assert store.count_by_state(MACHINE) == {"closed": 2}


def test_what_was_patched_is_found_and_counted_where_it_is_now(store: Any) -> None:
    put(store, entity("a"), actions=1)
    assert store.finish(f"{MACHINE}/a/1/0", entity("a", 2, "closed"))
    assert store.find(MACHINE, "closed", None, 10) == [entity("a", 2, "closed")]
    assert store.count_by_state(MACHINE) == {"closed": 1}
