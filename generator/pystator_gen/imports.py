"""The imports of a generated module, computed from what its body uses."""

from __future__ import annotations

import builtins

from pystator_gen.naming import PythonIdentifier

_RUNTIME = "pystator_runtime"
_OWN_NAMES = frozenset({"rt", "overload"})
"""The lower-case names of a module that are no built-ins, beside those of conditions and computations."""


class Imports:
    """Hands out names for things to import and remembers which ones were asked for.

    Modules are imported as a whole and named with a dot, so that they can't collide with the classes of a
    machine; ``shadowed`` are lower-case names that its session and its protocols have: in the bodies of these
    classes, they must not be used plainly.
    """

    def __init__(self, shadowed: frozenset[str] = frozenset()) -> None:
        self._shadowed = shadowed
        self._modules: dict[str, str] = {}
        self._checking: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}
        self._checking_names: dict[str, set[str]] = {}

    def apart(self) -> Imports:
        """One that spells names as this one does, for text that is looked at and not printed."""
        return Imports(self._shadowed)

    def typing(self, name: str) -> str:
        """A name of `typing`."""
        if name in self._shadowed:
            return f"{self.module('typing')}.{name}"
        return self.name("typing", name)

    def name(self, module: str, name: str) -> str:
        """A single name of a module."""
        self._names.setdefault(module, set()).add(name)
        return name

    def name_for_checkers(self, module: str, name: str) -> str:
        """A single name of a module that is not loaded when the generated one is."""
        self._checking_names.setdefault(module, set()).add(name)
        return name

    def runtime(self) -> str:
        """The runtime's interface, spelt so that it can't be taken for a member of a class."""
        alias = "_rt" if "rt" in self._shadowed else "rt"
        self.name(_RUNTIME, f"interface as {alias}")
        return alias

    def builtin(self, name: str) -> str:
        """A built-in, spelt so that it can't be taken for a method of the session."""
        return f"{self.module('builtins')}.{name}" if name in self._shadowed else name

    def module(self, module: str) -> str:
        """A module as it is called in the body."""
        return self._modules.setdefault(module, self._alias(module))

    def application_module(self, module: str) -> str:
        """A module of the application, needed by annotations only; ask for it after all single names."""
        if module not in self._checking:
            root = module.partition(".")[0]
            taken = self._shadowed.union(_OWN_NAMES, *self._names.values())
            is_safe = root.islower() and not root.startswith("_") and not hasattr(builtins, root)
            alias = module if is_safe and root not in taken else f"{_private(module)}_"
            while alias in self._checking.values():
                alias += "_"
            self._checking[module] = alias
        return self._checking[module]

    def lines(self) -> tuple[str, ...]:
        """The import statements in order, with those for type checkers last."""
        if self._checking or self._checking_names:
            self.typing("TYPE_CHECKING")
        plain = [_import(module, alias) for module, alias in sorted(self._modules.items())]
        lines = [*plain, *self._single(of_helpers=False)]
        checking = [_import(module, alias) for module, alias in sorted(self._checking.items())]
        checking.extend(
            f"from {module} import {', '.join(sorted(names))}" for module, names in self._checking_names.items()
        )
        if checking:
            lines.append("if TYPE_CHECKING:")
            lines.extend(f"    {line}" for line in checking)
        return tuple(lines)

    def helper_lines(self) -> tuple[str, ...]:
        """The imports of single runtime functions: an older runtime may lack one, so its version is checked before."""
        return tuple(self._single(of_helpers=True))

    def _single(self, *, of_helpers: bool) -> list[str]:
        return [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._names.items(), key=lambda item: _rank(item[0]))
            if module.startswith(f"{_RUNTIME}.") is of_helpers
        ]

    def _alias(self, module: str) -> str:
        alias = _private(module) if module.partition(".")[0] in self._shadowed else module
        while alias in self._shadowed:
            alias += "_"
        return alias


def _private(module: str) -> str:
    return PythonIdentifier(f"_{module.replace('.', '_')}")


def _import(module: str, alias: str) -> str:
    return f"import {module}" if alias == module else f"import {module} as {alias}"


def _rank(module: str) -> tuple[bool, bool, str]:
    """The standard library, the runtime, the package itself."""
    return module.startswith("."), module.startswith(_RUNTIME), module
