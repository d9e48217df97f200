"""What an action changes in its copy of the context becomes part of the entity."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from support.doubles import Double
from support.orchestrated import MOMENT, StoppedClock, orchestrated

YAML = """
    meta: {machine_name: order}
    state_variables: [{key: price, type: decimal}]
    states: [{name: new, type: initial}, {name: open, timeout: {seconds: 60, destination: new}}]
    transitions:
      - {trigger: approve, source: new, dest: open, actions: [act, {name: then}]}
      - {trigger: hit, source: "*", internal: true, actions: [{increment: n}]}
    """


def acting(store: Any, act: Callable[[Any], Any], then: Callable[[Any], Any] = len, **settings: Any) -> Any:
    return orchestrated(YAML, store, actions={"act": act, "then": then}, **settings)


def test_keys_that_were_set_or_removed_are_merged_when_the_action_is_done(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""

    def act(ctx: Any) -> None:
        ctx["price"] = Decimal("1.5")
        ctx["lines"].append(3)
        del ctx["old"]

    orders = acting(store, act)
    door.create(orders, "o-1", {"lines": [1], "old": 1, "kept": 1})
    result = door.send(orders, "o-1", "approve")
    entity = door.get(orders, "o-1")
    assert entity.context == {"lines": [1, 3], "kept": 1, "price": Decimal("1.5")}
    assert entity.version == 3, "creation, event, patch"
    assert dict(result.execution.changes) == {"price": Decimal("1.5"), "lines": [1, 3]}
    assert result.execution.removed == ("old",)
    assert [row.version for row in orders.history("o-1")] == [2], "a patch is no event"


def test_each_action_gets_a_copy_of_the_committed_context(store: Any, door: Any) -> None:
    """S8.1"""
    seen: list[Any] = []
    orders = acting(store, lambda ctx: ctx.update(x=1), lambda ctx: seen.append("x" in ctx))
    door.send(orders, "o-1", "approve")
    assert seen == [False]


def test_without_a_patch_the_entity_is_neither_read_nor_written(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""
    orders = acting(store, lambda ctx: ctx.update(_mine=1, _event=None))
    door.send(orders, "o-1", "approve")
    assert (door.get(orders, "o-1").version, door.get(orders, "o-1").context) == (1, {})


def test_a_patch_leaves_state_timers_and_what_others_have_changed(store: Any, door: Any) -> None:
    """It touches neither state nor timers"""
    clock = StoppedClock()

    def act(ctx: Any) -> None:
        orders.process_event("o-1", "hit", {"other": 2})
        clock.now += 5_000
        ctx["mine"] = 1

    orders = acting(store, act, scheduler=clock)
    door.send(orders, "o-1", "approve")
    entity = door.get(orders, "o-1")
    assert entity.context == {"n": 1, "other": 2, "mine": 1}
    assert entity.state == "open"
    assert [due.timestamp() * 1000 for due in entity.timers.values()] == [MOMENT + 60_000]


def test_the_later_of_two_that_change_the_same_key_stands(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions: key by key"""
    orders = acting(store, lambda ctx: ctx.update(x=1, y=1), lambda ctx: ctx.update(x=2))
    door.send(orders, "o-1", "approve")
    assert door.get(orders, "o-1").context == {"x": 2, "y": 1}


def test_a_patch_lands_however_often_others_are_faster(store: Any, door: Any) -> None:
    """It is retried until it lands"""

    class Others(Double):
        times = 8

        async def meet(self, name: str, call: Any, *given: Any) -> Any:
            if name == "finish" and self.times:
                self.times -= 1
                orchestrated(YAML, store).process_event("o-1", "hit")
            return await call(*given)

    orders = acting(Others(store), lambda ctx: ctx.update(x=1))
    door.send(orders, "o-1", "approve")
    assert door.get(orders, "o-1").context == {"n": 8, "x": 1}


def test_an_entity_that_was_deleted_meanwhile_is_not_patched(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""

    def act(ctx: Any) -> None:
        orders.delete("o-1")
        ctx["x"] = 1

    orders = acting(store, act)
    assert door.send(orders, "o-1", "approve").execution.all_succeeded
    assert door.get(orders, "o-1") is None
    assert door.recover(orders, force=True) == 0


def test_a_patch_that_cannot_be_stored_is_a_failed_action(store: Any, door: Any) -> None:
    """S8.6, S13.4: it stays, can be looked at, and run again"""
    orders = acting(store, lambda ctx: ctx.update(x={1}))
    result = door.send(orders, "o-1", "approve")
    assert result.success
    assert result.execution.failed_actions == ["act"]
    (failed,) = orders.failed_actions()
    assert "x holds {1}, which JSON can't hold" in failed.error
    assert door.get(orders, "o-1").context == {}


def test_what_a_failing_action_has_changed_is_dropped(store: Any, door: Any) -> None:
    """S8.6"""

    def act(ctx: Any) -> None:
        ctx["x"] = 1
        raise ConnectionError("away")

    orders = acting(store, act)
    door.send(orders, "o-1", "approve")
    assert door.get(orders, "o-1").context == {}


def test_an_async_action_patches_as_well(store: Any) -> None:
    """docs/orchestrator.md#actions"""
    import asyncio

    async def act(ctx: Any) -> None:
        await asyncio.sleep(0)
        ctx["x"] = 1

    orders = acting(store, act)
    asyncio.run(orders.async_process_event("o-1", "approve"))
    assert orders.get("o-1").context == {"x": 1}
