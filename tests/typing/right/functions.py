"""Guards and actions as plain functions: a module may stand where an object is wanted."""

from __future__ import annotations

from order_desk import OrderDeskContext


def within_limit(ctx: OrderDeskContext, /, *, maximum: int, currency: str = "EUR") -> bool:
    """Takes its params."""
    return ctx.get("quantity", 0) <= maximum and currency == "EUR"


def is_open_market(ctx: OrderDeskContext) -> bool:
    """Has none."""
    return "symbol" in ctx


def notify(ctx: OrderDeskContext) -> None:
    """Ignores its params."""


def log(ctx: OrderDeskContext, /, *, level: int, text: str = "") -> int:
    """An action may answer anything."""
    return level + len(text)


def route(ctx: OrderDeskContext) -> None: ...
def stop_clock(ctx: OrderDeskContext) -> None: ...
def book(ctx: OrderDeskContext) -> None: ...
