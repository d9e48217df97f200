"""Warnings, for whoever operates an application: the logger is ``pystator_runtime``."""

from __future__ import annotations


def warn(message: str, error: BaseException | None = None) -> None:
    """Log a warning. `logging` is imported only when there is something to say."""
    import logging

    logging.getLogger("pystator_runtime").warning(message, exc_info=error)
