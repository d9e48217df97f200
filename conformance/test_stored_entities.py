"""Stored entities (S13): the two orchestrators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pystator import Event, StateMachine
from pystator import Orchestrator as TheirOrchestrator
from pystator.errors import ConcurrentTransitionError
from pystator.scheduler import AsyncioScheduler as TheirScheduler
from pystator.stores.base import InMemoryStateStore as TheirStore
from pystator.stores.sqlite import SQLiteStateStore as TheirSQLiteStore

from conformance.rows import row
from conformance.sides import Both, both, one
from pystator_runtime import Orchestrator, StoreError
from pystator_runtime.stores import InMemoryStateStore, SQLiteStateStore
from support.doors import bound

COUNTED = one(
    "",
    "  - {trigger: add, source: a, dest: a, internal: true, actions: [{increment: n}]}\n"
    "  - {trigger: add, source: b, dest: b, internal: true, actions: [{increment: n}]}\n"
    "  - {trigger: leave, source: b, dest: c}\n",
)
LATE = """
states: [{name: a, type: initial}, {name: b}, {name: c}]
transitions:
  - {trigger: go, source: a, dest: b}
  - {trigger: add, source: b, dest: b, internal: true, actions: [{increment: n}]}
  - {trigger: late, source: b, dest: c, after: 20}
"""


class Meanwhile:
    """What somebody else does, once, between somebody's reading of an entity and writing it."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._do: Callable[[], object] | None = do

    def __call__(self) -> None:
        do, self._do = self._do, None
        if do is not None:
            do()


class TheirSharedStore(TheirStore):  # type: ignore[misc]
    """A store whose context is read, and then somebody else comes in."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def get_context(self, entity_id: str) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context(entity_id)
        self.meanwhile()
        return found


class OurSharedStore(InMemoryStateStore):
    """The same."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def load(self, *about: Any) -> Any:
        found = super().load(*about)
        self.meanwhile()
        return found


def _opened(machines: Both, **ours: Any) -> tuple[Any, Any]:
    """Both orchestrators, in memory."""
    return TheirOrchestrator(machines.pystator, TheirStore()), Orchestrator(machines.ours, InMemoryStateStore(), **ours)


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


@row("two events for one entity at once, where the state stays the same")
def test_an_update_is_lost_only_there() -> None:
    """S13, the commit is a compare-and-swap."""
    machines = both(COUNTED)
    there = TheirOrchestrator(machines.pystator, store := TheirSharedStore())
    there.process_event("e", "go")
    store.meanwhile = Meanwhile(lambda: there.process_event("e", "add"))
    there.process_event("e", "add")
    assert store.get_context("e")["n"] == 1
    here = Orchestrator(machines.ours, ours := OurSharedStore())
    here.process_event("e", "go")
    ours.meanwhile = Meanwhile(lambda: here.process_event("e", "add"))
    here.process_event("e", "add")
    stored = here.get("e")
    assert stored is not None
    assert stored.context["n"] == 2


@row("two events for one entity at once, where the state changes")
def test_a_conflict_is_raised_there_and_decided_again_here() -> None:
    """S13, conflicts."""
    machines = both(COUNTED)
    there = TheirOrchestrator(machines.pystator, store := TheirSharedStore())
    there.process_event("e", "go")
    store.meanwhile = Meanwhile(lambda: there.process_event("e", "leave"))
    with pytest.raises(ConcurrentTransitionError):
        there.process_event("e", "leave")
    here = Orchestrator(machines.ours, ours := OurSharedStore())
    here.process_event("e", "go")
    ours.meanwhile = Meanwhile(lambda: here.process_event("e", "leave"))
    assert here.process_event("e", "leave").metadata["reason"] == "invalid_transition"


@row("a failure between the state and the context")
def test_state_and_context_are_two_writes_there_and_one_commit_here() -> None:
    """S8.2, S13."""

    class TheirBroken(TheirStore):  # type: ignore[misc]
        def set_context(self, entity_id: str, context: dict[str, Any]) -> None:
            raise OSError

    class OurBroken(InMemoryStateStore):
        def commit(self, commit: Any, lock: object) -> bool:
            raise OSError

    machines = both(one(", actions: [{increment: n}]"))
    there = TheirBroken()
    with pytest.raises(OSError):  # noqa: PT011
        TheirOrchestrator(machines.pystator, there).process_event("e", "go")
    assert there.get_state("e") == "b"
    assert there.get_context("e") == {}
    here = Orchestrator(machines.ours, OurBroken())
    with pytest.raises(OSError):  # noqa: PT011
        here.process_event("e", "go")
    assert here.get("e") is None


@row("an action that fails, or whose process ends before it has run")
def test_an_action_that_fails_is_forgotten_there_and_kept_here() -> None:
    """S8.6."""
    works: list[bool] = []

    def act(ctx: Any) -> None:
        if not works:
            raise ConnectionError

    there, here = _opened(both(one(", actions: [x]"), actions={"x": act}))
    (outcome,) = there.process_event("e", "go").metadata["action_results"]
    assert not outcome["success"]
    assert not any("x" in str(kept) for kept in vars(there.store).values())
    here.process_event("e", "go")
    (failed,) = here.failed_actions()
    works.append(True)
    assert here.retry_action(failed.key)
    assert here.failed_actions() == []


@row("an event that comes twice")
def test_an_event_with_the_same_id_is_taken_again_there_and_answered_here() -> None:
    """S13.1."""
    there, here = _opened(both(COUNTED))
    event = Event("add", event_id="one")
    assert there.process_event("e", event).success
    assert there.process_event("e", event).success
    assert there.store.get_context("e")["n"] == 2
    assert here.process_event("e", "add", event_id="one").success
    assert here.process_event("e", "add", event_id="one").metadata["duplicate"]
    assert here.get("e").context["n"] == 1


@row("the first event of an entity")
def test_a_first_event_enters_the_initial_state_only_here() -> None:
    """S3.5."""
    text = "states: [{name: a, type: initial, on_enter: [{set: {entered: true}}]}, {name: b}]\n"
    there, here = _opened(both(text + "transitions: [{trigger: go, source: a, dest: b}]\n"))
    there.process_event("e", "go")
    assert "entered" not in there.store.get_context("e")
    here.process_event("e", "go")
    assert here.get("e").context["entered"] is True


@row("an id that two machines use")
def test_an_id_belongs_to_the_store_there_and_to_the_machine_here() -> None:
    """S13.1."""
    order, claim = (f"meta: {{machine_name: {name}}}\n{one()}" for name in ("order", "claim"))
    shared = TheirStore()
    TheirOrchestrator(StateMachine.from_dict(yaml.safe_load(order)), shared).process_event("e", "go")
    assert not TheirOrchestrator(StateMachine.from_dict(yaml.safe_load(claim)), shared).process_event("e", "go").success
    ours = InMemoryStateStore()
    Orchestrator(bound(order), ours).process_event("e", "go")
    assert Orchestrator(bound(claim), ours).process_event("e", "go").success


@row("a decimal in a SQLite store")
def test_a_decimal_is_stored_only_here(tmp_path: Path) -> None:
    """S13.4."""
    machines = both(one("", "state_variables: [{key: price, type: decimal}]\n"))
    there = TheirSQLiteStore(f"sqlite:///{tmp_path}/there.db")
    there.connect()
    with pytest.raises(Exception, match="Decimal"):
        TheirOrchestrator(machines.pystator, there).process_event("e", "go", {"price": Decimal("1.50")})
    there.disconnect()
    there.connect()
    assert there.get_state("e") == "b"
    there.disconnect()
    here = Orchestrator(machines.ours, SQLiteStateStore(tmp_path / "here.db"))
    here.process_event("e", "go", {"price": Decimal("1.50")})
    stored = here.get("e")
    assert stored is not None
    assert stored.context["price"] == Decimal("1.50")
    here.close()


@row("the context of an event in a parallel state")
def test_what_an_event_brings_is_stored_in_a_parallel_state_only_here() -> None:
    """S6, S8.3."""
    text = """
states:
  - {name: a, type: initial}
  - {name: p, type: parallel, regions: [{name: r, initial: x, states: [x, y]}]}
  - {name: x}
  - {name: y}
transitions:
  - {trigger: go, source: a, dest: p}
  - {trigger: move, source: x, region: r, dest: y}
"""
    there, here = _opened(both(text))
    for orchestrator in (there, here):
        orchestrator.process_event("e", "go")
        assert orchestrator.process_event("e", "move", {"by": "ida"}).success
    assert there.store.get_state("e") == "p:r=y"
    assert there.store.get_context("e") == {}
    assert str(here.get("e").state) == "p:r=y"
    assert here.get("e").context == {"by": "ida"}


@row("a timer that is due after a restart")
def test_a_timer_dies_with_its_process_only_there() -> None:
    """S9.5."""
    machines = both(LATE)

    async def there() -> str:
        store = TheirStore()
        before = TheirScheduler()
        await TheirOrchestrator(machines.pystator, store, scheduler=before).async_process_event("e", "go")
        assert before.pending_count == 1
        await before.close()
        after = TheirScheduler()
        TheirOrchestrator(machines.pystator, store, scheduler=after)
        await asyncio.sleep(0.05)
        assert after.total_count == 0
        return str(store.get_state("e"))

    assert asyncio.run(there()) == "b"
    store = InMemoryStateStore()
    Orchestrator(machines.ours, store).process_event("e", "go")
    (fired,) = Orchestrator(machines.ours, store).run_due(_later())
    assert fired.target_state == "c"


@row("a timer of an event that is sent synchronously")
def test_only_here_a_sync_event_arms_a_timer() -> None:
    """S9.2."""
    machines = both(LATE)
    scheduler = TheirScheduler()
    TheirOrchestrator(machines.pystator, TheirStore(), scheduler=scheduler).process_event("e", "go")
    assert scheduler.total_count == 0
    here = Orchestrator(machines.ours, InMemoryStateStore())
    assert [timer.delay for timer in here.process_event("e", "go").armed] == [20]


@row("the context that a timer brings")
def test_a_timer_brings_an_old_context_back_only_there() -> None:
    """S9.4."""
    machines = both(LATE)

    async def there() -> dict[str, Any]:
        store = TheirStore()
        orchestrator = TheirOrchestrator(machines.pystator, store, scheduler=TheirScheduler())
        await orchestrator.async_process_event("e", "go", {"n": 0})
        await orchestrator.async_process_event("e", "add")
        assert store.get_context("e")["n"] == 1
        while store.get_state("e") != "c":
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.005)
        return dict(store.get_context("e"))

    assert asyncio.run(there())["n"] == 0
    here = Orchestrator(machines.ours, InMemoryStateStore())
    here.process_event("e", "go", {"n": 0})
    here.process_event("e", "add")
    here.run_due(_later())
    stored = here.get("e")
    assert stored is not None
    assert (stored.state, stored.context["n"]) == ("c", 1)


@row("`store.get_state(id)`, `get_context(id)`, `list_entities(state)`")
def test_entities_are_asked_for_at_the_store_there_and_at_the_orchestrator_here() -> None:
    there, here = _opened(both(one()))
    for orchestrator in (there, here):
        orchestrator.process_event("e", "go", {"qty": 3})
    stored = here.get("e")
    assert (there.store.get_state("e"), there.store.get_context("e")) == (stored.state, stored.context)
    assert there.store.list_entities("b") == [entity.entity_id for entity in here.find("b")] == ["e"]


@row("`Orchestrator(machine, store, use_initial_state_when_missing=False)`")
def test_an_orchestrator_may_refuse_entities_that_are_not_there() -> None:
    """S13.2."""
    machines = both(one())
    there = TheirOrchestrator(machines.pystator, TheirStore(), use_initial_state_when_missing=False)
    with pytest.raises(ValueError, match="no state"):
        there.process_event("e", "go")
    here = Orchestrator(machines.ours, InMemoryStateStore(), create_missing=False)
    with pytest.raises(StoreError, match="create it first"):
        here.process_event("e", "go")
