"""The recipes: a flat view of a nested context, and expressions that are known only at run time."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest

from pystator_runtime.recipes import evaluate_expression, flatten_context_for_guards


def test_nested_values_get_names_of_their_own_and_the_originals_stay() -> None:
    flat = flatten_context_for_guards({"order": {"qty": 5, "buyer": {"id": "b1"}}, "n": 1})
    assert flat == {
        "order": {"qty": 5, "buyer": {"id": "b1"}},
        "n": 1,
        "order_qty": 5,
        "order_buyer": {"id": "b1"},
        "order_buyer_id": "b1",
    }


def test_a_key_that_is_there_already_is_not_overwritten() -> None:
    assert flatten_context_for_guards({"order_qty": 1, "order": {"qty": 5}})["order_qty"] == 1


def test_the_separator_can_be_chosen() -> None:
    assert flatten_context_for_guards({"a": {"b": 1}}, separator=".")["a.b"] == 1


def test_the_engines_own_keys_are_not_looked_into() -> None:
    assert "_event_x" not in flatten_context_for_guards({"_event": {"x": 1}})


def test_a_mapping_inside_itself_ends() -> None:
    loop: dict[str, Any] = {"n": 1}
    loop["self"] = loop
    assert flatten_context_for_guards({"loop": loop})["loop_n"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qty * price", 6),
        ("order.buyer == 'b' and 3 in items", True),
        ("name.upper()", "ADA"),
        ("max(items) if items else 0", 3),
        ("f'{name}:{qty}'", "ada:2"),
        ("{'a': qty}['a']", 2),
    ],
)
def test_an_expression_reads_the_context(text: str, expected: object) -> None:
    """S5.7."""
    context = {"qty": 2, "price": 3, "order": {"buyer": "b"}, "items": [1, 3], "name": "ada"}
    assert evaluate_expression(text, context) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "name.__class__",
        "_secret",
        "[x for x in items]",
        "lambda: 1",
        "(a := 1)",
        "rand()",
        "items.append(1)",
        "name.format(1)",
        "f'{name!r}'",
        "a; b",
        "",
        "(" * 300,
        "open('x')",
    ],
)
def test_what_lies_outside_the_subset_is_refused(text: str) -> None:
    """S5.7."""
    with pytest.raises(ValueError, match=r"expression"):
        evaluate_expression(text, {"items": [1], "name": "ada", "_secret": 1, "a": 1, "b": 2})


@pytest.mark.parametrize("text", ["2 ** n", "1 << n", "'ab' * n"])
def test_powers_shifts_and_repetition_are_bounded(text: str) -> None:
    """S5.7."""
    with pytest.raises(OverflowError, match=r"too (long|far|large|high)"):
        evaluate_expression(text, {"n": 10**9})


def test_a_missing_name_is_an_error_of_the_expression() -> None:
    with pytest.raises(KeyError):
        evaluate_expression("missing", {})


def test_without_simpleeval_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "simpleeval", raising=False)
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "simpleeval":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, "simpleeval", None)
    with pytest.raises(ImportError, match=r"pystator-runtime\[recipes\]"):
        evaluate_expression("1 + 1", {})
