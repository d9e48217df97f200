"""Guards and actions that are missing, misnamed, mistyped, or not passed at all."""

from __future__ import annotations

from minimal import LightMachine
from only_automatic import CountdownMachine
from order_desk import OrderDeskContext, OrderDeskMachine
from right import functions
from right.providing import Actions, Guards
from without_guards import LiftMachine
from wrong import incomplete


class Missing:
    def within_limit(self, ctx: OrderDeskContext) -> bool:
        return True


class Misnamed(Missing):
    def is_openmarket(self, ctx: OrderDeskContext) -> bool:
        return True


class TooMuch(Missing):
    def is_open_market(self, ctx: OrderDeskContext, more: int) -> bool:
        return True


class OtherContext(Missing):
    def is_open_market(self, ctx: list[str]) -> bool:
        return True


class WrongParam:
    def within_limit(self, ctx: OrderDeskContext, /, *, maximum: str, currency: str = "EUR") -> bool:
        return True

    def is_open_market(self, ctx: OrderDeskContext) -> bool:
        return True


class SuperfluousParam(Missing):
    def is_open_market(self, ctx: OrderDeskContext, /, *, maximum: int) -> bool:
        return True


OrderDeskMachine(guards=Missing(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=Misnamed(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=TooMuch(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=OtherContext(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=WrongParam(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=SuperfluousParam(), actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=Guards(), actions=Guards())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=incomplete, actions=functions)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(guards=Guards, actions=Actions())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
OrderDeskMachine(actions=Actions())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
OrderDeskMachine(guards=Guards())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
OrderDeskMachine()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
OrderDeskMachine(Guards(), Actions())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
LightMachine(guards=Guards())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
LiftMachine(actions=Actions(), guards=Guards())  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
CountdownMachine(actions=Actions())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

machine = OrderDeskMachine.unbound()
light = LightMachine()


@machine.guard("within_limits")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def within(ctx: OrderDeskContext) -> bool:
    return True


@machine.action("within_limit")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def act(ctx: OrderDeskContext) -> None: ...


@machine.guard("within_limit")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
def verdict(ctx: OrderDeskContext) -> str:
    return "yes"


@light.guard("any")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def any_guard(ctx: dict[str, object]) -> bool:
    return True
