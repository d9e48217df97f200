"""pystator-gen: the nested machine, compiled."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contenders.base import IDENTITY, NESTED, NESTED_ROUTE, Case, Library, Scenario, follow
from bench.contenders.compiled import compiled


class Actions:
    """The actions that the machine names. They are planned only, never run."""

    def assign_trader(self, ctx: object) -> None: ...
    def release_trader(self, ctx: object) -> None: ...
    def show_quote(self, ctx: object) -> None: ...
    def hide_quote(self, ctx: object) -> None: ...
    def start_clock(self, ctx: object) -> None: ...
    def stop_clock(self, ctx: object) -> None: ...
    def notify_paused(self, ctx: object) -> None: ...
    def notify_resumed(self, ctx: object) -> None: ...


def prepare(workspace: Path) -> Library:
    """Compile the machine, import it and bind its actions."""
    machine = compiled(NESTED, workspace).NestedOrderMachine(actions=Actions())

    def opened() -> Any:
        return machine.create(context=IDENTITY)

    order = opened()
    follow(NESTED_ROUTE, order.send, lambda: order.current_state)

    def session(what: str, statement: str) -> Case:
        return Case(what, statement, {"opened": opened}, "order.is_open", "order = opened()", events=2)

    return Library(
        f"pystator-gen {version('pystator-gen')}",
        {
            Scenario.NESTED: [
                session("order.pause()", "order.pause(); order.resume()"),
                session("order.send()", "order.send('pause'); order.send('resume')"),
            ],
            Scenario.INHERITED: [
                session("order.halt()", "order.halt(); order.reopen()"),
                session("order.send()", "order.send('halt'); order.send('reopen')"),
            ],
        },
    )
