"""What a session takes and gives."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal, assert_type

from choice import RoutingMachine, RoutingSession, RoutingState
from declared_types import DeclaredSession
from minimal import LightMachine, LightState, LightTrigger
from order_desk import OrderDeskContext, OrderDeskResult, OrderDeskSession, OrderDeskState, OrderDeskTrigger
from shop.money import Money

from pystator_runtime import Event, TransitionResult


def uses(order: OrderDeskSession) -> None:
    """Methods and `send` take exactly what is declared; what has a default may be left out."""
    assert_type(order.approve(), OrderDeskResult)
    order.fill(amount=1, price=Decimal(2))
    order.fill(amount=1, price=Decimal(2), venue="XETRA", note=None)
    order.cancel(reason="why")
    order.reject(quantity=3, limit=None, side="sell")
    order.send("fill", amount=1, price=Decimal(2), note="x")
    order.send(OrderDeskTrigger.CANCEL, reason="why")
    order.send("reject")
    order.handle(Event("anything", {"a": 1}))


async def awaits(order: OrderDeskSession) -> None:
    assert_type(await order.asend("approve"), OrderDeskResult)
    await order.asend(OrderDeskTrigger.FILL, amount=1, price=Decimal(2))
    await order.ahandle(Event("anything"))


def asks(order: OrderDeskSession) -> None:
    assert_type(order.current_state, OrderDeskState)
    assert_type(order.context, OrderDeskContext)
    assert_type(order.context["quantity"], int)
    assert_type(order.context.get("limit"), Decimal | None)
    assert_type(order.entity_id, str)
    assert_type(order.is_final, bool)
    assert_type(order.allowed_triggers, list[OrderDeskTrigger])
    is_open: bool = order.is_open
    print(is_open, order.snapshot(), order.history)


def results(result: OrderDeskResult) -> None:
    assert_type(result, TransitionResult[OrderDeskState])
    assert_type(result.target_state, OrderDeskState | None)
    assert_type(result.raise_if_failed().all_actions, tuple[str, ...])


def machines(light: LightMachine, routing: RoutingMachine) -> None:
    session = light.create("l1", {}, "off", history=3)
    assert_type(session.current_state, LightState)
    light.process("on", "press", {"anything": 1})
    light.process(LightState.ON, LightTrigger.PRESS, {})
    light.process(LightState("on"), LightTrigger("press"), {})
    assert_type(light.get_initial_state(), LightState)
    assert_type(light.states, tuple[LightState, ...])
    assert_type(light.triggers, tuple[LightTrigger, ...])
    assert_type(light.get_available_triggers("on"), list[LightTrigger])
    assert_type(routing.create(context={"amount": 3}), RoutingSession)
    routing.start({"amount": 3})


def rests(
    session: RoutingSession,
) -> Literal[RoutingState.START, RoutingState.SMALL, RoutingState.LARGE, RoutingState.OTHER]:
    """A choice is never rested in (S7.3)."""
    return session.current_state


def declared(session: DeclaredSession) -> None:
    """Types of the standard library and of the application."""
    context = session.context
    assert_type(context.get("cost"), Money | None)
    assert_type(context.get("nested"), dict[str, list[dict[datetime.date, float | None]]] | None)
    session.paint(color="red", at=datetime.date(2024, 1, 1))
