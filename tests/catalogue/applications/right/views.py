"""Views: told apart, sent to, handed on."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, assert_never, assert_type

from applications_right.providing import Actions, AsyncGuards, Guards
from minimal import LightSession
from minimal.light_views import LightOffView, LightOnView, LightView
from nested import CallSession
from nested.call_views import CallHeldView, CallIdleView, CallLostView, CallRingingView, CallTalkingView, CallView
from order_desk import OrderDeskMachine, OrderDeskResult, OrderDeskSession, OrderDeskState
from order_desk.order_views import (
    OrderDeskBrokenView,
    OrderDeskCancelledView,
    OrderDeskFilledView,
    OrderDeskNewView,
    OrderDeskOpenView,
    OrderDeskView,
)
from parallel import OrderFulfilmentConfig, OrderSession
from parallel.order_views import OrderFulfilmentView
from parallel_initial import LampLampConfig, LampSession
from parallel_initial.lamp_views import LampLampView


def told_apart(order: OrderDeskSession) -> str:
    """`match` over a view is exhaustive."""
    match order.view():
        case OrderDeskNewView() as new:
            new.approve()
            return "new"
        case OrderDeskOpenView() as opened:
            opened.fill(amount=1, price=Decimal(1))
            return "open"
        case OrderDeskFilledView() | OrderDeskCancelledView() | OrderDeskBrokenView():
            return "over"


def told_apart_with_assert_never(view: OrderDeskView) -> str:
    match view:
        case OrderDeskNewView() | OrderDeskOpenView():
            return "working"
        case OrderDeskFilledView() | OrderDeskCancelledView() | OrderDeskBrokenView():
            return "over"
        case _:
            assert_never(view)


def told_apart_by_isinstance(order: OrderDeskSession) -> bool:
    view = order.view()
    return isinstance(view, OrderDeskOpenView) and view.cancel(reason="why").result.success


def one_after_the_other(new: OrderDeskNewView) -> OrderDeskResult:
    opened = new.approve()
    if not isinstance(opened, OrderDeskOpenView):
        return opened.result
    after = opened.fill(amount=1, price=Decimal(2), note="half of it")
    assert_type(after, OrderDeskOpenView[bool] | OrderDeskFilledView[bool])
    match after:
        case OrderDeskFilledView():
            return after.result
        case OrderDeskOpenView():
            return after.cancel(reason="too slow").result
        case _:
            assert_never(after)


def until_it_is_filled(opened: OrderDeskOpenView) -> OrderDeskFilledView:
    """A loop over the state that is gone back to."""
    after = opened.fill(amount=1, price=Decimal(1))
    while not isinstance(after, OrderDeskFilledView):
        after = after.fill(amount=1, price=Decimal(1))
    return after


def what_a_view_tells(view: OrderDeskOpenView) -> None:
    assert_type(view.state, Literal[OrderDeskState.OPEN])
    assert_type(view.result, OrderDeskResult)
    print(view.session.context["symbol"])


def all_views_have_in_common(view: OrderDeskView) -> str:
    return f"{view.session.entity_id} in {view.state}"


def sync_sessions_give_sync_views() -> None:
    view = OrderDeskMachine(guards=Guards(), actions=Actions()).create().view()
    if isinstance(view, OrderDeskNewView):
        view.approve()


async def async_sessions_give_async_views() -> None:
    view = OrderDeskMachine(guards=AsyncGuards(), actions=Actions()).create().view()
    match view:
        case OrderDeskNewView():
            after = await view.asend("approve")
            if isinstance(after, OrderDeskOpenView):
                await after.asend("fill", amount=1, price=Decimal(1))
        case _:
            pass


async def an_async_trigger(opened: OrderDeskOpenView[bool]) -> None:
    after = await opened.asend("cancel", reason="why")
    assert_type(after, OrderDeskOpenView[bool] | OrderDeskCancelledView[bool])


def a_machine_without_guards(light: LightSession) -> LightView:
    match light.view():
        case LightOffView() as off:
            return off.press()
        case LightOnView() as on:
            return on.press()


def nested_states(call: CallSession) -> CallView:
    """A leaf has its own triggers and those of all states around it."""
    match call.view():
        case CallIdleView() as idle:
            return idle.dial()
        case CallRingingView() as ringing:
            return ringing.answer()
        case CallTalkingView() as talking:
            return talking.hold()
        case CallHeldView() as held:
            return held.hang_up()
        case CallLostView() as lost:
            return lost


def parallel_states(order: OrderSession) -> None:
    """A parallel state has one view, whose triggers are those of all regions and of itself."""
    match order.view():
        case OrderFulfilmentView() as fulfilment:
            assert_type(fulfilment.state, OrderFulfilmentConfig)
            fulfilment.pay(amount=3)
            fulfilment.next()
            fulfilment.hold()
        case _:
            pass


def always_parallel(lamp: LampSession) -> LampLampView:
    view = lamp.view()
    assert_type(view.state, LampLampConfig)
    return view.press().turn()
