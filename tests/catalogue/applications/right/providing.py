"""Guards and actions, sync, async and mixed: which machine each of them makes."""

from __future__ import annotations

from typing import Any, assert_type

from order_desk import OrderDeskActions, OrderDeskContext, OrderDeskGuards, OrderDeskMachine, OrderDeskSession


class Guards:
    def within_limit(self, ctx: OrderDeskContext, /, *, maximum: int, currency: str = "EUR") -> bool:
        return ctx["quantity"] <= maximum and currency == "EUR"

    def is_open_market(self, ctx: OrderDeskContext) -> bool:
        return ctx["symbol"] != ""


class AsyncGuards:
    async def within_limit(self, ctx: OrderDeskContext, /, *, maximum: int, currency: str = "EUR") -> bool:
        return ctx["quantity"] <= maximum and currency == "EUR"

    async def is_open_market(self, ctx: OrderDeskContext) -> bool:
        return ctx["symbol"] != ""


class MixedGuards(Guards):
    async def is_open_market(self, ctx: OrderDeskContext) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return ctx["symbol"] != ""


class Actions:
    def notify(self, ctx: OrderDeskContext, /, *, topic: str) -> None: ...
    def log(self, ctx: OrderDeskContext, **params: Any) -> None: ...
    async def route(self, ctx: OrderDeskContext) -> None: ...
    def stop_clock(self, ctx: OrderDeskContext) -> None: ...
    def book(self, ctx: OrderDeskContext) -> None: ...


class RoutingActions:
    def first_leg(self, ctx: object) -> None: ...
    def second_leg(self, ctx: object) -> None: ...
    def third_leg(self, ctx: object) -> None: ...
    def welcome(self, ctx: object) -> None: ...


class ShippingActions:
    def archive(self, ctx: object) -> None: ...
    def call_warehouse(self, ctx: object) -> None: ...
    def close_file(self, ctx: object) -> None: ...
    def leave_warehouse(self, ctx: object) -> None: ...
    def open_file(self, ctx: object) -> None: ...
    def refuse_payment(self, ctx: object) -> None: ...
    def thank(self, ctx: object) -> None: ...
    def write(self, ctx: object) -> None: ...


def sync_guards_make_a_machine_for_sync_use() -> None:
    machine = OrderDeskMachine(guards=Guards(), actions=Actions())
    assert_type(machine, OrderDeskMachine[bool])
    assert_type(machine.create(), OrderDeskSession[bool])
    machine.create().approve()


async def async_guards_make_a_machine_for_async_use() -> None:
    session = OrderDeskMachine(guards=AsyncGuards(), actions=Actions()).create()
    await session.asend("approve")


async def one_async_guard_is_enough() -> None:
    session = OrderDeskMachine(guards=MixedGuards(), actions=Actions()).create()
    await session.asend("approve")


def async_actions_are_no_matter_of_types() -> None:
    """They are run, and then refused at sync doors, where a session was asked to run actions."""
    OrderDeskMachine(guards=Guards(), actions=Actions()).create(execute_actions=True).approve()


def guards_handed_on(guards: OrderDeskGuards, actions: OrderDeskActions) -> OrderDeskMachine:
    """Annotations need no type arguments."""
    return OrderDeskMachine(guards=guards, actions=actions)


def guards_bound_one_by_one() -> OrderDeskSession:
    machine = OrderDeskMachine.unbound()

    @machine.guard("within_limit")
    def within_limit(ctx: OrderDeskContext) -> bool:
        return ctx["quantity"] < 10

    @machine.guard("is_open_market")
    async def is_open_market(ctx: OrderDeskContext) -> bool:
        return within_limit(ctx)

    print(is_open_market)
    return machine.create()
