"""Actions that are still to be run: claimed, renewed, finished, postponed, given up, tried again."""

from __future__ import annotations

from typing import Any

import pytest

from support.running import in_threads
from support.stored import FAR, HOUR, MACHINE, action, entity, everything, get, put


def keys(actions: Any) -> list[str]:
    return [a.key for a in actions]


@pytest.fixture
def three(store: Any) -> list[str]:
    """The keys of three pending actions of one entity, which nobody has claimed."""
    put(store, entity(), actions=3)
    return [action(entity(), number).key for number in range(3)]


# -- claiming --------------------------------------------------------------------------------------------------


def test_an_action_comes_back_as_it_was_committed_but_claimed(store: Any) -> None:
    written = action(entity(), spec='{"name": "a", "params": {"empty": [], "n": 1e400}}', context='{"x": "Grüße"}')
    put(store, entity(), actions=1, spec=written.spec, context=written.context)
    now = store.next_due(MACHINE)[1]
    (claimed,) = store.claim(MACHINE, HOUR, 10, False)
    assert claimed == written._replace(claimed_until=claimed.claimed_until)
    assert now + HOUR <= claimed.claimed_until <= store.next_due(MACHINE)[1] + HOUR


def test_actions_are_claimed_in_order_and_up_to_the_limit(store: Any, three: list[str]) -> None:
    assert keys(store.claim(MACHINE, HOUR, 2, False)) == three[:2]
    assert keys(store.claim(MACHINE, HOUR, 2, False)) == three[2:]
    assert store.claim(MACHINE, HOUR, 2, False) == []


def test_the_order_is_that_of_the_commits(store: Any) -> None:
    made = [entity(entity_id) for entity_id in ("z", "b", "y", "a", "x", "c")]
    put(store, *made, actions=2)
    planned = [action(of, number).key for of in made for number in range(2)]
    assert keys(store.claim(MACHINE, HOUR, 5, False)) == planned[:5]
    assert keys(store.claim(MACHINE, HOUR, 100, False)) == planned[5:]
    assert keys(store.claim(MACHINE, HOUR, 100, True)) == planned


def test_ten_actions_and_more_keep_their_order(store: Any) -> None:
    put(store, entity(), actions=25)
    assert keys(store.claim(MACHINE, HOUR, 100, False)) == [action(entity(), number).key for number in range(25)]


def test_what_was_claimed_is_left_alone_until_the_claim_has_expired(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, HOUR, 10, False)
    assert store.claim(MACHINE, HOUR, 10, False) == []
    store.renew(three[1:2], 0)
    assert keys(store.claim(MACHINE, HOUR, 10, False)) == three[1:2]


def test_force_takes_what_others_have_claimed(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, HOUR, 10, False)
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == three
    assert store.claim(MACHINE, HOUR, 10, False) == []


def test_an_action_may_be_committed_as_claimed(store: Any) -> None:
    put(store, entity(), actions=1, claimed_until=FAR)
    assert store.claim(MACHINE, HOUR, 10, False) == []
    (claimed,) = store.claim(MACHINE, HOUR, 10, True)
    assert claimed.claimed_until < FAR


def test_claims_that_ran_out_are_free_again(store: Any, three: list[str]) -> None:
    assert keys(store.claim(MACHINE, 0, 10, False)) == three
    assert keys(store.claim(MACHINE, 0, 10, False)) == three


def test_renewing_keeps_a_claim(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, 0, 10, False)
    store.renew(three[:2], HOUR)
    assert keys(store.claim(MACHINE, HOUR, 10, False)) == three[2:]


def test_renewing_what_is_not_there_does_nothing(store: Any, three: list[str]) -> None:
    store.finish(three[0], None)
    store.renew([three[0], "never heard of"], HOUR)
    store.renew([], HOUR)
    assert keys(store.claim(MACHINE, HOUR, 10, False)) == three[1:]


def test_nobody_claims_what_somebody_else_has(store: Any) -> None:
    put(store, entity(), actions=20)
    claimed = in_threads(lambda index: keys(store.claim(MACHINE, HOUR, 7, False)))
    all_of_them = [key for some in claimed for key in some]
    assert len(all_of_them) == len(set(all_of_them))
    rest = keys(store.claim(MACHINE, HOUR, 100, False))
    assert sorted(all_of_them + rest) == sorted(action(entity(), number).key for number in range(20))


# -- finishing -------------------------------------------------------------------------------------------------


def test_a_finished_action_is_gone(store: Any, three: list[str]) -> None:
    assert store.finish(three[1], None) is True
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == [three[0], three[2]]
    assert get(store) == entity()


def test_what_was_changed_is_written_with_it(store: Any, three: list[str]) -> None:
    patched = entity(version=2, context='{"patched": true}', updated_at=9_000)
    assert store.finish(three[0], patched) is True
    assert get(store) == patched
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == three[1:]
    assert len(store.audit(MACHINE, "o-1")) == 1


@pytest.mark.parametrize("version", [1, 3])
def test_a_patch_of_another_version_writes_nothing(version: int, store: Any, three: list[str]) -> None:
    before = everything(store)
    assert store.finish(three[0], entity(version=version, state="late", next_due=5)) is False
    assert everything(store) == before


def test_finishing_what_is_finished_is_no_error_and_writes_nothing(store: Any, three: list[str]) -> None:
    store.finish(three[0], None)
    before = everything(store)
    assert store.finish(three[0], None) is True
    assert store.finish(three[0], entity(version=2, state="late")) is True
    assert store.finish("never heard of", None) is True
    assert everything(store) == before


def test_an_action_of_an_entity_that_was_deleted_is_finished(store: Any, three: list[str]) -> None:
    store.delete(MACHINE, "o-1")
    assert store.finish(three[0], entity(version=2)) is True
    assert get(store) is None


def test_of_many_patches_of_one_version_one_is_written(store: Any) -> None:
    put(store, entity(), actions=4)
    written = in_threads(lambda index: store.finish(action(entity(), index).key, entity(version=2, state=str(index))))
    assert sorted(written) == [False, False, False, True]
    assert get(store) == entity(version=2, state=str(written.index(True)))
    assert len(store.claim(MACHINE, 0, 10, True)) == 3


# -- trying again ----------------------------------------------------------------------------------------------


def test_a_postponed_action_waits(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, HOUR, 10, False)
    store.postpone(three[0], 1, HOUR)
    assert store.claim(MACHINE, HOUR, 10, False) == []
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == three[1:]


def test_a_postponed_action_is_free_when_its_time_has_come(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, HOUR, 10, False)
    store.postpone(three[1], 2, 0)
    now = store.next_due(MACHINE)[1]
    (claimed,) = store.claim(MACHINE, HOUR, 10, False)
    assert (claimed.key, claimed.attempts) == (three[1], 2)
    assert 0 < claimed.not_before <= now


def test_a_postponed_action_keeps_its_place(store: Any, three: list[str]) -> None:
    store.postpone(three[0], 1, 0)
    assert keys(store.claim(MACHINE, HOUR, 10, False)) == three


def test_what_was_given_up_stays_and_is_not_claimed(store: Any, three: list[str]) -> None:
    store.claim(MACHINE, HOUR, 10, False)
    store.give_up(three[1], 3, "ValueError: Grüße")
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == [three[0], three[2]]
    (failed,) = store.failed(MACHINE)
    assert failed == action(entity(), 1, attempts=3, error="ValueError: Grüße")


def test_those_that_failed_are_told_in_order(store: Any) -> None:
    put(store, entity("b"), entity("a"), entity(machine="other"), actions=2)
    planned = [action(entity(entity_id), number).key for entity_id in "ba" for number in range(2)]
    for key in reversed(planned):
        store.give_up(key, 1, "no")
    store.give_up(action(entity(machine="other")).key, 1, "no")
    assert keys(store.failed(MACHINE)) == planned


def test_a_failed_action_can_be_tried_again_from_the_start(store: Any, three: list[str]) -> None:
    store.postpone(three[1], 2, HOUR)
    store.give_up(three[1], 3, "no")
    assert store.retry(MACHINE, three[1], 0) is not None
    assert store.failed(MACHINE) == []
    claimed = store.claim(MACHINE, HOUR, 10, False)
    assert keys(claimed) == three
    assert claimed[1] == action(entity(), 1, claimed_until=claimed[1].claimed_until)


def test_whoever_tries_a_failed_action_again_has_claimed_it(store: Any, three: list[str]) -> None:
    store.give_up(three[1], 3, "no")
    again = store.retry(MACHINE, three[1], HOUR)
    assert again == action(entity(), 1, claimed_until=again.claimed_until)
    assert keys(store.claim(MACHINE, HOUR, 10, False)) == [three[0], three[2]]
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == three


def test_only_a_failed_action_of_that_machine_can_be_tried_again(store: Any, three: list[str]) -> None:
    store.give_up(three[0], 1, "no")
    assert store.retry("other", three[0], 0) is None
    assert store.retry(MACHINE, three[1], 0) is None
    assert store.retry(MACHINE, "never heard of", 0) is None
    assert store.retry(MACHINE, three[0], 0) is not None
    assert store.retry(MACHINE, three[0], 0) is None


def test_a_failed_action_can_be_finished(store: Any, three: list[str]) -> None:
    store.give_up(three[0], 1, "no")
    assert store.finish(three[0], entity(version=2)) is True
    assert store.failed(MACHINE) == []
    assert get(store) == entity(version=2)


def test_postponing_or_giving_up_what_is_not_there_does_nothing(store: Any, three: list[str]) -> None:
    store.finish(three[0], None)
    store.postpone(three[0], 1, 0)
    store.give_up(three[0], 1, "no")
    assert store.failed(MACHINE) == []
    assert keys(store.claim(MACHINE, HOUR, 10, True)) == three[1:]


@pytest.mark.parametrize("said", ["a\0b", "\udcff", "x" * 100_000], ids=["nul", "surrogate", "long"])
def test_an_error_may_say_anything(said: str, store: Any, three: list[str]) -> None:
    """Whatever an exception says, the action has to be given up."""
    store.give_up(three[0], 1, said)
    assert keys(store.failed(MACHINE)) == three[:1]
    assert store.failed(MACHINE)[0].error
