"""Clocks: what makes delayed transitions fire. Each is loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystator_runtime.schedulers.asynchronous import AsyncioScheduler as AsyncioScheduler
    from pystator_runtime.schedulers.celery import CeleryScheduler as CeleryScheduler
    from pystator_runtime.schedulers.manual import ManualScheduler as ManualScheduler
    from pystator_runtime.schedulers.redis import RedisScheduler as RedisScheduler

_HOME = {
    "AsyncioScheduler": "asynchronous",
    "CeleryScheduler": "celery",
    "ManualScheduler": "manual",
    "RedisScheduler": "redis",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
