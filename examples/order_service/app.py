"""An order service on SQLite: it stops in the middle, starts again, and nothing is lost.

`order.yaml` says what may happen to an order; `fsm/` is what pystator-gen made of it; this file is the application. It
shows

* entities in a database: each event loads one, decides, commits once, and runs the actions;
* an action that fails is tried again, with the same key each time, so that the bank takes the money once;
* a message that is delivered twice: with its id, the second one changes nothing and answers the same;
* a process that dies in the middle of an action: what was committed and not done is found and done by the next one;
* a timeout that was due while nobody was there fires when somebody is; and one that a scheduler rings in time.

The service runs in processes of its own, one after the other, with nothing in common but the folder of its database.

Run it from the root of the repository: `python -m examples.order_service.app`
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path

from examples.order_service.fsm import OrderContext, OrderMachine, OrderOrchestrator, OrderResult
from pystator_runtime.schedulers import AsyncioScheduler
from pystator_runtime.stores import SQLiteStateStore


class Bank:
    """Somebody else's service. It takes the money once for each key, and its first answer is lost."""

    def __init__(self) -> None:
        self._receipts: dict[str, str] = {}
        self._is_heard = False

    def take(self, amount: Decimal, key: str) -> str:
        receipt = self._receipts.setdefault(key, f"R-{len(self._receipts) + 1} over {amount}")
        if not self._is_heard:
            self._is_heard = True
            raise ConnectionError("its answer is lost")
        return receipt


class Warehouse:
    """Somebody else's service, which keeps a book of what it was told: a file here."""

    def __init__(self, book: Path) -> None:
        self._book = book

    def tell(self, key: str) -> bool:
        """Take note of an order; whether that was news."""
        known = self._book.read_text(encoding="utf-8").split() if self._book.exists() else []
        self._book.write_text("\n".join([*known, key]), encoding="utf-8")
        return key not in known


class Log(logging.Handler):
    """Where the orchestrator says what went wrong, in a line; the traceback is there for those who want it."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"    [log]       {record.getMessage()}")


class Shop:
    """The actions: what the rest of the world has to be told, once the order's new state is in the database."""

    def __init__(self, warehouse: Warehouse, *, is_doomed: bool) -> None:
        self._bank = Bank()
        self._warehouse = warehouse
        self._is_doomed = is_doomed
        self.has_written = threading.Event()

    def reserve_stock(self, ctx: OrderContext) -> None:
        say(f"    [stock]     reserved for {ctx['customer']}")

    def release_stock(self, ctx: OrderContext) -> None:
        say(f"    [stock]     released, {ctx['customer']} has not paid")

    def charge(self, ctx: OrderContext) -> None:
        ctx["receipt"] = self._bank.take(ctx["total"], ctx.get("_action_key", ""))
        say(f"    [bank]      receipt {ctx['receipt']}")

    def tell_warehouse(self, ctx: OrderContext) -> None:
        is_news = self._warehouse.tell(ctx.get("_action_key", ""))
        say(f"    [warehouse] {'will pack it' if is_news else 'knows it already'}")
        if self._is_doomed:
            say("    the power fails")
            os._exit(1)  # the warehouse knows, and the database does not know that it knows

    def write(self, ctx: OrderContext, *, subject: str) -> None:
        say(f"    [mail]      to {ctx['customer']}: {subject}")
        self.has_written.set()


def say(text: str) -> None:
    print(text, flush=True)


def show(result: OrderResult) -> None:
    """What an event did, in a line or two."""
    if not result.success:
        say(f"    refused: {result.error}")
    elif result.metadata.get("duplicate"):
        say(f"    {result.source_state} -> {result.target_state}, as answered before")
    else:
        say(f"    {result.source_state} -> {result.target_state}")


def first_day(orders: OrderOrchestrator) -> None:
    """Two orders: one is paid, by a message that comes twice; the other one waits. Then the power fails."""
    say("  ann places an order")
    orders.create("o-1", {"customer": "ann", "total": Decimal("80.00")})
    say("  bob places one as well")
    orders.create("o-2", {"customer": "bob", "total": Decimal("15.50")})
    say("  ann pays too little")
    show(orders.on("o-1", event_id="message-1").pay(amount=Decimal("8.00")))
    say("  ann pays")
    show(orders.on("o-1", event_id="message-2").pay(amount=Decimal("80.00")))
    say("  the same message again")
    show(orders.on("o-1", event_id="message-2").pay(amount=Decimal("80.00")))
    say("  ann's order is packed")
    show(orders.on("o-1").pack())


def second_day(orders: OrderOrchestrator, shop: Shop) -> None:
    """What the crash has left is done, what was due meanwhile fires, and a scheduler watches from now on."""
    say(f"  in the database: {', '.join(f'{count} {state}' for state, count in orders.count_by_state().items())}")
    say("  what is left from before")
    done = orders.recover(force=True)  # nobody else uses the database, so nobody else can be at it
    say(f"    {done} done")
    say("  bob pays, too late")
    show(orders.on("o-2").pay(amount=Decimal("15.50")))
    say("  ann's order is shipped")
    show(orders.on("o-1").ship(carrier="the night mail"))

    say("  eve places an order and does not pay; a scheduler watches the clock")
    orders.create("o-3", {"customer": "eve", "total": Decimal("7.25")})
    shop.has_written.clear()
    orders.start()
    shop.has_written.wait(timeout=30)
    for order in orders.find():
        say(f"  {order.entity_id}: {order.state}, {order.context.get('receipt', 'nothing paid')}")
        for row in orders.history(order.entity_id):
            say(f"    {row.trigger}: {row.source_state} -> {row.target_state}")


def serve(folder: Path, *, is_first: bool) -> None:
    """One process of the service."""
    logging.getLogger("pystator_runtime").addHandler(Log())
    shop = Shop(Warehouse(folder / "warehouse.txt"), is_doomed=is_first)
    store = SQLiteStateStore(folder / "orders.db")
    orders = OrderOrchestrator(OrderMachine(actions=shop), store, scheduler=AsyncioScheduler())
    try:
        if is_first:
            first_day(orders)
        else:
            second_day(orders, shop)
    finally:
        orders.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        say("The service starts")
        ended = run("first", folder)
        say(f"\nIt has ended with {ended}; while it is down, bob's time is up")
        time.sleep(0.4)
        say("\nThe service starts again")
        run("second", folder)


def run(day: str, folder: str) -> int:
    """Run the service in a process of its own until it ends, and return how it did."""
    return subprocess.run([sys.executable, "-m", "examples.order_service.app", day, folder], check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(Path(sys.argv[2]), is_first=sys.argv[1] == "first")
    else:
        main()
