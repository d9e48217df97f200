"""`compile_expression`: the three steps in a row."""

from __future__ import annotations

from pystator_gen.expressions import reading, subset
from pystator_gen.expressions.emission import Emitter
from pystator_gen.expressions.pieces import BOOL, MODULE
from pystator_gen.expressions.results import Compiled, Problem, RefusedError


def compile_expression(text: str) -> Compiled | Problem:
    """Python source for an expression, or the place and reason why it is refused (``S5.7``).

    No text makes it raise. What it accepts answers as ``simpleeval`` does on the same context, but
    for what only the run can tell: ``%`` on text, and methods and functions read as values, raise.
    """
    tree = reading.parse(text)
    if isinstance(tree, Problem):
        return tree
    try:
        subset.check(tree)
    except RefusedError as refused:
        return Problem(refused.message, reading.Places(text).of_node(refused.node), refused.hint)
    emitter = Emitter()
    piece = emitter.expression(tree)
    return Compiled(
        source=piece.source,
        names=tuple(sorted(emitter.needs.names)),
        helpers=tuple(sorted(emitter.needs.helpers)),
        module=MODULE,
        is_boolean=piece.kind == BOOL,
    )
