"""What our contenders have in common: their machine is compiled into a module, and that module is used."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pystator_gen


def compiled(source: Path, workspace: Path) -> ModuleType:
    """The module of the machine in ``source``.

    Raises:
        RuntimeError: It can't be compiled.
    """
    package = f"bench_{source.stem}_fsm"
    report = pystator_gen.generate([source], workspace / package)
    if report.has_errors:
        raise RuntimeError("\n".join(map(str, report.diagnostics)))
    if str(workspace) not in sys.path:
        sys.path.insert(0, str(workspace))
    return import_module(f"{package}.{source.stem}")
