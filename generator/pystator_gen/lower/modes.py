"""Sync and async, as types: a class of a machine that asks guards of the application is generic in what they answer.

Where they answer ``bool``, sync doors are open; where one answers an awaitable, only async ones are (`S5.5`).
"""

from __future__ import annotations

from pystator_gen import model
from pystator_gen.imports import Imports


def in_any_mode(machine: model.Machine, name: str, runtime: str) -> str:
    """A class of the machine, whatever its guards answer; ``runtime`` is how the runtime's interface is spelt."""
    return f"{name}[{runtime}.GuardAnswerT_co]" if machine.guards else name


def in_sync_mode(machine: model.Machine, name: str, imports: Imports) -> str:
    """A class of the machine for guards that answer ``bool``."""
    return f"{name}[{imports.builtin('bool')}]" if machine.guards else name


def of_self(machine: model.Machine, name: str, imports: Imports) -> str:
    """The annotation of ``self`` in a sync door of that class, with its colon; nothing if there are no such guards."""
    return f": {in_sync_mode(machine, name, imports)}" if machine.guards else ""


def answers(machine: model.Machine, runtime: str) -> str:
    """The last type argument of the runtime's bases: what the machine's guards answer."""
    return f"{runtime}.GuardAnswerT_co" if machine.guards else "bool"
