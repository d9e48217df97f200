"""Functions that take sessions and machines of either mode, without saying so."""

from __future__ import annotations

from typing import Any, assert_type

from applications_right.providing import Actions, AsyncGuards, Guards
from minimal import LightMachine, LightSession
from order_desk import (
    OrderDeskContext,
    OrderDeskMachine,
    OrderDeskOrchestrator,
    OrderDeskResult,
    OrderDeskSession,
)

from pystator_runtime import EntitySession, Event, Orchestrator, StateMachine
from pystator_runtime.schedulers import ManualScheduler
from pystator_runtime.stores import InMemoryStateStore

synchronous = OrderDeskMachine(guards=Guards(), actions=Actions())
asynchronous = OrderDeskMachine(guards=AsyncGuards(), actions=Actions())


def a_plain_annotation(order: OrderDeskSession) -> OrderDeskResult:
    return order.approve()


def a_certain_mode(order: OrderDeskSession[bool]) -> OrderDeskResult:
    return order.approve()


def what_needs_no_guard(order: OrderDeskSession) -> str:
    return f"{order.entity_id} in {order.current_state}: {order.snapshot()}"


def either_mode_where_none_is_named() -> None:
    a_plain_annotation(synchronous.create())
    a_certain_mode(synchronous.create())
    what_needs_no_guard(synchronous.create())
    what_needs_no_guard(asynchronous.create())


async def an_async_caller(order: OrderDeskSession) -> OrderDeskResult:
    return await order.asend("approve")


async def either_mode_at_async_doors() -> None:
    await an_async_caller(synchronous.create())
    await an_async_caller(asynchronous.create())
    await asynchronous.create().ahandle(Event("approve"))
    context: OrderDeskContext = {"symbol": "X", "quantity": 1, "side": "buy"}
    assert_type(await asynchronous.aprocess("new", "approve", context), OrderDeskResult)


async def how_an_entity_begins() -> None:
    """By guards of automatic transitions at most, so the sync way is open to all."""
    context: OrderDeskContext = {"symbol": "X", "quantity": 1, "side": "buy"}
    asynchronous.start(context)
    asynchronous.create("o-1", context)
    assert_type(await asynchronous.astart(context), OrderDeskResult)
    await an_async_caller(await asynchronous.acreate("o-1", context, "new", execute_actions=True))
    a_certain_mode(await synchronous.acreate())


def a_machine_without_guards_has_no_mode(light: LightMachine) -> LightSession:
    light.create().press()
    light.process("off", "press", {})
    return light.create()


def restored(machine: OrderDeskMachine, data: dict[str, object]) -> OrderDeskSession:
    return OrderDeskSession.from_snapshot(machine, data)


async def stored_entities() -> None:
    orders = OrderDeskOrchestrator(asynchronous, InMemoryStateStore())
    assert_type(await orders.aon("o-1").approve(), OrderDeskResult)
    assert_type(await orders.async_process_event("o-1", "approve"), OrderDeskResult)
    OrderDeskOrchestrator(synchronous, InMemoryStateStore()).on("o-1").approve()


def an_orchestrator_handed_on(orders: OrderDeskOrchestrator) -> OrderDeskResult:
    return orders.on("o-1").approve()


def the_generic_bases(
    session: EntitySession[Any, str, OrderDeskContext],
    machine: StateMachine[Any, Any, Any, Any, Any, Any, Any, Any, Any],
) -> None:
    """What is left out may be anything."""
    session.handle(Event("approve"))
    Orchestrator(machine, InMemoryStateStore())


def a_clock() -> None:
    ManualScheduler().attach(asynchronous.create())
