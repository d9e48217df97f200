"""Clocks: what makes delayed transitions fire. Each is loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pystator_runtime.lazy import lazily

if TYPE_CHECKING:
    from pystator_runtime.protocols import Scheduler as Scheduler
    from pystator_runtime.schedulers.asynchronous import AsyncioScheduler as AsyncioScheduler
    from pystator_runtime.schedulers.celery import CeleryScheduler as CeleryScheduler
    from pystator_runtime.schedulers.manual import ManualScheduler as ManualScheduler
    from pystator_runtime.schedulers.redis import RedisScheduler as RedisScheduler

__getattr__, __dir__ = lazily(
    __name__,
    {
        "AsyncioScheduler": f"{__name__}.asynchronous",
        "CeleryScheduler": f"{__name__}.celery",
        "ManualScheduler": f"{__name__}.manual",
        "RedisScheduler": f"{__name__}.redis",
        "Scheduler": "pystator_runtime.protocols",
    },
)
