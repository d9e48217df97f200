"""A project with one machine and a file of handlers, and what `pystator-gen scaffold` makes of it."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pystator_gen.driver import Report
from pystator_gen.pipeline import compile_source
from pystator_gen.scaffold import scaffold
from pystator_gen.scaffold.editing import keep_in_step
from pystator_gen.scaffold.reading import HandFile, read_handlers
from pystator_gen.source import Source

PACKAGE = "shop.fsm"
PATH = Path("handlers/order.py")


def yaml(guards: Sequence[str] = (), actions: Sequence[str] = ()) -> str:
    """A machine that names these functions; with params where they are written so: `notify(channel=mail)`."""
    return (
        "meta: {machine_name: order}\n"
        "state_variables: [{key: price, type: integer}]\n"
        "states: [{name: open, type: initial}, {name: done}]\n"
        "transitions:\n"
        "  - {trigger: close, source: open, dest: done, "
        f"guards: [{', '.join(map(_entry, guards))}], actions: [{', '.join(map(_entry, actions))}]}}\n"
    )


def _entry(text: str) -> str:
    name, _, params = text.partition("(")
    return f"{{name: {name}, params: {{{params[:-1].replace('=', ': ')}}}}}" if params else name


def write(guards: Sequence[str] = (), actions: Sequence[str] = ()) -> None:
    """Write the machine."""
    Path("order.yaml").write_text(yaml(guards, actions), encoding="utf-8")


def run(*, check: bool = False) -> Report:
    """Bring the handlers of the machine in the current folder up to date."""
    return scaffold(["order.yaml"], "handlers", PACKAGE, check=check)


def handlers(content: str | bytes) -> None:
    """Put a file of handlers where one belongs."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_bytes(content.encode() if isinstance(content, str) else content)


def in_step(content: bytes, guards: Sequence[str] = (), actions: Sequence[str] = ()) -> bytes:
    """What becomes of a file of handlers that has nothing wrong."""
    units, diagnostics = compile_source(Source("order.yaml", yaml(guards, actions)))
    assert not diagnostics
    found = read_handlers("order.py", content)
    assert isinstance(found, HandFile), found
    text, problems = keep_in_step(found, units[0].machine, PACKAGE)
    assert not problems
    return text.encode()


def executed(content: bytes) -> dict[str, Any]:
    """The namespace of a file of handlers; the generated package is made up."""
    with _generated():
        namespace: dict[str, Any] = {"__name__": "handlers.order"}
        exec(compile(content, "order.py", "exec", dont_inherit=True), namespace)
    return namespace


@contextmanager
def _generated() -> Iterator[None]:
    made: dict[str, Any] = {name: types.ModuleType(name) for name in ("shop", PACKAGE, f"{PACKAGE}.order")}
    made[f"{PACKAGE}.order"].OrderContext = dict
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]
