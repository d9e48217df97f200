"""Every store answers as the one in memory does, whatever is done to it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pystator_runtime.records import ActionRecord
from pystator_runtime.stores import InMemoryStateStore
from support.places import Place
from support.stored import FAR, HOUR, audit, commit, entity

IDS = ("a", "b", "a:1:b", "ä\n{}")
STATES = ("open", "open:", "closed")
EVENTS = (None, None, "e", "1:e")
SPANS = (0, HOUR)

ids, states, spans, flags = st.sampled_from(IDS), st.sampled_from(STATES), st.sampled_from(SPANS), st.booleans()
number = st.integers(0, 3)
operation = st.one_of(
    st.tuples(
        st.sampled_from(["commit", "commit", "commit locked"]), ids, st.sampled_from([0, 0, 0, 0, -1, 1]), states,
        st.sampled_from([None, 1, 2, FAR]), st.sampled_from(EVENTS), number, st.sampled_from([0, FAR]),
    ),
    st.tuples(st.just("lock"), ids),
    st.tuples(st.just("record"), ids),
    st.tuples(st.just("delete"), ids),
    st.tuples(st.just("claim"), spans, st.integers(1, 5), flags),
    st.tuples(st.just("renew"), ids, st.integers(1, 3), number, spans),
    st.tuples(st.just("finish"), ids, st.integers(1, 3), number, states, st.sampled_from([None, 0, 0, 1])),
    st.tuples(st.just("postpone"), ids, st.integers(1, 3), number, spans),
    st.tuples(st.just("give up"), ids, st.integers(1, 3), number),
    st.tuples(st.just("retry"), ids, st.integers(1, 3), number, spans),
)  # fmt: skip
machines = itertools.count()


class Doer:
    """Does to a store what an operation says."""

    def __init__(self, store: Any, machine: str) -> None:
        self.store = store
        self.machine = machine

    def version(self, entity_id: str) -> int:
        found = self.store.load(self.machine, entity_id, None, False).entity
        return 0 if found is None else found.version

    def do(self, name: str, *values: Any) -> Any:
        return getattr(self, name.replace(" ", "_"))(*values)

    def commit(
        self, entity_id: str, off: int, state: str, due: int | None, event_id: str | None, actions: int, claimed: int,
        *, lock: object = None,
    ) -> Any:  # fmt: skip
        version = max(1, self.version(entity_id) + 1 + off)
        of = entity(entity_id, version, state, machine=self.machine, next_due=due, context=f'"{state} {actions}"')
        return self.store.commit(commit(of, event_id=event_id, actions=actions, claimed_until=claimed), lock)

    def commit_locked(self, entity_id: str, *values: Any) -> Any:
        return self.commit(entity_id, *values, lock=self.store.load(self.machine, entity_id, None, True).lock)

    def lock(self, entity_id: str) -> Any:
        held = self.store.load(self.machine, entity_id, "e", True)
        self.store.unlock(held.lock)
        return held.entity, held.repeated

    def record(self, entity_id: str) -> Any:
        return self.store.record(audit(entity(entity_id, 0, machine=self.machine), success=False))

    def delete(self, entity_id: str) -> Any:
        return self.store.delete(self.machine, entity_id)

    def claim(self, lease: int, limit: int, force: bool) -> Any:
        return [without_times(each) for each in self.store.claim(self.machine, lease, limit, force)]

    def key(self, entity_id: str, version: int, number: int) -> str:
        return f"{self.machine}/{entity_id}/{version}/{number}"

    def renew(self, entity_id: str, version: int, number: int, lease: int) -> Any:
        return self.store.renew([self.key(entity_id, version, number), "unknown"], lease)

    def finish(self, entity_id: str, version: int, number: int, state: str, off: int | None) -> Any:
        key = self.key(entity_id, version, number)
        if off is None:
            return self.store.finish(key, None)
        now = self.store.load(self.machine, entity_id, None, False).entity
        if now is None:
            return self.store.finish(key, entity(entity_id, 5, machine=self.machine))
        return self.store.finish(key, now._replace(version=now.version + 1 + off, state=state, context='"patched"'))

    def postpone(self, entity_id: str, version: int, number: int, delay: int) -> Any:
        return self.store.postpone(self.key(entity_id, version, number), 7, delay)

    def give_up(self, entity_id: str, version: int, number: int) -> Any:
        return self.store.give_up(self.key(entity_id, version, number), 9, "no")

    def retry(self, entity_id: str, version: int, number: int, lease: int) -> Any:
        again = self.store.retry(self.machine, self.key(entity_id, version, number), lease)
        return None if again is None else without_times(again)

    def everything(self) -> Any:
        ask, machine = self.store, self.machine
        return {
            "entities": [ask.load(machine, each, "e", False)[:2] for each in IDS],
            "audit": [ask.audit(machine, each) for each in IDS],
            "found": ask.find(machine, None, None, 10),
            "in states": [ask.find(machine, state, "a", 10) for state in STATES],
            "counts": ask.count_by_state(machine),
            "due": [sorted(ask.due(machine, moment, 10)) for moment in (0, 1, 2, FAR)],
            "next": ask.next_due(machine)[0],
            "failed": [without_times(each) for each in ask.failed(machine)],
            "free": self.claim(HOUR, 100, False),
            "claimed": self.claim(HOUR, 100, True),
        }


def without_times(action: ActionRecord) -> ActionRecord:
    return action._replace(claimed_until=0, not_before=0)


@pytest.fixture
def tried(lasting: Place) -> Any:
    return lasting.open()


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(operation, max_size=30))
def test_a_store_does_as_the_one_in_memory_does(tried: Any, operations: list[tuple[Any, ...]]) -> None:
    machine = f"machine {next(machines)}"
    model, real = Doer(InMemoryStateStore(), machine), Doer(tried, machine)
    for each in operations:
        assert real.do(*each) == model.do(*each), each
    assert real.everything() == model.everything()
