"""A module that lacks a guard."""

from __future__ import annotations

from order_desk import OrderDeskContext


def within_limit(ctx: OrderDeskContext) -> bool:
    """One of the two."""
    return True
