"""Problems in plain words: what pydantic found, told in terms of the YAML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from pystator_gen import codes
from pystator_gen.diagnostics import Span
from pystator_gen.document import NodePath
from pystator_gen.parse.names import NAME, PATTERN_WORDS, closest, suggest_name

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from pystator_gen.parse.node import Fields, Node

Problem: TypeAlias = tuple[str, str, str | None, Span]
"""Code, message, hint and place."""

BOOLEANS = {"on": True, "yes": True, "off": False, "no": False}
"""What YAML 1.1 read as booleans, and PyYAML still does."""

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("must be more than {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than_equal": ("must be at most {}", "le"),
}


def describe(value: object) -> str:
    """What a value is, in the language of the format."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, dict) else "a list"


def subject(path: NodePath) -> str:
    """How a message speaks of the value at a path."""
    if not path:
        return "a machine"
    if isinstance(path[-1], str):
        return f"`{path[-1]}`"
    parent = next((step for step in reversed(path) if isinstance(step, str)), None)
    return "a machine" if parent is None else f"every item of `{parent}`"


def is_echo(detail: ErrorDetails) -> bool:
    """Whether an error repeats others: a list whose items are all refused counts as empty."""
    return detail["type"] == "too_short" and bool(detail["input"])


def is_spelling(detail: ErrorDetails) -> bool:
    """Whether a name is there and merely ill-spelt."""
    return detail["type"] == "string_pattern_mismatch" and detail["input"] != ""


def explain(node: Node, fields: Fields, detail: ErrorDetails) -> Problem:
    """One of pydantic's errors as we would put it, at the place that it is about."""
    kind, value = detail["type"], detail["input"]
    context: dict[str, Any] = detail.get("ctx", {})
    first, *rest = detail["loc"]
    path = (*node.path, fields.key(str(first)), *rest)
    is_key = path[-1] == "[key]"
    path = path[:-1] if is_key else path
    span = node.document.key_span(path) if is_key else node.document.span(path)
    about = subject(path)
    if kind == "missing":
        return codes.MISSING_KEY, f"the key {about} is missing", None, node.document.span(path[:-1])
    if is_spelling(detail):
        return *_wrong_name(str(value), context["pattern"]), span
    if kind == "literal_error":
        return *_not_a_choice(about, value, context["expected"]), span
    if kind in _BOUNDS:
        phrase, bound = _BOUNDS[kind]
        return codes.OUT_OF_RANGE, f"{about} {phrase.format(_number(context[bound]))}", None, span
    if kind == "finite_number":
        return codes.OUT_OF_RANGE, f"{about} must be a finite number", None, span
    if kind in ("string_too_short", "too_short", "string_pattern_mismatch"):
        return codes.EMPTY, f"{about} must not be empty", None, span
    if kind in _EXPECTED:
        shown = node.document.written(path) if kind == "int_type" and isinstance(value, float) else None
        message = f"{about} must be {_EXPECTED[kind]}, not {shown or describe(value)}"
        hint = None
        if kind == "string_type" and value is not None and not isinstance(value, (dict, list)):
            hint = f'quote it if text is meant: "{node.document.written(path) or value}"'
        return codes.WRONG_TYPE, message, hint, span
    return codes.WRONG_TYPE, f"{about}: {detail['msg'].lower()}", None, span


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def _wrong_name(text: str, pattern: str) -> tuple[str, str, str | None]:
    """A text that does not look as a name must."""
    if text.startswith("_") and re.fullmatch(NAME, text):
        message = f"names that start with `_` are the engine's own, so `{text}` can't stand here"
        return codes.RESERVED_NAME, message, f"write `{text.lstrip('_') or 'a name'}`"
    noun, remedy = PATTERN_WORDS[pattern]
    suggestion = suggest_name(text, pattern)
    return (
        codes.BAD_NAME,
        f"`{text}` is not {noun}",
        f"write `{suggestion}`" if suggestion else remedy,
    )


def _not_a_choice(about: str, value: object, expected: str) -> tuple[str, str, str | None]:
    """A value that is none of a few words."""
    choices = re.findall(r"'([^']*)'", expected)
    shown = f"`{value}`" if isinstance(value, str) else describe(value)
    message = f"{about} must be one of {', '.join(choices)}, not {shown}"
    meant = closest(value, choices) if isinstance(value, str) else None
    return codes.NOT_A_CHOICE, message, f"did you mean `{meant}`?" if meant else None
