"""An application whose timers clocks serve in processes of their own; `EGGS` in the environment says how.

What its guard and action have done is written to a log, each line safe on the disk: a process may be killed anywhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from orchestrator.crashing import Log, read
from pystator_runtime import Orchestrator
from pystator_runtime.stores import RedisStateStore, SQLAlchemyStateStore, SQLiteStateStore
from support.orchestrated import orchestrated
from support.places import Place

DELAY = 300
YAML = f"""
    meta: {{machine_name: egg}}
    states: [{{name: raw, type: initial}}, {{name: soft}}, {{name: hard, on_enter: [crack]}}]
    transitions:
      - {{trigger: boil, source: "*", dest: soft}}
      - {{source: soft, dest: hard, after: {DELAY}ms, guards: [rung], actions: [{{increment: rings}}]}}
    """
LEASE = 0.5
"""For how many seconds a killed process keeps its actions from others."""


def stored_in(place: Any) -> dict[str, Any]:
    """Where a place keeps entities, for another process."""
    if hasattr(place, "path"):
        return {"path": str(place.path)}
    if hasattr(place, "schema"):
        return {"sql": place.url.render_as_string(hide_password=False)}
    return {"redis": place.url, "prefix": place.prefix}


def environment(place: Place, log: Path, **settings: Any) -> dict[str, str]:
    """What a process needs to serve the eggs of a place."""
    return {"EGGS": json.dumps({"store": stored_in(place), "log": str(log), **settings})}


def store_of(told: dict[str, Any]) -> Any:
    if "path" in told:
        return SQLiteStateStore(told["path"])
    if "sql" in told:
        return SQLAlchemyStateStore(told["sql"])
    return RedisStateStore(told["redis"], prefix=told["prefix"])


def kitchen(
    store: Any, path: Path, scheduler: Any = None, *, is_async: bool = False, seconds: float = 0
) -> Orchestrator:
    """Serves eggs; cracking one takes some ``seconds``."""
    log = Log(path)

    def rung(ctx: dict[str, Any]) -> bool:
        log.write("rung", ctx["_entity_id"], time.time_ns() // 1_000_000)
        return True

    def crack(ctx: dict[str, Any]) -> None:
        log.write("begun", ctx["_entity_id"], ctx["_action_key"])
        time.sleep(seconds)
        log.write("cracked", ctx["_entity_id"], ctx["_action_key"])

    async def acrack(ctx: dict[str, Any]) -> None:
        log.write("begun", ctx["_entity_id"], ctx["_action_key"])
        await asyncio.sleep(seconds)
        log.write("cracked", ctx["_entity_id"], ctx["_action_key"])

    functions = {"guards": {"rung": rung}, "actions": {"crack": acrack if is_async else crack}}
    return orchestrated(YAML, store, scheduler=scheduler, action_lease=LEASE, **functions)


def check(orchestrator: Orchestrator, path: Path, *ids: str) -> None:
    """Every egg is hard, by one timer, that was asked no earlier than it was due, and was cracked (S8.1, S9.5)."""
    lines = read(path)
    keys = Counter((of, key) for kind, of, key in (line for line in lines if line[0] == "cracked"))
    assert Counter(of for of, _ in keys) == Counter(ids), "an egg was not cracked, or twice with another key"
    for entity_id in ids:
        entity = orchestrator.get(entity_id)
        assert entity is not None
        found = (entity.state, entity.context.get("rings"), len(entity.timers))
        assert found == ("hard", 1, 0), f"{entity_id}: {found}"
        (armed,) = (row for row in orchestrator.history(entity_id) if row.trigger == "boil")
        due = round(armed.at.timestamp() * 1000) + DELAY
        assert [line for line in lines if line[0] == "rung" and line[1] == entity_id and line[2] < due] == []


def are_cracked(path: Path, *ids: str) -> bool:
    """Whether all that there was to do was done."""
    return {line[1] for line in read(path) if line[0] == "cracked"} >= set(ids)


# -- in a process of its own -----------------------------------------------------------------------------------


def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(os.environ["EGGS"])
    return told


def make() -> Orchestrator:
    """What the environment says."""
    told = _told()
    scheduler = None
    if "alarms" in told:
        from pystator_runtime.schedulers import RedisScheduler

        scheduler = RedisScheduler(told["alarms"], sweep=told["sweep"], prefix=told["prefix"])
    elif "broker" in told:
        scheduler = celery_clock(told)
    how = {name: told[name] for name in ("is_async", "seconds") if name in told}
    return kitchen(store_of(told["store"]), Path(told["log"]), scheduler, **how)


def celery_clock(told: dict[str, Any]) -> Any:
    """A scheduler of a Celery application that shares its broker with nobody."""
    from celery import Celery

    from pystator_runtime.schedulers import CeleryScheduler

    app = Celery("eggs", broker=told["broker"])
    app.conf.broker_transport_options = {"global_keyprefix": told["prefix"]}
    return CeleryScheduler(app, **{name: told[name] for name in ("sweep", "horizon") if name in told})
