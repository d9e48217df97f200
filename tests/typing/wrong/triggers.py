"""Triggers and payloads that the machine does not have."""

from __future__ import annotations

from decimal import Decimal

from declared_types import DeclaredSession
from minimal import LightSession, LightTrigger
from no_payload import SwitchSession
from order_desk import OrderDeskSession, OrderDeskTrigger
from without_variables import EmptySession, FlagSession


def unknown(order: OrderDeskSession, light: LightSession, name: str) -> None:
    order.fil(amount=1, price=Decimal(1))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    order.send("fil", amount=1, price=Decimal(1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    order.send(LightTrigger.PRESS)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    order.send(name)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    light.send("pres")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.send(name)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(OrderDeskTrigger.FIL)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    print(order.is_opn)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


async def unknown_async(order: OrderDeskSession) -> None:
    await order.asend("fil")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    print(order.asend("approve").success)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def payloads(order: OrderDeskSession) -> None:
    order.fill(amount="1", price=Decimal(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.fill(amount=1, price=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.fill(price=Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    order.fill(amount=1, price=Decimal(1), colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    order.fill(1, Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    order.cancel(reason=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.approve(reason="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    order.reject(quantity="three")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.reject(quantiy=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    order.reject(side="hold")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def by_name(order: OrderDeskSession) -> None:
    order.send("fill", amount="1", price=Decimal(1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    order.send("fill", price=Decimal(1))  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    order.send("fill", amount=1, price=Decimal(1), colour="red")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    order.send("approve", reason="x")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    order.send(OrderDeskTrigger.CANCEL)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    order.send(trigger="approve")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def others(flag: FlagSession, switch: SwitchSession, empty: EmptySession, declared: DeclaredSession) -> None:
    flag.send("raise", height="tall")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    flag.raise_(height="tall")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    switch.on(x=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    switch.send("on", x=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    empty.hoist(x=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    declared.paint(color="blue", at=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
