"""What one would write without any library: look at the leaf, then at what is around it. No actions, no errors."""

from __future__ import annotations

from pathlib import Path

from bench.contenders.base import NESTED_ROUTE, Case, Library, Scenario, follow

_PARENTS = {
    "open": "working",
    "filling": "working",
    "paused": "waiting",
    "queued": "waiting",
    "working": "live",
    "waiting": "live",
}
_TARGETS = {
    "open": {"pause": "paused", "fill": "filling"},
    "paused": {"resume": "open", "enqueue": "queued"},
    "live": {"halt": "paused", "reopen": "open", "close": "closed"},
}
_NONE: dict[str, str] = {}


class Order:
    """An order with nothing but its state."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = "open"

    def send(self, trigger: str) -> None:
        """Move on."""
        level = self.state
        while (target := _TARGETS.get(level, _NONE).get(trigger)) is None:
            level = _PARENTS[level]
        self.state = target


def prepare(workspace: Path) -> Library:
    """Nothing to prepare."""
    order = Order()
    follow(NESTED_ROUTE, order.send, lambda: order.state)

    def session(statement: str) -> Case:
        return Case("order.send()", statement, {"Order": Order}, "order.state == 'open'", "order = Order()", events=2)

    return Library(
        "by hand",
        {
            Scenario.NESTED: [session("order.send('pause'); order.send('resume')")],
            Scenario.INHERITED: [session("order.send('halt'); order.send('reopen')")],
        },
    )
