"""Every shape in which guards and actions may be provided (docs/generated-module.md#binding-functions)."""

from __future__ import annotations

from typing import Any

import minimal
from order_desk import OrderDeskContext, OrderDeskMachine
from right import functions

from pystator_runtime import ActionRegistry, GuardRegistry


class Guards:
    def within_limit(self, ctx: OrderDeskContext, /, *, maximum: int, currency: str = "EUR") -> bool:
        return ctx.get("filled", 0) < maximum

    def is_open_market(self, ctx: OrderDeskContext) -> bool:
        return ctx["symbol"] == "A"


class AsyncGuards:
    async def within_limit(self, ctx: OrderDeskContext) -> bool:
        return True

    async def is_open_market(self, ctx: OrderDeskContext) -> bool:
        return True


class Actions:
    async def notify(self, ctx: OrderDeskContext, /, *, topic: str) -> None: ...
    def log(self, ctx: OrderDeskContext, **params: Any) -> None: ...
    async def route(self, ctx: OrderDeskContext) -> None: ...
    def stop_clock(self, ctx: OrderDeskContext) -> None: ...
    @staticmethod
    def book(ctx: OrderDeskContext) -> None: ...


class Loose:
    """Functions that take any mapping, or more than they are given."""

    def within_limit(self, ctx: object, /, *, maximum: float = 1, currency: str = "EUR", more: int = 0) -> bool:
        return True

    def is_open_market(self, ctx: Any) -> bool:
        return True


OrderDeskMachine(guards=Guards(), actions=Actions())
OrderDeskMachine(guards=AsyncGuards(), actions=functions)
OrderDeskMachine(guards=Loose(), actions=Actions())
OrderDeskMachine(guards=functions, actions=functions)
minimal.LightMachine()

machine = OrderDeskMachine.unbound()


@machine.guard("within_limit")
def within(ctx: OrderDeskContext) -> bool:
    return within_params(ctx, maximum=3)


@machine.guard("is_open_market")
async def is_open_market(ctx: OrderDeskContext) -> bool:
    return True


@machine.guard("within_limit")
def within_params(ctx: OrderDeskContext, /, *, maximum: int) -> bool:
    return maximum > 1


@machine.action("notify")
def notify(ctx: OrderDeskContext) -> None: ...


machine.bind_guards(GuardRegistry({"within_limit": within})).bind_actions(ActionRegistry()).check_bindings()
