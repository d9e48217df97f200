"""A type of the application's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """An amount in a currency."""

    cents: int
    currency: str = "EUR"
