"""The narrowing trap (docs/generated-module.md#typing): what was learnt before an event must not hide what follows.

Each function ends in an error that has to be reported: if a checker took the code for unreachable, it would not be.
"""

from __future__ import annotations

from decimal import Decimal

from minimal import LightSession, LightState
from order_desk import OrderDeskSession, OrderDeskState
from parallel import OrderSession, OrderState
from parallel_initial import LampLampConfig, LampSession, LampState


def truth(order: OrderDeskSession) -> None:
    assert order.is_open
    order.fill(amount=1, price=Decimal(1))
    assert not order.is_open
    order.cancel()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def falsehood(order: OrderDeskSession) -> None:
    assert not order.is_open
    order.approve()
    assert order.is_open
    order.cancel()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def branches(order: OrderDeskSession) -> None:
    if order.is_new:
        order.approve()
        if order.is_open:
            order.cancel()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def loop(light: LightSession) -> None:
    while light.is_on:
        light.press()
        if not light.is_on:
            light.press(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def equality(order: OrderDeskSession) -> None:
    assert order.current_state == OrderDeskState.OPEN
    order.fill(amount=1, price=Decimal(1))
    assert order.current_state == OrderDeskState.FILLED
    order.cancel()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def equality_of_text(order: OrderDeskSession) -> None:
    assert order.current_state == "open"
    order.fill(amount=1, price=Decimal(1))
    assert order.current_state == "filled"
    order.cancel()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def inequality(light: LightSession) -> None:
    """Pyright narrows an enum property by a comparison that fails, whatever `__eq__` says, and keeps that.

    With only one other state left it calls the second comparison impossible: an error, not silence, and what follows
    is still checked. `is_<state>` has no such trap.
    """
    if light.current_state != LightState.ON:
        light.press()
        if light.current_state == LightState.ON:  # pyright: ignore[reportUnnecessaryComparison]
            light.press(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def truth_of_regions(lamp: LampSession) -> None:
    assert lamp.is_on
    lamp.press()
    assert not lamp.is_on
    lamp.press(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def equality_of_regions(lamp: LampSession) -> None:
    assert lamp.current_state.power == LampState.ON
    lamp.press()
    assert lamp.current_state.power == LampState.OFF
    lamp.press(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def equality_of_configs(lamp: LampSession, config: LampLampConfig) -> None:
    assert lamp.current_state == config
    lamp.press()
    assert lamp.current_state != config
    lamp.press(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def in_and_out_of_regions(session: OrderSession) -> None:
    assert session.current_state == OrderState.PLACED
    session.begin()
    assert session.current_state != OrderState.PLACED
    assert session.is_fulfilment
    session.hold()
    assert session.current_state == OrderState.HELD
    session.hold(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
