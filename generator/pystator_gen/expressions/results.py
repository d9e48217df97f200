"""What compiling an expression or a check gives: Python source, or what is wrong with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compiled:
    """One Python expression over a mapping called ``ctx``, and what it needs around it.

    ``names`` are the context keys it reads, sorted. ``helpers`` are the functions that the
    generated module imports from ``module``, sorted. ``is_boolean``: it asks a yes-or-no question.
    """

    source: str
    names: tuple[str, ...]
    helpers: tuple[str, ...]
    module: str
    is_boolean: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is refused; ``offset`` is the place in it, in characters from its start."""

    message: str
    offset: int = 0
    hint: str | None = None


class RefusedError(Exception):
    """Raised where a syntax tree leaves the subset; it never leaves this package itself."""

    def __init__(self, node: ast.AST, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint
