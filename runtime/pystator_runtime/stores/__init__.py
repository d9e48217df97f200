"""Stores: where entities are kept (`S13`). Each is loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pystator_runtime.lazy import lazily

if TYPE_CHECKING:
    from pystator_runtime.protocols import StateStore as StateStore
    from pystator_runtime.stores.memory import InMemoryStateStore as InMemoryStateStore
    from pystator_runtime.stores.redis import RedisStateStore as RedisStateStore
    from pystator_runtime.stores.sql import SQLAlchemyStateStore as SQLAlchemyStateStore
    from pystator_runtime.stores.sqlite import SQLiteStateStore as SQLiteStateStore

__getattr__, __dir__ = lazily(
    __name__,
    {
        "InMemoryStateStore": f"{__name__}.memory",
        "RedisStateStore": f"{__name__}.redis",
        "SQLAlchemyStateStore": f"{__name__}.sql",
        "SQLiteStateStore": f"{__name__}.sqlite",
        "StateStore": "pystator_runtime.protocols",
    },
)
