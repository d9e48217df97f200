"""The orchestrator that a generated module defines: the same one, with the machine's types (docs/orchestrator.md)."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from pystator_runtime import IdempotencyError, Orchestrator
from support.machines import load
from support.orchestrated import Deeds

TWO_STORES = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

MODULE = load(
    """
    meta: {machine_name: order}
    events: [{name: fill, payload: {amount: integer, note: "string = none"}}, {name: close, payload: {}}]
    states: [{name: new, type: initial}, {name: open}, {name: full}]
    transitions:
      - {trigger: fill, source: new, dest: open, actions: [act]}
      - {source: open, dest: full, after: 0}
      - {trigger: close, source: full, dest: new}
      - {trigger: open, source: "*", internal: true}
    """
)


def orders(store: Any, deeds: Deeds | None = None, **settings: Any) -> Any:
    return MODULE.OrderOrchestrator(MODULE.OrderMachine(actions=Actions(deeds or Deeds())), store, **settings)


class Actions:
    def __init__(self, deeds: Deeds) -> None:
        self.act = deeds.named("act")["act"]


@TWO_STORES
def test_on_has_a_method_per_trigger(store: Any) -> None:
    """docs/orchestrator.md#events: orders.on(entity_id).fill(...)"""
    served = orders(store)
    assert served.on("o-1").fill(amount=3).target_state == "open"
    assert served.get("o-1").context == {"amount": 3, "note": "none"}
    assert served.on("o-1").open(anything=[1]).success
    assert served.on("o-1").close().target_state == "new"


@TWO_STORES
def test_aon_answers_an_awaitable(store: Any) -> None:
    """docs/orchestrator.md#async"""

    async def scenario() -> None:
        served = orders(store)
        assert (await served.aon("o-1").fill(amount=3, note="x")).target_state == "open"
        assert (await served.aon("o-1").close()).target_state == "new"

    asyncio.run(scenario())


@TWO_STORES
def test_an_event_id_goes_with_it(store: Any) -> None:
    """S13.1"""
    served = orders(store)
    served.on("o-1", event_id="e-1").fill(amount=3)
    assert served.on("o-1", "e-1").fill(amount=3).metadata["duplicate"]
    assert asyncio.run(served.aon("o-1", "e-1").fill(amount=3)).metadata["duplicate"]
    with pytest.raises(IdempotencyError):
        served.on("o-1", "e-1").fill(amount=4)


@TWO_STORES
def test_its_methods_are_those_of_the_orchestrator(store: Any) -> None:
    """docs/orchestrator.md#opening-one"""
    deeds = Deeds(act=1)
    served = orders(store, deeds)
    assert served.create("o-1").state is MODULE.OrderState.NEW
    assert served.process_event("o-1", "fill", {"amount": 1}, event_id="e-1").success
    assert [row.event_id for row in served.history("o-1")] == ["e-1", None]
    assert [entity.entity_id for entity in served.find(MODULE.OrderState.FULL)] == ["o-1"]
    assert served.count_by_state() == {"full": 1}
    assert served.run_due() == []
    assert served.next_due() is None
    (failed,) = served.failed_actions()
    assert served.retry_action(failed.key)
    assert served.recover() == 0
    served.start()
    assert served.delete("o-1")
    served.close()
    assert repr(served).startswith("<OrderOrchestrator <Orchestrator of 'order'")


@TWO_STORES
def test_its_async_twins_are_too(store: Any) -> None:
    """docs/orchestrator.md#async"""

    async def scenario() -> None:
        deeds = Deeds(act=1)
        served = orders(store, deeds)
        assert (await served.acreate("o-1")).state is MODULE.OrderState.NEW
        assert (await served.async_process_event("o-1", "fill", {"amount": 1})).success
        assert (await served.aget("o-1")).state is MODULE.OrderState.FULL
        assert await served.arun_due() == []
        assert await served.anext_due() is None
        assert await served.aretry_action(served.failed_actions()[0].key)
        assert await served.arecover(force=True) == 0
        await served.astart()
        await served.aclose()

    asyncio.run(scenario())
    assert orders(store).on("o-1").close().success


def test_no_method_and_no_setting_was_forgotten() -> None:
    """docs/orchestrator.md#opening-one: the same, typed"""
    methods = {name: each for name, each in vars(Orchestrator).items() if inspect.isfunction(each) and name[0] != "_"}
    public = {name for name, method in methods.items() if not inspect.isgeneratorfunction(method)}  # clocks run those
    assert [name for name in sorted(public) if not hasattr(MODULE.OrderOrchestrator, name)] == []
    wrapped, own = (inspect.signature(kind.__init__).parameters for kind in (Orchestrator, MODULE.OrderOrchestrator))
    assert {name: p.default for name, p in wrapped.items()} == {name: p.default for name, p in own.items()}
