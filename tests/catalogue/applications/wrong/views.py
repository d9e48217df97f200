"""Triggers that a state does not accept, and views that are taken for others."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from nested.call_views import CallRingingView, CallTalkingView
from order_desk import OrderDeskSession
from order_desk.order_views import (
    OrderDeskBrokenView,
    OrderDeskCancelledView,
    OrderDeskFilledView,
    OrderDeskNewView,
    OrderDeskOpenView,
    OrderDeskView,
)
from parallel.order_views import OrderFulfilmentView, OrderHeldView, OrderPlacedView


def a_terminal_state_accepts_nothing(filled: OrderDeskFilledView) -> None:
    # mypy [attr-defined] "OrderDeskFilledView[Any]" has no attribute "cancel"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "cancel" for class "OrderDeskFilledView[Any]"
    filled.cancel(reason="late")  # wrong


def a_trigger_of_another_state(new: OrderDeskNewView) -> None:
    # mypy [attr-defined] "OrderDeskNewView[Any]" has no attribute "fill"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "fill" for class "OrderDeskNewView[Any]"
    new.fill(amount=1, price=Decimal(1))  # wrong


def a_trigger_of_the_state_that_was_left(new: OrderDeskNewView) -> None:
    # mypy [union-attr] Item "OrderDeskOpenView[bool]" of "OrderDeskNewView[bool] | OrderDeskOpenView[bool]" has no attribute "reject"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "reject" for class "OrderDeskOpenView[bool]"
    new.approve().reject()  # wrong


def a_trigger_that_only_one_of_the_views_has(order: OrderDeskSession) -> None:
    # mypy [union-attr] Item "OrderDeskBrokenView[Any]" of "OrderDeskNewView[Any] | OrderDeskOpenView[Any] | OrderDeskFilledView[Any] | OrderDeskCancelledView[Any] | OrderDeskBrokenView[Any]" has no attribute "approve"
    # mypy [union-attr] Item "OrderDeskCancelledView[Any]" of "OrderDeskNewView[Any] | OrderDeskOpenView[Any] | OrderDeskFilledView[Any] | OrderDeskCancelledView[Any] | OrderDeskBrokenView[Any]" has no attribute "approve"
    # mypy [union-attr] Item "OrderDeskFilledView[Any]" of "OrderDeskNewView[Any] | OrderDeskOpenView[Any] | OrderDeskFilledView[Any] | OrderDeskCancelledView[Any] | OrderDeskBrokenView[Any]" has no attribute "approve"
    # mypy [union-attr] Item "OrderDeskOpenView[Any]" of "OrderDeskNewView[Any] | OrderDeskOpenView[Any] | OrderDeskFilledView[Any] | OrderDeskCancelledView[Any] | OrderDeskBrokenView[Any]" has no attribute "approve"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskBrokenView[Any]"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskCancelledView[Any]"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskFilledView[Any]"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskOpenView[Any]"
    order.view().approve()  # wrong


def a_misspelt_trigger(opened: OrderDeskOpenView) -> None:
    # mypy [attr-defined] "OrderDeskOpenView[Any]" has no attribute "cancell"; maybe "cancel"?
    # pyright [reportAttributeAccessIssue] Cannot access attribute "cancell" for class "OrderDeskOpenView[Any]"
    opened.cancell(reason="why")  # wrong


def a_missing_payload(opened: OrderDeskOpenView) -> None:
    # mypy [call-arg] Missing named argument "reason" for "cancel" of "OrderDeskOpenView"
    # pyright [reportCallIssue] Argument missing for parameter "reason"
    opened.cancel()  # wrong


def a_payload_of_the_wrong_type(opened: OrderDeskOpenView) -> None:
    # mypy [arg-type] Argument "amount" to "fill" of "OrderDeskOpenView" has incompatible type "str"; expected "int"
    # pyright [reportArgumentType] Argument of type "Literal['1']" cannot be assigned to parameter "amount" of type "int" in function "fill"
    opened.fill(amount="1", price=Decimal(1))  # wrong


def a_superfluous_payload(opened: OrderDeskOpenView) -> None:
    # mypy [call-arg] Unexpected keyword argument "colour" for "fill" of "OrderDeskOpenView"
    # pyright [reportCallIssue] No parameter named "colour"
    opened.fill(amount=1, price=Decimal(1), colour="red")  # wrong


def the_next_view_taken_for_a_certain_one(opened: OrderDeskOpenView) -> OrderDeskCancelledView:
    # mypy [return-value] Incompatible return value type (got "OrderDeskOpenView[bool] | OrderDeskCancelledView[bool]", expected "OrderDeskCancelledView[Any]")
    # pyright [reportReturnType] Type "OrderDeskOpenView[bool] | OrderDeskCancelledView[bool]" is not assignable to return type "OrderDeskCancelledView[Any]"
    return opened.cancel(reason="it may be refused")  # wrong


def a_view_that_does_not_follow(opened: OrderDeskOpenView) -> OrderDeskNewView | OrderDeskOpenView:
    # mypy [return-value] Incompatible return value type (got "OrderDeskOpenView[bool] | OrderDeskFilledView[bool]", expected "OrderDeskNewView[Any] | OrderDeskOpenView[Any]")
    # pyright [reportReturnType] Type "OrderDeskOpenView[bool] | OrderDeskFilledView[bool]" is not assignable to return type "OrderDeskNewView[Any] | OrderDeskOpenView[Any]"
    return opened.fill(amount=1, price=Decimal(1))  # wrong


def a_view_is_no_session(order: OrderDeskSession) -> OrderDeskSession:
    # mypy [return-value] Incompatible return value type (got "OrderDeskNewView[Any] | OrderDeskOpenView[Any] | OrderDeskFilledView[Any] | OrderDeskCancelledView[Any] | OrderDeskBrokenView[Any]", expected "OrderDeskSession[Any]")
    # pyright [reportReturnType] Type "OrderDeskView[Any]" is not assignable to return type "OrderDeskSession[Any]"
    return order.view()  # wrong


def a_forgotten_view(view: OrderDeskView) -> str:
    match view:
        case OrderDeskNewView() | OrderDeskOpenView():
            return "working"
        case OrderDeskFilledView() | OrderDeskCancelledView():
            return "over"
        case _:
            # mypy [arg-type] Argument 1 to "assert_never" has incompatible type "OrderDeskBrokenView[Any]"; expected "Never"
            # pyright [reportArgumentType] Argument of type "OrderDeskBrokenView[Any]" cannot be assigned to parameter "arg" of type "Never" in function "assert_never"
            assert_never(view)  # wrong


def a_forgotten_successor(opened: OrderDeskOpenView) -> str:
    after = opened.fill(amount=1, price=Decimal(1))
    match after:
        case OrderDeskFilledView():
            return "filled"
        case _:
            # mypy [arg-type] Argument 1 to "assert_never" has incompatible type "OrderDeskOpenView[bool]"; expected "Never"
            # pyright [reportArgumentType] Argument of type "OrderDeskOpenView[bool]" cannot be assigned to parameter "arg" of type "Never" in function "assert_never"
            assert_never(after)  # wrong


def an_event_of_a_result(opened: OrderDeskOpenView) -> None:
    # mypy [attr-defined] "TransitionResult[OrderDeskState]" has no attribute "succes"; maybe "success"?
    # pyright [reportAttributeAccessIssue] Cannot access attribute "succes" for class "OrderDeskResult"
    print(opened.result.succes)  # wrong


def a_state_that_is_set(opened: OrderDeskOpenView) -> None:
    # mypy [assignment] Incompatible types in assignment (expression has type "Literal['filled']", variable has type "Literal[OrderDeskState.OPEN]")
    # mypy [misc] Property "state" defined in "StateView" is read-only
    # pyright [reportAttributeAccessIssue] Cannot assign to attribute "state" for class "OrderDeskOpenView[Any]"
    opened.state = "filled"  # wrong


async def an_async_trigger_that_is_not_accepted(new: OrderDeskNewView) -> None:
    # mypy [call-overload] No overload variant of "asend" of "OrderDeskNewView" matches argument types "str", "int", "Decimal"
    # mypy [call-overload] Unexpected keyword arguments "amount", "price" for overloaded function "asend" of "OrderDeskNewView"
    # pyright [reportCallIssue] No overloads for "asend" match the provided arguments
    await new.asend("fill", amount=1, price=Decimal(1))  # wrong


async def an_async_trigger_of_a_terminal_state(filled: OrderDeskFilledView) -> None:
    # mypy [attr-defined] "OrderDeskFilledView[Any]" has no attribute "asend"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "asend" for class "OrderDeskFilledView[Any]"
    await filled.asend("cancel", reason="late")  # wrong


async def an_async_trigger_that_is_not_awaited(opened: OrderDeskOpenView) -> None:
    # mypy [attr-defined] "Coroutine[Any, Any, OrderDeskOpenView[Any] | OrderDeskCancelledView[Any]]" has no attribute "result"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "result" for class "CoroutineType[Any, Any, OrderDeskOpenView[Any] | OrderDeskCancelledView[Any]]"
    opened.asend("cancel", reason="why").result  # wrong


async def an_async_payload_of_the_wrong_type(opened: OrderDeskOpenView) -> None:
    # mypy [call-overload] No overload variant of "asend" of "OrderDeskOpenView" matches argument types "str", "int"
    # pyright [reportArgumentType] Argument of type "Literal[3]" cannot be assigned to parameter "reason" of type "str" in function "asend"
    await opened.asend("cancel", reason=3)  # wrong


async def a_sync_trigger_that_is_awaited(opened: OrderDeskOpenView) -> None:
    # mypy [misc] Incompatible types in "await" (actual type "OrderDeskOpenView[bool] | OrderDeskCancelledView[bool]", expected type "Awaitable[Any]")
    # pyright [reportGeneralTypeIssues] "OrderDeskCancelledView[bool]" is not awaitable
    # pyright [reportGeneralTypeIssues] "OrderDeskOpenView[bool]" is not awaitable
    await opened.cancel(reason="why")  # wrong


def a_trigger_of_a_sibling(ringing: CallRingingView) -> None:
    # mypy [attr-defined] "CallRingingView" has no attribute "hold"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "hold" for class "CallRingingView"
    ringing.hold()  # wrong


def a_trigger_that_the_inner_state_has_not(talking: CallTalkingView) -> None:
    # mypy [attr-defined] "CallTalkingView" has no attribute "answer"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "answer" for class "CallTalkingView"
    talking.answer()  # wrong


def a_trigger_from_outside_in_a_parallel_state(fulfilment: OrderFulfilmentView) -> None:
    # mypy [attr-defined] "OrderFulfilmentView[Any]" has no attribute "begin"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "begin" for class "OrderFulfilmentView[Any]"
    fulfilment.begin()  # wrong


def a_trigger_of_a_region_outside_of_it(held: OrderHeldView) -> None:
    # mypy [attr-defined] "OrderHeldView[Any]" has no attribute "pay"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "pay" for class "OrderHeldView[Any]"
    held.pay(amount=3)  # wrong


def a_region_as_a_view(placed: OrderPlacedView) -> None:
    # mypy [attr-defined] "Literal[OrderState.PLACED]" has no attribute "payment"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "payment" for class "Literal[OrderState.PLACED]"
    print(placed.state.payment)  # wrong


def a_view_made_of_another_machine() -> OrderDeskBrokenView:
    # mypy [arg-type] Argument 1 to "OrderDeskBrokenView" has incompatible type "str"; expected "OrderDeskSession[Any]"
    # pyright [reportArgumentType] Argument of type "Literal['broken']" cannot be assigned to parameter "session" of type "OrderDeskSession[GuardAnswerT_co@OrderDeskBrokenView]" in function "__init__"
    return OrderDeskBrokenView("broken")  # wrong
