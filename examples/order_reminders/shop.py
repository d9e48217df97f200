"""The shop: its actions, and how the application and the workers open it, each for itself."""

from __future__ import annotations

from pathlib import Path

from celery import Celery

from examples.order_reminders.fsm import OrderContext, OrderMachine, OrderOrchestrator
from pystator_runtime.schedulers import CeleryScheduler
from pystator_runtime.stores import SQLiteStateStore


class Mail:
    """Somebody else's service, which sends a letter once for each key; a folder here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, ctx: OrderContext, *, subject: str) -> None:
        draft = self._folder / ctx.get("_action_key", "").replace("/", "-")
        draft.write_text(f"to {ctx['customer']}: {subject}", encoding="utf-8")
        draft.rename(draft.with_suffix(".letter"))  # whole, or not at all

    def sent(self) -> list[str]:
        return sorted(letter.read_text(encoding="utf-8") for letter in self._folder.glob("*.letter"))


def open_shop(folder: Path) -> tuple[Celery, OrderOrchestrator]:
    """The Celery application, and the orders whose timers its workers fire."""
    app = Celery("order_reminders", broker=f"redis+socket://{folder / 'redis.socket'}")
    machine = OrderMachine(actions=Mail(folder))
    # Redis is the broker; what is true is in the database.
    return app, OrderOrchestrator(machine, SQLiteStateStore(folder / "orders.db"), scheduler=CeleryScheduler(app))
