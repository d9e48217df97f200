"""Recipes: nested contexts made flat, and expressions known only at run time (``S5.7``)."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_gen.expressions import Compiled, compile_expression
from pystator_runtime import expressions
from pystator_runtime.recipes import evaluate_expression, flatten_context_for_guards

# Flat contexts


def test_nested_values_get_names_of_their_own() -> None:
    """The originals stay."""
    order = {"qty": 5, "customer": {"name": "Ada", "tags": ["a"]}}
    assert flatten_context_for_guards({"order": order, "flag": True}) == {
        "order": order,
        "order_qty": 5,
        "order_customer": {"name": "Ada", "tags": ["a"]},
        "order_customer_name": "Ada",
        "order_customer_tags": ["a"],
        "flag": True,
    }


def test_the_separator_can_be_chosen() -> None:
    """It stands between the keys of two levels."""
    assert flatten_context_for_guards({"a": {"b": {"c": 1}}}, separator="__")["a__b__c"] == 1


def test_a_key_that_is_there_already_stays() -> None:
    """What the application wrote beats what is derived, and the less nested beats the deeper."""
    context = {"a": {"b": {"c": "deep"}, "b_c": "shallow"}, "a_b": "own"}
    flat = flatten_context_for_guards(context)
    assert flat["a_b"] == "own"
    assert flat["a_b_c"] == "shallow"


def test_the_context_itself_is_not_changed() -> None:
    """S5.1: a guard's context is only read."""
    context = MappingProxyType({"a": MappingProxyType({"b": 1})})
    assert flatten_context_for_guards(context) == {"a": {"b": 1}, "a_b": 1}


def test_keys_of_the_engine_are_not_looked_into() -> None:
    """S8.4."""
    assert flatten_context_for_guards({"_event": {"a": 1}}) == {"_event": {"a": 1}}


def test_keys_that_are_no_text_become_text() -> None:
    """In the names that are derived."""
    assert flatten_context_for_guards({"a": {1: "x"}})["a_1"] == "x"


def test_a_mapping_inside_itself_ends() -> None:
    """It is looked into once."""
    loop: dict[str, Any] = {"b": 1}
    loop["me"] = loop
    flat = flatten_context_for_guards({"a": loop})
    assert flat["a_b"] == 1
    assert flat["a_me"] is loop


KEYS = st.sampled_from(["a", "b", "a_b", "", "_", "1"])
NESTED = st.recursive(st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=5)


@given(st.dictionaries(KEYS, NESTED, max_size=4))
def test_every_original_key_keeps_its_value(context: dict[str, Any]) -> None:
    """Nothing that is derived takes the place of it."""
    flat = flatten_context_for_guards(context)
    assert {key: flat[key] for key in context} == context


def test_a_flat_context_serves_an_expression() -> None:
    """S5.7."""
    context = flatten_context_for_guards({"order": {"qty": 5, "limit": {"max": 9}}})
    assert evaluate_expression("order_qty < order_limit_max and order.qty == 5", context) is True


# Expressions at run time

CONTEXT: dict[str, Any] = {
    "qty": 7,
    "price": 1.5,
    "name": "buy",
    "max": 4,
    "order": {"qty": 5, "items": 2},
    "xs": [3, 1, 2],
    "nothing": None,
    "many": 1_000_000,
    "long": "x" * 90_000,
}


@pytest.mark.parametrize(
    "text",
    [
        " qty >= order.qty and not nothing ",
        "max > 3 and max(qty, 9) == 9",
        "order['qty'] + xs[0] * 2 - len(xs[1:]) ** 2",
        "[qty, (price,), {'a': {1, 2}}]",
        "f'{qty:>4}|{price:.2f}|{name}'",
        "name.upper().startswith('B') or name in ('sell',)",
        "'x' if nothing is None else missing",
        "1 < qty < 10 != xs",
        "sum(xs) + sum(xs, start=1) + round(price) + round(price, ndigits=1) + round(price, 1)",
        "min(xs, default=0) + int('ff', base=16)",
        "qty << 2 | 1 ^ ~qty & 3",
        "-qty // 2 % 3 / 4",
        "order.get('none', qty)",
        "missing",
        "sum",
        "order.items",
        "order.missing",
        "name % qty",
        "'%s' + name % qty",
        "name * many",
        "long + long",
        "many ** many",
        "many << many",
        "[[long] * 99] * 99",
        "name.ljust(many)",
        "round(qty, -many * many)",
        "sum([xs], xs)",
        "qty[0]",
        "qty / 0",
    ],
)
def test_the_answer_is_that_of_the_compiled_expression(text: str) -> None:
    """S5.7: the same subset, the same bounds, however the expression comes to be known."""
    compiled = compile_expression(text)
    assert isinstance(compiled, Compiled)
    names = {name: getattr(expressions, name) for name in compiled.helpers}
    try:
        answer = eval(compiled.source, {**names, "ctx": CONTEXT})
    except Exception as error:
        with pytest.raises(type(error)):
            evaluate_expression(text, CONTEXT)
    else:
        result = evaluate_expression(text, CONTEXT)
        assert (result, type(result)) == (answer, type(answer))


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "a = 1", "a; b", "pass", "'\ud800'", "a\0", "(" * 5000, "-" * 9999 + "1", "a" * 10_001),
        *("_event", "qty.__class__", "qty.func_code", "qty.mro", "().__class__.__bases__", "name.format(1)"),
        *("lambda: 1", "[a for a in xs]", "any(a for a in xs)", "(a := 1)", "[*xs]", "{**order}", "len(*xs)"),
        *("rand()", "randint(3)", "list(xs)", "dict()", "open('x')", "qty(1)", "xs[0](1)", "len(**order)"),
        *("xs.append(1)", "order.pop('a')", "order.update(a=1)", "name.encode()", "min(xs, key=len)", "f'{qty!r}'"),
        *("f'{qty:{price}}'", "f'{qty:999999999}'", "f'{qty:>{1}}'", "b'x'", "1j", "...", "name.split(_sep='a')"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """S5.7."""
    with pytest.raises(ValueError, match="expression"):
        evaluate_expression(text, CONTEXT)


def test_the_applications_methods_are_not_called() -> None:
    """S5.7."""

    class Order:
        def upper(self) -> None:
            raise AssertionError("called")

    with pytest.raises(TypeError, match="can't call 'upper'"):
        evaluate_expression("order.upper()", {"order": Order()})


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """`evaluate_expression` needs simpleeval."""
    monkeypatch.setitem(sys.modules, "simpleeval", None)
    with pytest.raises(ImportError, match=r"pip install 'pystator-runtime\[recipes\]'"):
        evaluate_expression("1", {})
