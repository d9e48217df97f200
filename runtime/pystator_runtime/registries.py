"""Registries for functions that are bound by name at run time; typed objects are the safer way."""

from __future__ import annotations

from pystator_runtime.callables import FunctionRegistry


class GuardRegistry(FunctionRegistry):
    """Guards by name: ``(ctx) -> bool``, sync or async, for ``machine.bind_guards(registry)``."""

    __slots__ = ()

    _kind = "guard"


class ActionRegistry(FunctionRegistry):
    """Actions by name: ``(ctx) -> anything``, sync or async, for ``machine.bind_actions(registry)``."""

    __slots__ = ()

    _kind = "action"
