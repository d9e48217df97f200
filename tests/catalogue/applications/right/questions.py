"""Questions about the state before an event and after it: nothing is unreachable (docs/generated-module.md#typing)."""

from __future__ import annotations

from typing import assert_never

from order_desk import OrderDeskSession, OrderDeskState
from parallel import OrderFulfilmentConfig, OrderSession, OrderState


def queries(order: OrderDeskSession) -> None:
    assert order.is_new
    order.approve()
    assert not order.is_new
    assert order.is_open


def comparisons(order: OrderDeskSession) -> None:
    assert order.current_state == OrderDeskState.NEW
    order.approve()
    assert order.current_state == OrderDeskState.OPEN
    assert order.current_state != OrderDeskState.NEW


def comparisons_with_text(order: OrderDeskSession) -> None:
    assert order.current_state == "new"
    order.approve()
    assert order.current_state == "open"


def comparisons_of_results(order: OrderDeskSession) -> None:
    first, second = order.approve(), order.cancel(reason="why")
    assert first.target_state == OrderDeskState.OPEN
    assert second.target_state == OrderDeskState.CANCELLED
    assert first.target_state != second.target_state


def branches(order: OrderDeskSession) -> str:
    if order.is_open:
        order.cancel(reason="why")
        if order.is_cancelled:
            return "cancelled"
        return "refused"
    return "not open"


def loops(order: OrderDeskSession) -> None:
    while not order.is_open:
        order.approve()
    assert order.current_state == OrderDeskState.OPEN


def membership(order: OrderDeskSession) -> None:
    assert order.current_state in (OrderDeskState.NEW, OrderDeskState.OPEN)
    order.reject()
    assert order.current_state in {OrderDeskState.CANCELLED}


def a_query_is_a_bool(order: OrderDeskSession) -> bool:
    is_open: bool = order.is_open
    return is_open or order.is_new


def regions(order: OrderSession) -> None:
    assert order.is_unpaid
    order.pay(amount=10)
    assert order.is_paid
    assert not order.is_unpaid


def configs(order: OrderSession, config: OrderFulfilmentConfig) -> None:
    assert order.current_state == config
    order.hold()
    assert order.current_state == OrderState.HELD
    order.resume()
    assert order.current_state == config


def exhaustive(order: OrderDeskSession) -> str:
    match order.current_state:
        case OrderDeskState.NEW | OrderDeskState.OPEN:
            return "working"
        case OrderDeskState.FILLED | OrderDeskState.CANCELLED | OrderDeskState.BROKEN:
            return "over"
        case _:
            assert_never(order.current_state)


def the_end(order: OrderDeskSession) -> None:
    if not order.is_final:
        order.reject()
    if order.is_final:
        print(order.current_state)
