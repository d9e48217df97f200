"""Functions of the application as the engine calls them: which keywords they take, and whether they are async."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pystator_runtime.errors import ConfigurationError

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_VARIADIC_KEYWORDS = 0x08
_COROUTINE = 0x80


class BoundFunction:
    """A guard or action of the application, looked at once when it is bound.

    ``params`` from the YAML reach it as keyword arguments as far as it takes them (`S5.6`, `S8.5`).
    """

    __slots__ = ("_keywords", "_occupied", "function", "is_async", "name")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise ConfigurationError(f"{name!r} must be bound to a function, not {function!r}")
        self.name = name
        self.function = function
        self._keywords, self._occupied, self.is_async = _signature(function)

    def __call__(self, context: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
        """Call it with the context and those of ``params`` that it takes; an async function answers an awaitable."""
        if not params:
            return self.function(context)
        occupied, keywords = self._occupied, self._keywords
        if occupied is not None:
            taken = {key: value for key, value in params.items() if key not in occupied}
        else:
            taken = {key: value for key, value in params.items() if key in keywords}
        return self.function(context, **taken)


Signature = tuple[frozenset[str], frozenset[str] | None, bool]
"""The keywords that a function takes beside the context; if it takes any other (``**params``), the names that it takes
none by, because the context and ``self`` have them; and whether it is async."""


def _signature(function: Callable[..., Any]) -> Signature:
    """What a function takes, and whether it is async.

    Plain functions and methods are read from their code object: importing `inspect` would double the
    start-up time of an application that needs nothing else from it.
    """
    target: Any = function
    skipped = 1
    if hasattr(target, "__func__"):
        target, skipped = target.__func__, 2
    code = getattr(target, "__code__", None)
    if code is None or hasattr(target, "__wrapped__"):
        return _inspected(function)
    positional = code.co_varnames[: code.co_argcount]
    keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    named = (*positional[max(skipped, code.co_posonlyargcount) :], *keyword_only)
    occupied = frozenset(positional[code.co_posonlyargcount : skipped])
    takes_any = bool(code.co_flags & _VARIADIC_KEYWORDS)
    return frozenset(named), occupied if takes_any else None, bool(code.co_flags & _COROUTINE)


def _inspected(function: Callable[..., Any]) -> Signature:
    """The same for partials, callable objects, decorated functions and built-ins."""
    import inspect

    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted
    )
    try:
        parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        return frozenset(), None, is_async
    keywords = frozenset(p.name for p in parameters[1:] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        return keywords, None, is_async
    first = frozenset(p.name for p in parameters[:1] if p.kind is p.POSITIONAL_OR_KEYWORD)
    occupied = first if inspect.isfunction(function) else first | {"self"}
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is None:
        return keywords, occupied, is_async
    owner = getattr(function, "__self__", None)
    of_wrapped, of_that, _ = _signature(wrapped if owner is None else wrapped.__get__(owner))
    # What the decorator passes on, the decorated has to take.
    return keywords | of_wrapped, None if of_that is None else occupied | of_that, is_async


class FunctionRegistry:
    """Functions by the name that the YAML uses for them. Registering a name again replaces its function."""

    __slots__ = ("_adopted", "_functions")

    _kind = "function"

    def __init__(self, functions: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._functions: dict[str, BoundFunction] = {}
        self._adopted: tuple[FunctionRegistry, ...] = ()
        for name, function in (functions or {}).items():
            self.register(name, function)

    def register(self, name: str, fn: Callable[..., Any]) -> None:
        """Bind ``fn`` to ``name``.

        Raises:
            ConfigurationError: The name is empty or the function can't be called.
        """
        if not name:
            raise ConfigurationError(f"{self._kind}s need a name, and {fn!r} was given none")
        self._functions[name] = BoundFunction(name, fn)

    def decorator(self, name: str | None = None) -> Callable[[FunctionT], FunctionT]:
        """Register the decorated function under ``name``, or under its own."""

        def register(function: FunctionT) -> FunctionT:
            self.register(name or function.__name__, function)
            return function

        return register

    def adopt(self, registry: FunctionRegistry) -> None:
        """Use the functions of ``registry`` too, also what is registered there later; it is not changed.

        What ``registry`` binds now replaces what is bound here.
        """
        if registry is self:
            return
        for name in registry.names():
            self._functions.pop(name, None)
        self._adopted = (registry, *(other for other in self._adopted if other is not registry))

    def find(self, name: str) -> BoundFunction | None:
        """The function bound to ``name``, if there is one."""
        found = self._functions.get(name)
        if found is None:
            for registry in self._adopted:
                if (found := registry.find(name)) is not None:
                    break
        return found

    def names(self) -> set[str]:
        """The names that functions are bound to."""
        return set(self._functions).union(*(registry.names() for registry in self._adopted))

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that nothing is bound to, in the order given."""
        return [name for name in names if self.find(name) is None]

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __len__(self) -> int:
        return len(self.names())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(sorted(self.names()))})"


class GuardRegistry(FunctionRegistry):
    """Guards by name: ``(ctx) -> bool``, sync or async, for ``machine.bind_guards(registry)``."""

    __slots__ = ()

    _kind = "guard"


class ActionRegistry(FunctionRegistry):
    """Actions by name: ``(ctx) -> anything``, sync or async, for ``machine.bind_actions(registry)``."""

    __slots__ = ()

    _kind = "action"
