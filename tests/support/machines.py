"""Machines from YAML in a test: compiled, imported and ready to use, without going through files."""

from __future__ import annotations

import itertools
import sys
import textwrap
from types import ModuleType

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
    module = ModuleType(f"generated_{next(_numbers)}")
    sys.modules[module.__name__] = module
    exec(compile(unit.text, f"{unit.machine.module}.py", "exec"), module.__dict__)  # our own output
    return module, diagnostics


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
