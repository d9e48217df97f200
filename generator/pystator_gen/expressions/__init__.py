"""Expressions and checks of the YAML as Python source (``S5.7``, ``S5.8``)."""

from __future__ import annotations

from pystator_gen.expressions.checks import compile_check
from pystator_gen.expressions.compiling import compile_expression
from pystator_gen.expressions.results import Compiled, Problem

__all__ = ["Compiled", "Problem", "compile_check", "compile_expression"]
