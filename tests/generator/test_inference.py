"""What is inferred of expressions, held against what Python makes of them (``S5.7``).

Machines with wrong expressions, each with its message, are in `tests/catalogue`.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import uuid
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pystator_gen.expressions import Compiled, compile_expression
from pystator_gen.expressions.inference import Fault, Inference, infer
from pystator_gen.expressions.kinds import Possible, of_type, of_value, shown
from pystator_gen.parse.types import Enumeration, Type, parse_type
from pystator_runtime import expressions as runtime

# -- variables, and contexts of their types ------------------------------------------------------------------------

TYPES = {
    "a": "integer",
    "b": "integer",
    "f": "number",
    "d": "decimal",
    "s": "string",
    "t": "string",
    "flag": "boolean",
    "perhaps": "integer?",
    "tags": "list[string]",
    "counts": "list[integer]",
    "prices": "dict[string, number]",
    "thing": "object",
    "at": "datetime",
    "until": "datetime",
    "day": "date",
    "id": "uuid",
    "free": "any",
}
SIDES = ("buy", "sell")


def declared(text: str) -> Type:
    found = parse_type(text)
    assert found is not None
    return found


VARIABLES: dict[str, Possible] = {
    **{key: of_type(declared(text)) for key, text in TYPES.items()},
    "side": of_type(Enumeration(SIDES)),
}

integers = st.integers(-3, 5)
floats = st.sampled_from([-2.5, 0.0, 1.5, 3.0])
texts = st.sampled_from(["", "a", "buy", "24", "x y"])
moments = st.datetimes(datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 4), timezones=st.just(datetime.UTC))
contexts = st.fixed_dictionaries(
    {
        "a": integers,
        "b": integers,
        "f": integers | floats,
        "d": st.sampled_from([decimal.Decimal("-1.5"), decimal.Decimal(0), decimal.Decimal("2.5")]),
        "s": texts,
        "t": texts,
        "flag": st.booleans(),
        "perhaps": st.none() | integers,
        "tags": st.lists(texts, max_size=2),
        "counts": st.lists(integers, max_size=2),
        "prices": st.dictionaries(texts, integers | floats, max_size=2),
        "thing": st.dictionaries(texts, integers | texts, max_size=2),
        "at": moments,
        "until": moments,
        "day": st.dates(datetime.date(2024, 1, 1), datetime.date(2024, 1, 4)),
        "id": st.just(uuid.UUID(int=7)),
        "free": st.none() | integers | texts | st.lists(integers, max_size=1),
        "side": st.sampled_from(SIDES),
    }
)


def value_of(text: str, context: Mapping[str, Any]) -> Any:
    """What the generated module would make of it."""
    compiled = compile_expression(text)
    assert isinstance(compiled, Compiled), compiled
    helpers = {name: getattr(runtime, name) for name in compiled.helpers}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(compiled.source, {**helpers, "ctx": context})


def admits(possible: Possible, value: Any) -> bool:
    """Whether the inferred shape has room for a value."""
    if possible is None:
        return True
    found = of_value(value)
    (kind,) = {shape.kind for shape in found} if found else {None}
    for shape in possible:
        if shape.kind != kind or (shape.exactly and shape.exactly.value != value):
            continue
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if all(admits(shape.items, item) for item in held):
            return True
    return False


# -- expressions that are right --------------------------------------------------------------------------------------


def joined(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: template.format(*found))


def _has_no_quotes(text: str) -> bool:
    """So that it can stand in an f-string, also before Python 3.12."""
    return "'" not in text


def right(kind: str, depth: int) -> st.SearchStrategy[str]:
    """Expressions that give a value of this kind and raise no `TypeError`."""
    leaves = {
        "integer": ["a", "b", "0", "7", "-2", "len(s)", "len(tags)", "s.count(t)"],
        "number": ["f", "a", "1.5", "float(a)"],
        "decimal": ["d", "-d", "abs(d)"],
        "string": ["s", "t", "side", "'x'", "s.upper()", "str(d)", "', '.join(tags)", "s[1:]", "f'{a} {d:>4}'"],
        "boolean": ["flag", "True", "side == 'buy'", "'a' in tags", "perhaps is None", "a in counts", "bool(s)"],
        "datetime": ["at", "until"],
    }
    plain = st.sampled_from(leaves[kind])
    if depth == 0:
        return plain

    def below(other: str) -> st.SearchStrategy[str]:
        return right(other, depth - 1)

    same = below(kind)
    ways = [plain, joined("({} if {} else {})", same, below("boolean"), same)]
    symbols = {"integer": "+ - * % // & | ^", "number": "+ - * / %", "decimal": "+ - *", "string": "+"}
    for symbol in symbols.get(kind, "").split():
        ways.append(joined(f"({{}} {symbol} {{}})", same, same))
    if kind == "decimal":
        ways.append(joined("({} * {})", same, below("integer")))
    if kind in ("integer", "number", "decimal"):
        ways.append(joined("max({}, {})", same, same))
    if kind == "string":
        ways += [
            joined("{}.replace({}, {})", plain, same, same),
            joined("f'{{{}}}'", below("integer").filter(_has_no_quotes)),
        ]
    if kind == "boolean":
        ways += [joined("(not {})", same), joined("({} and {})", same, same), joined("({} or {})", same, same)]
        for sort in ("integer", "number", "string", "datetime", "decimal"):
            for symbol in ("<", ">=", "=="):
                ways.append(joined(f"({{}} {symbol} {{}})", below(sort), below(sort)))
        ways += [
            joined("({} < {} < {})", below("integer"), below("number"), below("decimal")),
            joined("({} in {})", below("string"), below("string")),
            joined("{}.startswith({})", below("string").map(lambda text: f"({text})"), below("string")),
        ]
    return st.one_of(ways)


KINDS = ("integer", "number", "decimal", "string", "boolean", "datetime")


@given(st.sampled_from(KINDS).flatmap(lambda kind: right(kind, 2)), contexts)
@settings(deadline=None)
def test_what_is_right_is_not_refused_and_raises_no_type_error(text: str, context: dict[str, Any]) -> None:
    never = {misfit.fault for misfit, _ in infer(text, VARIABLES).misfits} - {Fault.ONE_ANSWER}
    assert not never
    try:
        value = value_of(text, context)
    except (ArithmeticError, ValueError):
        return
    assert admits(infer(text, VARIABLES).possible, value), value


# -- expressions of every kind ---------------------------------------------------------------------------------------

LEAVES = st.sampled_from(
    [
        *VARIABLES,
        "1",
        "0",
        "-2",
        "2.5",
        "'a'",
        "'24'",
        "''",
        "None",
        "True",
        "[]",
        "[1]",
        "['a', 1]",
        "{'a': 1}",
        "(1, 's')",
    ]
)
OPERATORS = tuple("+ - * / // % ** << >> & | ^ < <= > >= == != in is and or".split(" "))  # noqa: SIM905
CALLS = (
    *("len({})", "abs({})", "round({})", "round({}, {})", "sum({})", "str({})", "int({})", "float({})", "bool({})"),
    *("any({})", "all({})", "min({}, {})", "max({}, {})", "max({})", "int({}, base={})", "sum({}, start={})"),
    *("({}).upper()", "({}).startswith({})", "({}).get({})", "({}).get({}, {})", "({}).count({})", "({}).index({})"),
    *("({}).split()", "({}).join({})", "({}).keys()", "({}).copy()", "({}).find({})", "({}).replace({}, {})"),
    *("({})[{}]", "({})[{}:]", "({})[{}:{}]", "({}).year", "({}).real", "({}).upper", "({}).items", "({}).a"),
    *("(not {})", "(-{})", "(~{})", "(+{})", "({} if {} else {})", "f'{{({})}}'", "f'{{({}):>5}}'", "({} not in {})"),
    *("[{}, {}]", "({}, {})", "{{'a': {}}}", "({} in [{}, {}])"),
)


def combined(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = [joined(f"({{}} {symbol} {{}})", below, below) for symbol in OPERATORS]
    return st.one_of(*binary, *(joined(call, *[below] * call.replace("{{", "").count("{")) for call in CALLS))


anything = st.recursive(LEAVES, combined, max_leaves=5)


def outcome(text: str, context: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether it gives a value, and which."""
    try:
        return True, value_of(text, context)
    except Exception:
        return False, None


@given(anything, st.lists(contexts, min_size=3, max_size=3))
@example("date - at", [])
@example("(f'{(day):>5}')", [])
@settings(deadline=None)
def test_what_gives_a_value_has_the_shape_that_was_inferred(text: str, found: list[dict[str, Any]]) -> None:
    assume(isinstance(compile_expression(text), Compiled))
    possible = infer(text, VARIABLES).possible
    for context in found:
        gives, value = outcome(text, context)
        assert not gives or admits(possible, value), f"{value!r} is not {shown(possible)}"


@given(anything, st.lists(contexts, min_size=4, max_size=4))
@settings(deadline=None)
def test_what_is_refused_raises_or_has_one_answer_whatever_the_values(text: str, found: list[dict[str, Any]]) -> None:
    assume(isinstance(compile_expression(text), Compiled))
    inference, tree = Inference(VARIABLES), ast.parse(text, mode="eval").body
    inference.of(tree)
    formatted = {part.value: part for part in ast.walk(tree) if isinstance(part, ast.FormattedValue)}
    for misfit in inference.misfits:
        told = formatted.get(misfit.node)  # what does not fit a format is told of at the value
        part = ast.unparse(misfit.node if told is None else ast.JoinedStr([told]))
        outcomes = [outcome(part, context) for context in found]
        if misfit.fault is Fault.BAD_OPERANDS:
            assert not any(gives for gives, _ in outcomes), (part, misfit.message)
        elif isinstance(misfit.node, ast.Compare):
            answers = {value for gives, value in outcomes if gives}
            assert len(answers) <= 1, (part, misfit.message)


# -- one by one ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a + b", "integer"),
        ("a / b", "number"),
        ("a + f", "number"),
        ("d * a", "decimal"),
        ("s * a", "string"),
        ("at - until", "duration"),
        ("at + (until - at)", "datetime"),
        ("s[0]", "string"),
        ("tags[0]", "string"),
        ("counts[0] + f", "number"),
        ("prices['x']", "number"),
        ("tags + ['x']", "list"),
        ("a if flag else s", "integer or string"),
        ("perhaps", "integer or null"),
        ("perhaps or 0", "integer or null"),
        ("round(d)", "integer"),
        ("int(s)", "integer"),
        ("s.split()", "list"),
        ("f'{a}'", "string"),
        ("not s", "boolean"),
    ],
)
def test_what_an_expression_gives_is_known(text: str, kind: str) -> None:
    inferred = infer(text, VARIABLES)
    assert inferred.misfits == ()
    if kind == "number":
        assert inferred.possible is not None
        assert {shape.kind for shape in inferred.possible} <= {"integer", "float"}
    else:
        assert shown(inferred.possible) == kind


@pytest.mark.parametrize(
    "text",
    [
        *("free > 3", "free.x.y", "free == 'a'", "free[0]", "len(free)"),  # nothing is known
        *("perhaps > 3", "perhaps + 1", "perhaps is None or perhaps > 3"),  # it may be null, or not
        *("s == None", "side != None", "side in [None, 'buy']", "a is None"),
        *("d == 1.5", "d > 1.5", "flag == 1", "a == 1.0", "f == d"),  # these compare
        *("d * f", "counts == tags", "at == until", "thing.x > 3", "prices.get('a') > 3"),
        *("side == s", "s in side", "'u' in side", "side + 'x' == 'buyx'"),
        *("tags == []", "s in ('a', 'b')", "a in [1, 2.0]", "at.year > 2020", "s.value == 'x'"),
    ],
)
def test_what_may_be_right_is_left_alone(text: str) -> None:
    assert infer(text, VARIABLES).misfits == ()
