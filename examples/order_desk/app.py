"""A trading desk: an order from the ticket to the last fill, with a restart of the desk in between.

`order.yaml` says what may happen to an order; `fsm/` is what pystator-gen made of it; this file is the
application. It shows

* guards: one is an expression in the YAML, one (`within_risk_limit`) is a function here, with a parameter;
* actions with parameters, and that a failing one is reported without undoing the transition;
* payloads: `fill` takes a quantity and a price, and the effects in the YAML do the bookkeeping;
* refusals: an event that does not apply is a result that says why, not an exception;
* a snapshot, written as JSON and read by another process;
* triggers known only at run time: what comes off the wire is checked against the declared payload.

Run it from the root of the repository: `python -m examples.order_desk.app`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, assert_never

from examples.order_desk.fsm import (
    OrderContext,
    OrderMachine,
    OrderSession,
    OrderState,
)
from pystator_runtime import Event, TransitionHook, TransitionResult


class RiskDesk:
    """The guards: they look at the context and change nothing."""

    def within_risk_limit(self, ctx: OrderContext, *, max_notional: int) -> bool:
        return ctx["quantity"] * ctx["limit_price"] <= max_notional


class Desk:
    """The actions: what the rest of the world has to be told."""

    def route(self, ctx: OrderContext, *, venue: str, time_in_force: str) -> None:
        print(f"    [route]  {ctx['side']} {ctx['quantity']} {ctx['symbol']} to {venue}, {time_in_force}")

    def notify(self, ctx: OrderContext, *, channel: str) -> None:
        print(f"    [notify] {channel}: {ctx.get('filled_quantity', 0)} of {ctx['quantity']} are traded")

    def alert_surveillance(self, ctx: OrderContext) -> None:
        print(f"    [alert]  a large trade in {ctx['symbol']}")

    def settle(self, ctx: OrderContext) -> None:
        raise ConnectionError("the clearing house does not answer")


class Log(TransitionHook):
    """Told of every event before it is decided, and after its step is over."""

    def before(self, entity_id: str, state: str, trigger: str, context: Mapping[str, Any]) -> None:
        print(f"  {trigger}")

    def after(self, entity_id: str, result: TransitionResult[Any], context: Mapping[str, Any]) -> None:
        if not result.success:
            print(f"    refused ({result.metadata['reason']})")
            print(f"      {result.error}")
            return
        for outcome in result.execution.action_results if result.execution else ():
            if outcome.error is not None:
                print(f"    {outcome.action_name} failed: {outcome.error}")
        print(f"    {result.source_state} -> {result.target_state}")


def summary(order: OrderSession) -> str:
    """The order in one line. A state added to the YAML makes this a type error until it is dealt with."""
    context = order.context
    state = order.current_state
    match state:
        case OrderState.PENDING | OrderState.OPEN:
            return f"{context['quantity']} {context['symbol']}, nothing traded yet"
        case OrderState.PARTIALLY_FILLED | OrderState.FILLED:
            traded, price = context.get("filled_quantity", 0), context.get("average_price", Decimal())
            return f"{traded} of {context['quantity']} {context['symbol']} at {price:.2f}"
        case OrderState.CANCELLED | OrderState.REJECTED:
            return f"{context['symbol']} is over: {context.get('reason', 'no reason given')}"
        case _:
            assert_never(state)


def main() -> None:
    machine = OrderMachine(guards=RiskDesk(), actions=Desk())
    ticket: OrderContext = {
        "symbol": "ACME",
        "side": "buy",
        "quantity": 9000,
        "limit_price": Decimal("42.00"),
    }

    print("An order that is too large for the desk")
    large = machine.create("A-1", ticket, execute_actions=True, hooks=[Log()])
    large.submit()
    large.cancel(reason="too large for this desk")
    print(f"  {large.entity_id}: {summary(large)}")

    print("\nAn order that is filled in parts")
    order = machine.create("A-2", {**ticket, "quantity": 5000}, execute_actions=True, hooks=[Log()])
    order.submit()
    order.fill(fill_quantity=1000, fill_price=Decimal("41.50"))
    order.fill(fill_quantity=1000, fill_price=Decimal("42.50"))
    print(f"  {order.entity_id}: {summary(order)}")

    print("\nThe desk restarts: the order is stored as JSON and read again")
    stored = json.dumps(order.snapshot())
    order = OrderSession.from_snapshot(machine, json.loads(stored), execute_actions=True, hooks=[Log()])
    print(f"  {order.entity_id}: {order.current_state}, {summary(order)}")

    print("\nEvents off the wire, whose triggers are known only at run time")
    order.handle(Event("fill", {"fill_quantity": "4000", "fill_price": Decimal("41.75")}))
    order.handle(Event("filled"))

    print("\nThe rest of the order")
    order.fill(fill_quantity=9999, fill_price=Decimal("41.75"))
    result = order.fill(fill_quantity=4000, fill_price=Decimal("41.75"))
    order.cancel(reason="the client changed her mind")
    print(f"  {order.entity_id}: {summary(order)}")
    if result.execution is not None:
        print(f"  done: {', '.join(result.execution.succeeded_actions)}")
        print(f"  to be done again: {', '.join(result.execution.failed_actions)}")


if __name__ == "__main__":
    main()
