"""Machines from YAML in a test: compiled, imported and ready to use, without going through files."""

from __future__ import annotations

import itertools
import sys
import textwrap
from types import ModuleType
from typing import Any

from pystator_gen.diagnostics import Diagnostic, in_order
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source

_numbers = itertools.count(1)


def compile_machine(yaml: str, name: str = "machine.yaml") -> tuple[ModuleType, list[Diagnostic]]:
    """The generated module of the one machine in ``yaml``, and the warnings."""
    units, diagnostics = compile_source(Source(name, textwrap.dedent(yaml)))
    errors = [str(diagnostic) for diagnostic in diagnostics if diagnostic.is_error]
    assert not errors, "\n".join(errors)
    (unit,) = units
    package = f"generated_{next(_numbers)}"
    (name, text), (name_of_views, views) = unit.texts.items()
    module = ModuleType(f"{package}.{name}")
    module.__package__ = package
    sys.modules[package] = ModuleType(package)
    sys.modules[module.__name__] = module
    sys.modules[f"{package}.{name_of_views}"] = _Views(f"{package}.{name_of_views}", views)
    exec(compile(text, f"{name}.py", "exec"), module.__dict__)  # our own output
    return module, diagnostics


class _Views(ModuleType):
    """The module of a machine's views, executed when somebody first asks for something in it."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self.__package__ = name.rpartition(".")[0]
        self._text = text

    def __getattr__(self, name: str) -> Any:
        if "VIEWS" in self.__dict__ or name.startswith("__"):
            raise AttributeError(name)
        exec(compile(self._text, f"{self.__name__}.py", "exec"), self.__dict__)  # our own output
        return getattr(self, name)


def load(yaml: str) -> ModuleType:
    """The generated module of the one machine in ``yaml``."""
    return compile_machine(yaml)[0]


def machine_class(module: ModuleType) -> type:
    """The machine class that a generated module defines."""
    (name,) = (name for name in module.__all__ if name.endswith("Machine"))
    return getattr(module, name)


def problems(yaml: str, name: str = "machine.yaml") -> list[Diagnostic]:
    """Everything that is reported about ``yaml``."""
    return compile_source(Source(name, textwrap.dedent(yaml)))[1]


def codes(yaml: str) -> list[str]:
    """The codes of everything that is reported about ``yaml``."""
    return [diagnostic.code for diagnostic in problems(yaml)]


def said(states: str, transitions: str = "") -> list[str]:
    """What is said about a machine. Its states begin in line 2; `/` ends a line of either."""

    def listed(items: str) -> str:
        return "".join(f"\n  - {{{item.strip()}}}" for item in items.split("/"))

    yaml = f"states:{listed(states)}\ntransitions:{listed(transitions) if transitions else ' []'}\n"
    return [str(problem) for problem in in_order(problems(yaml, "m.yaml"))]


def told(*lines: str) -> list[str]:
    """One diagnostic, of a headline and what follows it."""
    return ["\n    ".join(lines)]
