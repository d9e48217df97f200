"""YAML state machines in, typed Python modules out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystator_gen.driver import Report as Report
    from pystator_gen.driver import generate as generate

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Loaded when asked for: importing the whole compiler would slow `pystator-gen --version` down.
    if name in ("generate", "Report"):
        from pystator_gen import driver

        return getattr(driver, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
