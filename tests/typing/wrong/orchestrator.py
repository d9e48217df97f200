"""Triggers, payloads, ids, states and contexts that an orchestrator's machine does not have."""

from __future__ import annotations

from decimal import Decimal

from minimal import LightMachine, LightOrchestrator, LightTrigger
from order_desk import OrderDeskMachine, OrderDeskOrchestrator

from pystator_runtime.stores import InMemoryStateStore


def makes(machine: OrderDeskMachine) -> None:
    LightOrchestrator(machine, InMemoryStateStore())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LightOrchestrator(LightMachine())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    LightOrchestrator(LightMachine(), InMemoryStateStore(), lease=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def triggers(orders: OrderDeskOrchestrator, name: str) -> None:
    orders.on("o-1").fil(amount=1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    orders.process_event("o-1", "fil")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.process_event("o-1", name)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.process_event("o-1", LightTrigger.PRESS)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def triggers_async(orders: OrderDeskOrchestrator) -> None:
    await orders.aon("o-1").fil()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    await orders.async_process_event("o-1", "fil")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(orders.aon("o-1").approve().success)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    await orders.on("o-1").approve()  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]


def payloads(orders: OrderDeskOrchestrator) -> None:
    orders.on("o-1").fill(amount="1", price=Decimal(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.on("o-1").fill(price=Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    orders.on("o-1").fill(amount=1, price=Decimal(1), x=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    orders.aon("o-1").approve(reason="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    orders.on("o-1").reject(side="hold")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.process_event("o-1", "fill", [1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def ids(orders: OrderDeskOrchestrator) -> None:
    orders.on(1).approve()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.on(entity_id="o-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    orders.on("o-1", event_id=7).approve()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.process_event(1, "approve")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.get(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(orders.get("o-1").state)  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


def contexts(orders: OrderDeskOrchestrator) -> None:
    orders.create("o-1", {"symbol": "X"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.create("o-1", {"symbol": "X", "quantity": "1"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    created = orders.create("o-1", {"symbol": "X", "quantity": 1})
    print(created.context["colour"])  # type: ignore[typeddict-item]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportGeneralTypeIssues]
    orders.find("opn")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
