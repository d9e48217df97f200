"""Stores: where entities are kept (`S13`). Each is loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystator_runtime.stores.memory import InMemoryStateStore as InMemoryStateStore
    from pystator_runtime.stores.protocol import StateStore as StateStore
    from pystator_runtime.stores.redis import RedisStateStore as RedisStateStore
    from pystator_runtime.stores.sql import SQLAlchemyStateStore as SQLAlchemyStateStore
    from pystator_runtime.stores.sqlite import SQLiteStateStore as SQLiteStateStore

_HOME = {
    "InMemoryStateStore": "memory",
    "RedisStateStore": "redis",
    "SQLAlchemyStateStore": "sql",
    "SQLiteStateStore": "sqlite",
    "StateStore": "protocol",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
