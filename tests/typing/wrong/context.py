"""Context keys that the machine does not have, and values of the wrong type."""

from __future__ import annotations

from order_desk import OrderDeskContext, OrderDeskMachine, OrderDeskSession


def reads(order: OrderDeskSession) -> None:
    print(order.context["quantiy"])  # type: ignore[typeddict-item]  # pyright: ignore[reportGeneralTypeIssues]
    print(order.context["quantity"].upper())  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    wrong: str = order.context["quantity"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(wrong)


def gives(machine: OrderDeskMachine) -> None:
    machine.create(context={"symbol": "A", "quantity": "3"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    machine.create(context={"symbol": "A"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    machine.create(context={"symbol": "A", "quantity": 3, "colour": "red"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    machine.process("open", "approve", {"symbol": "A", "quantity": 3, "side": "hold"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    machine.start({})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]


def guard(ctx: OrderDeskContext) -> bool:
    return bool(ctx["filled_att"])  # type: ignore[typeddict-item]  # pyright: ignore[reportGeneralTypeIssues]
