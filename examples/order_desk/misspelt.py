"""What a type checker refuses: each line marked as a bug would otherwise wait for production.

Never run. `make demo` and the tests make sure that mypy refuses exactly these lines.
"""

from __future__ import annotations

from decimal import Decimal

from examples.order_desk.fsm import OrderContext, OrderMachine, OrderSession


def bugs(order: OrderSession, machine: OrderMachine) -> None:
    order.fil(fill_quantity=100, fill_price=Decimal("41.50"))  # bug: no such trigger
    order.fill(fill_quantity="100", fill_price=Decimal("41.50"))  # bug: text for a number
    order.fill(fill_quantity=100)  # bug: a fill without a price
    order.send("cancle", reason="too late")  # bug: no such trigger
    machine.process("partly_filled", "fill", order.context)  # bug: no such state
    print(order.context["filled_qty"])  # bug: no such key


class Guards:
    def within_risk_limits(self, ctx: OrderContext, *, max_notional: int) -> bool:
        return ctx["quantity"] * ctx["limit_price"] <= max_notional


class Actions:
    def route(self, ctx: OrderContext, *, venue: str, time_in_force: int) -> None: ...
    def notify(self, ctx: OrderContext, *, channel: str) -> None: ...
    def settle(self, ctx: OrderContext) -> None: ...
    def alert_surveillance(self, ctx: OrderContext) -> None: ...


OrderMachine(
    guards=Guards(),  # bug: the YAML says `within_risk_limit`, without an s
    actions=Actions(),  # bug: the `time_in_force` of `route` is text
)
