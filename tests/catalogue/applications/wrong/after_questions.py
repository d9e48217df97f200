"""Mistakes after a question about the state: no answer hides the code behind it (the narrowing trap)."""

from __future__ import annotations

from typing import assert_never

from order_desk import OrderDeskSession, OrderDeskState
from order_desk.order_views import OrderDeskFilledView, OrderDeskOpenView
from parallel import OrderFulfilmentConfig, OrderSession, OrderState


def after_a_query(order: OrderDeskSession) -> None:
    assert order.is_new
    order.approve()
    assert not order.is_new
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[1]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=1)  # wrong


def after_a_comparison(order: OrderDeskSession) -> None:
    assert order.current_state == OrderDeskState.NEW
    order.approve()
    assert order.current_state == OrderDeskState.OPEN
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[2]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=2)  # wrong


def after_a_comparison_with_text(order: OrderDeskSession) -> None:
    assert order.current_state == "new"
    order.approve()
    assert order.current_state == "open"
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[3]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=3)  # wrong


def after_an_inequality(order: OrderDeskSession) -> None:
    assert order.current_state != OrderDeskState.OPEN
    order.approve()
    assert order.current_state == OrderDeskState.OPEN
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[4]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=4)  # wrong


def after_an_if(order: OrderDeskSession) -> None:
    if not order.is_open:
        order.approve()
        if order.is_open:
            # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
            # pyright [reportArgumentType] Argument of type "Literal[5]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
            order.cancel(reason=5)  # wrong


def after_a_loop(order: OrderDeskSession) -> None:
    while not order.is_open:
        order.approve()
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[6]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=6)  # wrong


def after_membership(order: OrderDeskSession) -> None:
    assert order.current_state in (OrderDeskState.NEW, OrderDeskState.OPEN)
    order.reject()
    assert order.current_state == OrderDeskState.CANCELLED
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[7]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=7)  # wrong


def after_the_end(order: OrderDeskSession) -> None:
    assert not order.is_final
    order.reject()
    assert order.is_cancelled
    # mypy [arg-type] Argument "reason" to "cancel" of "OrderDeskSession" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[8]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    order.cancel(reason=8)  # wrong


def after_a_region(order: OrderSession) -> None:
    assert order.is_unpaid
    order.pay(amount=10)
    assert not order.is_unpaid
    # mypy [arg-type] Argument "amount" to "pay" of "OrderSession" has incompatible type "str"; expected "int"
    # pyright [reportArgumentType] Argument of type "Literal['ten']" cannot be assigned to parameter "amount" of type "int" in function "pay"
    order.pay(amount="ten")  # wrong


def after_a_config(order: OrderSession, config: OrderFulfilmentConfig) -> None:
    assert order.current_state == config
    order.hold()
    assert order.current_state == OrderState.HELD
    # mypy [arg-type] Argument "amount" to "pay" of "OrderSession" has incompatible type "str"; expected "int"
    # pyright [reportArgumentType] Argument of type "Literal['ten']" cannot be assigned to parameter "amount" of type "int" in function "pay"
    order.pay(amount="ten")  # wrong


def a_forgotten_state(order: OrderDeskSession) -> str:
    match order.current_state:
        case OrderDeskState.NEW | OrderDeskState.OPEN:
            return "working"
        case OrderDeskState.FILLED | OrderDeskState.CANCELLED:
            return "over"
        case _:
            # mypy [arg-type] Argument 1 to "assert_never" has incompatible type "Literal[OrderDeskState.BROKEN]"; expected "Never"
            # pyright [reportArgumentType] Argument of type "Literal[OrderDeskState.BROKEN]" cannot be assigned to parameter "arg" of type "Never" in function "assert_never"
            assert_never(order.current_state)  # wrong


def after_a_view_was_told_apart(order: OrderDeskSession) -> None:
    view = order.view()
    if isinstance(view, OrderDeskOpenView):
        after = view.cancel(reason="why")
        if isinstance(after, OrderDeskFilledView):
            return
        # mypy [call-arg] Too many arguments for "raise_if_failed" of "TransitionResult"
        # pyright [reportCallIssue] Expected 0 positional arguments
        after.result.raise_if_failed(1)  # wrong
