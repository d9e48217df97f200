"""States are members or literals; text has to become one (docs/generated-module.md#deciding-without-a-session)."""

from __future__ import annotations

from typing import assert_never

from choice import RoutingSession, RoutingState
from minimal import LightMachine, LightState
from order_desk import OrderDeskMachine, OrderDeskState


def names(light: LightMachine, order: OrderDeskMachine, text: str) -> None:
    light.process("onn", "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.process("on", "pres", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.process(text, "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.process("on", text, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.process(OrderDeskState.OPEN, "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.create(initial_state="onn")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.is_terminal("onn")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.get_available_triggers(text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    light.can_transition("on", "pres", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.process("open", "approve")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    print(LightState.ONN)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def forgotten(session: RoutingSession) -> str:
    match session.current_state:
        case RoutingState.START:
            return "at the start"
        case RoutingState.OTHER:
            return "gone"
        case _:
            assert_never(session.current_state)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
