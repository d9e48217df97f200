"""From text to a syntax tree, with places: the first step of `compile_expression`."""

from __future__ import annotations

import ast
import warnings

from pystator_gen.expressions.results import Problem
from pystator_gen.expressions.vocabulary import MAX_TEXT_LENGTH

_STATEMENTS: dict[type[ast.stmt], tuple[str, str | None]] = {
    ast.Assign: ("an assignment", "to compare, write `==`"),
    ast.AugAssign: ("an assignment", None),
    ast.AnnAssign: ("an annotation", None),
    ast.Delete: ("`del`", None),
    ast.Import: ("an import", None),
    ast.ImportFrom: ("an import", None),
}
_OTHER_OPERATORS = {"&&": "and", "||": "or", "!": "not"}


class Places:
    """Turns lines and columns of Python's parser into offsets in the text as the user wrote it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._indent = len(text) - len(text.lstrip())
        # Lines end as for Python's tokenizer, not as for `str.splitlines`; no offset changes.
        self._lines = text.strip().replace("\r\n", " \n").replace("\r", "\n").split("\n")

    def of_node(self, node: ast.AST) -> int:
        """Where a node begins, or the name of an attribute; the parser's columns count bytes."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        if isinstance(node, ast.Attribute) and node.end_lineno and node.end_col_offset:
            line, column = node.end_lineno, node.end_col_offset - len(node.attr.encode())
        encoded = self._line(line).encode("utf-8", "replace")[:column]
        return self._offset(line, len(encoded.decode("utf-8", "ignore")))

    def of_error(self, error: SyntaxError) -> int:
        """Where the parser stopped; the start where it speaks of a part, as it may in f-strings."""
        line, column = error.lineno or 1, error.offset or 1
        if error.text is None or error.text.strip() != self._line(line).strip():
            return self._offset(1, 0)
        return self._offset(line, column - 1)

    def _line(self, number: int) -> str:
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def _offset(self, line: int, column: int) -> int:
        before = sum(len(earlier) + 1 for earlier in self._lines[: line - 1])
        return max(0, min(self._indent + before + column, len(self._text) - 1))


def parse(text: str) -> ast.expr | Problem:
    """The tree of the one expression in the text; white space around it is ignored (``S5.7``)."""
    if len(text) > MAX_TEXT_LENGTH:
        message = f"the expression is longer than {MAX_TEXT_LENGTH} characters"
        return Problem(message, MAX_TEXT_LENGTH)
    if not text.strip():
        return Problem("the expression is empty")
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            return Problem("the expression holds a character that is no text", position)
    places = Places(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text.strip()).body
    except SyntaxError as error:
        message = f"not an expression: {error.msg}"
        return Problem(message, places.of_error(error), _syntax_hint(text))
    except (RecursionError, MemoryError):
        return Problem("the expression is nested too deeply", places.of_node(ast.Pass()))
    except ValueError as error:
        return Problem(f"not an expression: {error}")
    return _single_expression(body, places)


def _single_expression(body: list[ast.stmt], places: Places) -> ast.expr | Problem:
    if not body:
        return Problem("the expression is empty")  # nothing but a comment
    if not isinstance(body[0], ast.Expr):
        what, hint = _STATEMENTS.get(type(body[0]), ("a statement", None))
        return Problem(f"{what} is not an expression", places.of_node(body[0]), hint)
    if len(body) > 1:
        hint = "put an expression of several lines in parentheses"
        return Problem("there is more than one expression", places.of_node(body[1]), hint)
    return body[0].value


def _syntax_hint(text: str) -> str | None:
    """What the author may have meant, going by the operators of other languages."""
    for operator, word in _OTHER_OPERATORS.items():
        if operator in text.replace("!=", ""):
            return f"write `{word}` for `{operator}`"
    if "\n" in text.strip():
        return "put an expression of several lines in parentheses"
    return None
