"""Declared types: what they accept, and how values are written as JSON and read back (S13.4, docs/yaml.md#types)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pystator_runtime import interface as rt

MOMENT = datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC)
DAY = date(2024, 2, 29)
REF = UUID(int=9)

ACCEPTED: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "string": (rt.STRING, ["", "x"], [1, None, b"x"]),
    "integer": (rt.INTEGER, [0, -1, 2**70], [True, 1.0, "1", None]),
    "number": (rt.NUMBER, [0, 1.5], [False, "1", None, Decimal(1)]),
    "boolean": (rt.BOOLEAN, [True, False], [0, 1, "true", None]),
    "object": (rt.OBJECT, [{}, {"a": 1}], [[], None, "x"]),
    "array": (rt.ARRAY, [[], [1, "x"]], [(), {}, None, "x"]),
    "any": (rt.ANY, [None, 1, "x", object()], []),
    "datetime": (rt.DATETIME, [MOMENT], [DAY, "2024-02-29", None]),
    "date": (rt.DATE, [DAY], [MOMENT, "2024-02-29", None]),
    "decimal": (rt.DECIMAL, [Decimal("1.10")], [1, 1.5, "1", None]),
    "uuid": (rt.UUID, [REF], [str(REF), 9, None]),
    "list[integer]": (rt.list_of(rt.INTEGER), [[], [1, 2]], [[1, "x"], (1,), None]),
    "dict[string, integer]": (rt.dict_of(rt.STRING, rt.INTEGER), [{}, {"a": 1}], [{1: 1}, {"a": "x"}, []]),
    "string?": (rt.optional(rt.STRING), [None, "x"], [1]),
    "one of": (rt.one_of(1, "b", None), [1, "b", None], [True, 1.0, "1", "c"]),
    "application": (rt.application_type("decimal", "Decimal"), [Decimal(1)], [1, None]),
    "application alias": (rt.application_type("typing", "Any"), [1, None], []),
    "typed dictionary": (rt.application_type("pystator_runtime", "EngineContext"), [{}, 1], []),
}


@pytest.mark.parametrize(("field_type", "good", "bad"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_type_accepts_its_values_and_no_others(field_type: Any, good: list[Any], bad: list[Any]) -> None:
    """docs/yaml.md#types"""
    for value in good:
        assert field_type.accepts(value), value
    for value in bad:
        assert not field_type.accepts(value), value


STORED: dict[str, tuple[Any, Any, Any]] = {
    "datetime": (rt.DATETIME, MOMENT, "2024-02-29T01:02:03.000004+00:00"),
    "date": (rt.DATE, DAY, "2024-02-29"),
    "decimal": (rt.DECIMAL, Decimal("1.10"), "1.10"),
    "uuid": (rt.UUID, REF, str(REF)),
    "string": (rt.STRING, "2024-02-29", "2024-02-29"),
    "list": (rt.list_of(rt.optional(rt.DATE)), [DAY, None], ["2024-02-29", None]),
    "nested": (rt.list_of(rt.list_of(rt.DECIMAL)), [[Decimal(1)], []], [["1"], []]),
    "optional null": (rt.optional(rt.UUID), None, None),
    "optional": (rt.optional(rt.UUID), REF, str(REF)),
    "dict of text": (rt.dict_of(rt.STRING, rt.DATE), {"1": DAY}, {"1": "2024-02-29"}),
    "dict of integers": (rt.dict_of(rt.INTEGER, rt.STRING), {1: "x", -2: "y"}, {"1": "x", "-2": "y"}),
    "dict of numbers": (rt.dict_of(rt.NUMBER, rt.STRING), {1.5: "x", 2: "y"}, {"1.5": "x", "2": "y"}),
    "dict of booleans": (rt.dict_of(rt.BOOLEAN, rt.INTEGER), {True: 1}, {"true": 1}),
    "dict of uuids": (rt.dict_of(rt.UUID, rt.ANY), {REF: [1]}, {str(REF): [1]}),
    "dict of dates": (rt.dict_of(rt.DATE, rt.DECIMAL), {DAY: Decimal(2)}, {"2024-02-29": "2"}),
    "dict of choices": (rt.dict_of(rt.one_of(1, "b"), rt.INTEGER), {1: 1, "b": 2}, {"1": 1, "b": 2}),
    "empty dict": (rt.dict_of(rt.UUID, rt.ANY), {}, {}),
}


@pytest.mark.parametrize(("field_type", "value", "stored"), STORED.values(), ids=STORED)
def test_a_value_is_stored_by_its_declaration_and_comes_back_as_what_it_was(
    field_type: Any, value: Any, stored: Any
) -> None:
    """S13.4"""
    encoded = field_type.encode(value)
    assert encoded == stored
    back = field_type.decode(json.loads(json.dumps(encoded)))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("field_type", "stored"),
    [
        (rt.DATETIME, "soon"),
        (rt.DATE, "2024-13-01"),
        (rt.DECIMAL, "x"),
        (rt.UUID, "x"),
        (rt.UUID, 5),
        (rt.list_of(rt.DATE), ["x"]),
        (rt.dict_of(rt.INTEGER, rt.STRING), {"x": "y"}),
    ],
    ids=str,
)
def test_text_that_is_no_value_of_the_type_is_an_error(field_type: Any, stored: Any) -> None:
    """S13.4"""
    with pytest.raises(ValueError):  # noqa: PT011 - each type has words of its own
        field_type.decode(stored)


@pytest.mark.parametrize("field_type", [rt.DATETIME, rt.DECIMAL, rt.list_of(rt.DATE), rt.dict_of(rt.DATE, rt.ANY)])
@pytest.mark.parametrize("value", [None, True, 5.5, {"x": 1}])
def test_a_value_of_another_type_is_passed_as_it_is(field_type: Any, value: Any) -> None:
    """S13.4: JSON decides about it"""
    assert field_type.encode(value) is value


def test_a_type_is_shown_as_it_is_written() -> None:
    """docs/yaml.md#types"""
    assert repr(rt.dict_of(rt.STRING, rt.list_of(rt.optional(rt.DATE)))) == "dict[string, list[date?]]"
