"""The worker: a process that serves timers and pending actions until it is told to end (S8, S9.5)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.crashing import read
from schedulers import eggs
from schedulers.eggs import are_cracked, check, environment, kitchen
from support.orchestrated import until
from support.places import Place, SQLite
from support.programs import TESTS, Program

SOAK = os.environ.get("PYSTATOR_SOAK")
KILLS = 40 if SOAK else 2

Starts = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    """Starts workers, which are gone when the test is over."""
    started: list[Program] = []

    def begin(environment: dict[str, str], *options: str, target: str = "schedulers.eggs:make") -> Program:
        arguments = ["-m", "pystator_runtime.worker", target, "--poll", "0.02", *options]
        started.append(Program(arguments, tmp_path / f"worker-{len(started)}.txt", environment))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SQLite]:
    place = SQLite(tmp_path, None)  # type: ignore[arg-type] # it needs no server
    yield place
    place.end()


def test_workers_that_are_killed_lose_no_timer_and_fire_none_twice(
    shared: Place, tmp_path: Path, start: Starts
) -> None:
    """S8.1, S9.5: whatever they were at, those that come after them do it."""
    log, chance = tmp_path / "log", random.Random(time.time_ns() if SOAK else 0)
    orders, ids = kitchen(shared.open(), log), list[str]()
    told = environment(shared, log)
    for round_ in range(KILLS):
        workers = [start(told) for _ in range(2)]
        for worker in workers:
            worker.wait_for("serving egg")
        fresh = [f"e-{round_}-{number}" for number in range(3)]
        for entity_id in fresh:
            orders.process_event(entity_id, "boil")
        ids += fresh
        time.sleep(chance.uniform(0.25, 0.4))
        for worker in workers:
            worker.kill()
    last = start(told).wait_for("serving egg")
    until(lambda: are_cracked(log, *ids), seconds=120)
    last.signal()
    assert last.ended() == 0, last.said
    check(orders, log, *ids)


def test_what_came_due_while_no_worker_was_there_fires_when_one_is(
    sqlite: SQLite, tmp_path: Path, start: Starts
) -> None:
    """S9.5"""
    log = tmp_path / "log"
    orders = kitchen(sqlite.open(), log)
    orders.process_event("e", "boil")
    time.sleep(eggs.DELAY / 1000)
    start(environment(sqlite, log))
    until(lambda: are_cracked(log, "e"), seconds=120)
    check(orders, log, "e")


def test_several_workers_side_by_side_fire_each_timer_once(shared: Place, tmp_path: Path, start: Starts) -> None:
    """S9.5"""
    log = tmp_path / "log"
    orders = kitchen(shared.open(), log)
    workers = [start(environment(shared, log)).wait_for("serving egg") for _ in range(3)]
    ids = [f"e-{number}" for number in range(12)]
    for entity_id in ids:
        orders.process_event(entity_id, "boil")
    until(lambda: are_cracked(log, *ids), seconds=120)
    for worker in workers:
        worker.signal(signal.SIGINT)
    assert [worker.ended() for worker in workers] == [0, 0, 0]
    check(orders, log, *ids)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_worker_that_is_told_to_end_finishes_what_it_is_at(
    number: signal.Signals, is_async: bool, sqlite: SQLite, tmp_path: Path, start: Starts
) -> None:
    log = tmp_path / "log"
    worker = start(environment(sqlite, log, seconds=0.5, is_async=is_async)).wait_for("serving egg")
    orders = kitchen(sqlite.open(), log)
    for entity_id in ("e", "f", "g"):
        orders.process_event(entity_id, "boil")
    until(lambda: [line for line in read(log) if line[0] == "begun"], seconds=120)
    worker.signal(number)
    assert worker.ended() == 0, worker.said
    assert [f"{number.name}: finishing what is running" in worker.said, "stopped" in worker.said] == [True, True]
    begun = [line[1:] for line in read(log) if line[0] == "begun"]
    assert [line[1:] for line in read(log) if line[0] == "cracked"] == begun
    assert orders.count_by_state() == {"hard": len(begun), "soft": 3 - len(begun)}
    assert len(begun) < 3, "it went on to the end"


def test_a_second_signal_ends_it_at_once_and_others_do_what_it_was_at(
    sqlite: SQLite, tmp_path: Path, start: Starts
) -> None:
    """S8.1"""
    log = tmp_path / "log"
    worker = start(environment(sqlite, log, seconds=3600)).wait_for("serving egg")
    orders = kitchen(sqlite.open(), log)
    orders.process_event("e", "boil")
    until(lambda: [line for line in read(log) if line[0] == "begun"], seconds=120)
    worker.signal(signal.SIGINT)
    worker.wait_for("SIGINT: finishing what is running").signal(signal.SIGTERM)
    assert worker.ended() == 128 + signal.SIGTERM
    start(environment(sqlite, log))
    until(lambda: are_cracked(log, "e"), seconds=120)
    check(orders, log, "e")


def test_two_signals_at_once_end_it_too(sqlite: SQLite, tmp_path: Path, start: Starts) -> None:
    """S8.1: the system may give them to two threads, neither of which wakes the one that is held up by an action."""
    log = tmp_path / "log"
    worker = start(environment(sqlite, log, seconds=3600)).wait_for("serving egg")
    kitchen(sqlite.open(), log).process_event("e", "boil")
    until(lambda: [line for line in read(log) if line[0] == "begun"], seconds=120)
    worker.signal(signal.SIGINT)
    worker.signal(signal.SIGTERM)  # two of a kind might come as one, and which of these comes first nobody knows
    assert worker.ended() in (128 + signal.SIGINT, 128 + signal.SIGTERM)


def test_actions_that_a_crash_has_left_are_finished(sqlite: SQLite, tmp_path: Path, start: Starts) -> None:
    """S8.1: also without any timer."""
    log = tmp_path / "log"
    orders = kitchen(sqlite.open(), log)
    orders.process_event("e", "boil")
    first = start(environment(sqlite, log, seconds=3600))
    until(lambda: [line for line in read(log) if line[0] == "begun"], seconds=120)
    first.kill()
    start(environment(sqlite, log))
    until(lambda: are_cracked(log, "e"), seconds=120)
    check(orders, log, "e")


# -- what it says ----------------------------------------------------------------------------------------------


def said(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pystator_runtime.worker", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(TESTS), "COLUMNS": "100"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


MODULE = """
from pystator_runtime.schedulers import ManualScheduler
from pystator_runtime.stores import InMemoryStateStore
from support.orchestrated import orchestrated

YAML = '''
meta: {machine_name: lamp}
states: [{name: off, type: initial}, {name: on}]
transitions: [{trigger: push, source: off, dest: on}]
'''
number = 5
nothing = []
orders = orchestrated(YAML, InMemoryStateStore())
still = orchestrated(YAML, InMemoryStateStore(), scheduler=ManualScheduler())
"""


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shop", "'shop' names no orchestrator: write MODULE:NAME, such as myapp.fsm_app:orchestrator"),
        ("shop:", "'shop:' names no orchestrator"),
        ("nowhere.shop:orders", "there is no module 'nowhere', which 'nowhere.shop:orders' needs"),
        ("shop.inner:orders", "there is no module 'shop.inner', which 'shop.inner:orders' needs"),
        ("shop:order", "shop has no 'order', which 'shop:order' needs: did you mean 'orders'?"),
        ("shop:number", "shop:number is no orchestrator but 5: name an Orchestrator"),
        ("shop:nothing", "shop:nothing is empty: nothing would be served"),
        ("shop:still", "goes by a ManualScheduler, whose time stands still"),
    ],
)
def test_a_wrong_target_is_told_with_a_remedy(target: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(MODULE, encoding="utf-8")
    code, text = said(tmp_path, target)
    assert told in text
    assert [code, "Traceback" in text] == [2, False]


def test_a_module_that_can_not_be_imported_shows_where_it_fails(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import not_installed_anywhere\n", encoding="utf-8")
    code, text = said(tmp_path, "shop:orders")
    assert code == 1
    assert 'shop.py", line 1' in text


def test_wrong_usage_and_help(tmp_path: Path) -> None:
    assert said(tmp_path)[0] == 2
    assert said(tmp_path, "shop:orders", "--poll", "0")[0] == 2
    code, text = said(tmp_path, "--help")
    assert code == 0
    assert [option for option in ("MODULE:NAME", "--poll SECONDS", "--verbose") if option not in text] == []


def test_it_says_what_it_does_and_with_verbose_more(sqlite: SQLite, tmp_path: Path, start: Starts) -> None:
    log = tmp_path / "log"
    quiet = start(environment(sqlite, log)).wait_for("INFO serving egg from SQLiteStateStore, process ")
    orders = kitchen(sqlite.open(), log)
    orders.process_event("e", "boil")
    quiet.wait_for("INFO 'e' of egg: '_after_soft_300_ms' led from 'soft' to 'hard'")
    until(lambda: are_cracked(log, "e"))
    quiet.signal()
    quiet.ended()
    assert "DEBUG" not in quiet.said
    verbose = start(environment(sqlite, log), "--verbose").wait_for("serving egg")
    orders.process_event("f", "boil")
    verbose.wait_for("DEBUG action 'crack' of 'f' ran")


def test_an_orchestrator_may_be_named_itself_or_in_a_list_or_be_generated(tmp_path: Path) -> None:
    from pystator_runtime.worker import load

    (tmp_path / "named_eggs.py").write_text(MODULE + "both = [orders, still]\nclass held: inner = orders\n")
    sys.path.insert(0, str(tmp_path))
    try:
        import named_eggs as shop  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(tmp_path))
    assert load("named_eggs:orders") == [shop.orders]
    assert load("named_eggs:held.inner") == [shop.orders]
    assert load("named_eggs:both") == [shop.orders, shop.still]
    del sys.modules["named_eggs"]
