"""`match` over the state is exhaustive without a case for what can't be rested in (docs/generated-module.md#typing)."""

from __future__ import annotations

from typing import assert_never

from choice import RoutingSession, RoutingState
from order_desk import OrderDeskResult, OrderDeskSession, OrderDeskState


def describe(session: RoutingSession) -> str:
    match session.current_state:
        case RoutingState.START:
            return "at the start"
        case RoutingState.SMALL | RoutingState.LARGE:
            return "sized"
        case RoutingState.OTHER:
            return "gone"
        case _:
            assert_never(session.current_state)


def described(session: RoutingSession) -> str:
    state = session.current_state
    match state:
        case RoutingState.START:
            return "at the start"
        case RoutingState.SMALL | RoutingState.LARGE | RoutingState.OTHER:
            return "elsewhere"
        case _:
            assert_never(state)


def of_result(result: OrderDeskResult) -> int:
    match result.target_state:
        case None:
            return 0
        case OrderDeskState.NEW | OrderDeskState.OPEN:
            return 1
        case OrderDeskState.FILLED | OrderDeskState.CANCELLED | OrderDeskState.BROKEN:
            return 2


def compared(order: OrderDeskSession) -> bool:
    """`==` compares with members and with literal strings, before an event and after it."""
    was_new = order.current_state == OrderDeskState.NEW or order.current_state == "open"
    assert order.current_state == OrderDeskState.NEW
    order.approve()
    assert order.current_state == OrderDeskState.OPEN
    assert order.is_open
    order.cancel(reason="why")
    assert not order.is_open
    return was_new
