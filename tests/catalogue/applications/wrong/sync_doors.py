"""Machines with async guards at sync doors (S5.5)."""

from __future__ import annotations

from applications_right.providing import Actions, AsyncGuards, Guards, MixedGuards, RoutingActions, ShippingActions
from choice import RoutingContext, RoutingMachine
from order_desk import OrderDeskContext, OrderDeskMachine, OrderDeskOrchestrator, OrderDeskSession
from order_desk.order_views import OrderDeskNewView
from parallel import OrderContext, OrderMachine

from pystator_runtime import Event
from pystator_runtime.stores import InMemoryStateStore


class Honest:
    """Both of its guards are async."""

    async def is_light(self, ctx: OrderContext) -> bool:
        return ctx["amount"] < 10

    async def is_honest(self, ctx: OrderContext) -> bool:
        return True


class Ready:
    """One of its guards is async."""

    async def is_ready(self, ctx: RoutingContext) -> bool:
        return True

    def is_vip(self, ctx: RoutingContext) -> bool:
        return ctx["amount"] > 100


asynchronous = OrderDeskMachine(guards=AsyncGuards(), actions=Actions())
mixed = OrderDeskMachine(guards=MixedGuards(), actions=Actions())
parallel = OrderMachine(guards=Honest(), actions=ShippingActions())
routing = RoutingMachine(guards=Ready(), actions=RoutingActions())
context: OrderDeskContext = {"symbol": "X", "quantity": 1, "side": "buy"}


def a_trigger() -> None:
    # mypy [misc] Invalid self argument "OrderDeskSession[Coroutine[Any, Any, bool]]" to attribute function "approve"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskSession[CoroutineType[Any, Any, bool]]"
    asynchronous.create().approve()  # wrong


def a_trigger_where_one_guard_is_async() -> None:
    # mypy [misc] Invalid self argument "OrderDeskSession[bool | Awaitable[bool]]" to attribute function "approve"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskSession[CoroutineType[Any, Any, bool] | bool]"
    mixed.create().approve()  # wrong


def a_trigger_that_asks_no_guard() -> None:
    # mypy [misc] Invalid self argument "OrderDeskSession[Coroutine[Any, Any, bool]]" to attribute function "reject"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "reject" for class "OrderDeskSession[CoroutineType[Any, Any, bool]]"
    asynchronous.create().reject()  # wrong


def a_name() -> None:
    # mypy [misc] Invalid self argument "OrderDeskSession[Coroutine[Any, Any, bool]]" to attribute function "send"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "send" for class "OrderDeskSession[CoroutineType[Any, Any, bool]]"
    asynchronous.create().send("approve")  # wrong


def an_event() -> None:
    # mypy [misc] Invalid self argument "OrderDeskSession[Coroutine[Any, Any, bool]]" to attribute function "handle"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "handle" for class "OrderDeskSession[CoroutineType[Any, Any, bool]]"
    asynchronous.create().handle(Event("approve"))  # wrong


def statelessly() -> None:
    # mypy [misc] Invalid self argument "OrderDeskMachine[Coroutine[Any, Any, bool]]" to attribute function "process"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "process" for class "OrderDeskMachine[CoroutineType[Any, Any, bool]]"
    asynchronous.process("new", "approve", context)  # wrong


def a_question() -> None:
    # mypy [misc] Invalid self argument "OrderDeskMachine[Coroutine[Any, Any, bool]]" to attribute function "can_transition"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "can_transition" for class "OrderDeskMachine[CoroutineType[Any, Any, bool]]"
    asynchronous.can_transition("new", "approve", context)  # wrong


def a_view() -> None:
    view = asynchronous.create().view()
    if isinstance(view, OrderDeskNewView):
        # mypy [misc] Invalid self argument "OrderDeskNewView[Coroutine[Any, Any, bool]]" to attribute function "approve"
        # pyright [reportAttributeAccessIssue] Cannot access attribute "approve" for class "OrderDeskNewView[CoroutineType[Any, Any, bool]]"
        view.approve()  # wrong


def a_parallel_state() -> None:
    # mypy [misc] Invalid self argument "OrderMachine[Coroutine[Any, Any, bool]]" to attribute function "process_parallel"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "process_parallel" for class "OrderMachine[CoroutineType[Any, Any, bool]]"
    parallel.process_parallel(parallel.enter_parallel_state("fulfilment"), "next", {"amount": 1})  # wrong


def a_choice() -> None:
    # mypy [misc] Invalid self argument "RoutingSession[bool | Awaitable[bool]]" to attribute function "route"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "route" for class "RoutingSession[CoroutineType[Any, Any, bool] | bool]"
    routing.create(context={"amount": 3}).route()  # wrong


def a_stored_entity() -> None:
    # mypy [misc] Invalid self argument "OrderDeskOrchestrator[Coroutine[Any, Any, bool]]" to attribute function "on"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "on" for class "OrderDeskOrchestrator[CoroutineType[Any, Any, bool]]"
    OrderDeskOrchestrator(asynchronous, InMemoryStateStore()).on("o-1").approve()  # wrong


def a_stored_entity_by_name() -> None:
    # mypy [misc] Invalid self argument "OrderDeskOrchestrator[Coroutine[Any, Any, bool]]" to attribute function "process_event"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "process_event" for class "OrderDeskOrchestrator[CoroutineType[Any, Any, bool]]"
    OrderDeskOrchestrator(asynchronous, InMemoryStateStore()).process_event("o-1", "approve")  # wrong


def a_function_for_sync_sessions() -> None:
    def approved(order: OrderDeskSession[bool]) -> bool:
        return order.approve().success

    # mypy [arg-type] Argument 1 to "approved" has incompatible type "OrderDeskSession[Coroutine[Any, Any, bool]]"; expected "OrderDeskSession[bool]"
    # pyright [reportArgumentType] Argument of type "OrderDeskSession[CoroutineType[Any, Any, bool]]" cannot be assigned to parameter "order" of type "OrderDeskSession[bool]" in function "approved"
    approved(asynchronous.create())  # wrong


async def an_async_door_that_is_not_awaited() -> None:
    # mypy [attr-defined] "Coroutine[Any, Any, TransitionResult[OrderDeskState]]" has no attribute "success"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "success" for class "CoroutineType[Any, Any, OrderDeskResult]"
    print(asynchronous.create().asend("approve").success)  # wrong


async def a_sync_door_that_is_awaited() -> None:
    # mypy [misc] Incompatible types in "await" (actual type "TransitionResult[OrderDeskState]", expected type "Awaitable[Any]")
    # pyright [reportGeneralTypeIssues] "OrderDeskResult" is not awaitable
    await OrderDeskMachine(guards=Guards(), actions=Actions()).create().approve()  # wrong
