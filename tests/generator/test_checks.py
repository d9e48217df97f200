"""Declarative checks, and the literals that carry user text into generated code (``S5.8``, ``S8.9``)."""

from __future__ import annotations

import ast
import datetime
import math
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pystator_gen.expressions import Compiled, Problem, compile_check
from pystator_gen.expressions.checks import OPERATORS, ORDERING, TEXT
from pystator_gen.literals import MAX_LITERAL_DEPTH, docstring_literal, python_literal
from pystator_gen.parse.guards import CheckOperator
from pystator_runtime import checks as runtime


def holds(op: str, context: Mapping[str, Any], value: object = None, values: Sequence[object] = ()) -> object:
    """Compile a check of the field `f` and ask it, as a generated module does."""
    compiled = compile_check("f", op, value, values)
    assert isinstance(compiled, Compiled), compiled
    assert compiled.names == ("f",)
    assert compiled.is_boolean
    namespace: dict[str, Any] = {name: getattr(runtime, name) for name in compiled.helpers}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return eval(compiled.source, {**namespace, "ctx": context})


# What checks answer


@pytest.mark.parametrize(
    ("op", "value", "field", "answer"),
    [
        ("eq", 5, 5, True),
        ("eq", 5, 5.0, True),
        ("eq", "5", 5, False),
        ("eq", None, None, True),
        ("eq", [1, {"a": 2}], [1, {"a": 2}], True),
        ("neq", 5, 6, True),
        ("neq", 5, None, True),
        ("neq", None, 5, True),
        ("gt", 5, 6, True),
        ("gt", 5, 5, False),
        ("gte", 5, 5, True),
        ("lt", 5, 4, True),
        ("lt", 5, True, True),  # as Python compares them
        ("lte", 5, 5, True),
        ("lte", "b", "a", True),
        ("contains", "b", "abc", True),
        ("contains", "b", ["b"], True),
        ("contains", 5, [5], True),
        ("contains", "d", ["abcd"], False),
        ("starts_with", "a", "abc", True),
        ("ends_with", "c", "abc", True),
        ("matches", "b+", "abbc", True),  # anywhere in it
        ("matches", "^b", "abbc", False),
    ],
)
def test_operators_compare_the_field(op: str, value: object, field: object, answer: bool) -> None:
    """S5.8."""
    assert holds(op, {"f": field}, value) is answer


@pytest.mark.parametrize("op", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("field", [None, "7", [7], {"a": 7}, object(), 7j, math.nan])
def test_what_does_not_compare_is_plainly_false(op: str, field: object) -> None:
    """S5.8: ordering null, or types that don't compare."""
    assert holds(op, {"f": field}, 5) is False
    assert holds(op, {}, 5) is False


def test_moments_with_and_without_a_zone_do_not_compare() -> None:
    """S5.8."""
    with_zone, without = datetime.datetime.now(datetime.UTC), datetime.datetime(2020, 1, 1)
    assert runtime.is_greater(with_zone, without) is False
    assert runtime.is_greater(with_zone, with_zone - datetime.timedelta(1)) is True


@pytest.mark.parametrize("op", ["contains", "starts_with", "ends_with", "matches"])
@pytest.mark.parametrize("field", [None, 5, 5.5, True, {"a": 1}, {"a"}, b"a", object()])
def test_text_operators_are_false_for_anything_but_text(op: str, field: object) -> None:
    """S5.8."""
    assert holds(op, {"f": field}, "a") is False
    assert holds(op, {}, "a") is False


def test_a_number_is_not_part_of_a_text() -> None:
    """S5.8."""
    assert holds("contains", {"f": "a5"}, 5) is False


def test_a_missing_field_is_null() -> None:
    """S5.8."""
    assert holds("is_null", {}) is True
    assert holds("is_set", {}) is False
    assert holds("eq", {}, None) is True
    assert holds("in", {}, None, [None, 1]) is True
    assert holds("not_in", {}, None, ["a"]) is True


@pytest.mark.parametrize("field", ["", 0, False, [], {}])
def test_is_set_asks_for_null_and_not_for_truth(field: object) -> None:
    """S5.8."""
    assert holds("is_set", {"f": field}) is True
    assert holds("is_null", {"f": field}) is False


@pytest.mark.parametrize("values", [[1, "a", None], [[1], {"a": 1}], [], ["a"]])
def test_membership_asks_for_equality(values: list[object]) -> None:
    """S5.8."""
    for field in (1, "a", None, [1], {"a": 1}, [2]):
        assert holds("in", {"f": field}, None, values) is (field in values)
        assert holds("not_in", {"f": field}, None, values) is (field not in values)


# What is refused


def test_a_value_that_has_no_literal_is_refused() -> None:
    """S5.8."""
    problem = compile_check("f", "eq", {1, 2}, ())
    assert isinstance(problem, Problem)
    assert "can't be written out" in problem.message


def test_what_can_be_read_can_be_compiled() -> None:
    """S5.8."""
    assert set(get_args(CheckOperator)) == OPERATORS


def test_deeply_nested_values_are_refused() -> None:
    """S5.8."""
    value: list[object] = []
    value.append(value)
    assert isinstance(compile_check("f", "eq", value, ()), Problem)


# What comes out


def test_generated_checks_are_plain_where_they_can_be() -> None:
    """S5.8."""
    sources = {
        ("eq", "open"): 'ctx.get("f") == "open"',
        ("neq", None): 'ctx.get("f") is not None',
        ("is_null", None): 'ctx.get("f") is None',
        ("gt", 5): 'is_greater(ctx.get("f"), 5)',
        ("matches", r"\d+"): r'matches(ctx.get("f"), "\\d+")',
    }
    for (op, value), source in sources.items():
        compiled = compile_check("f", op, value, ())
        assert isinstance(compiled, Compiled)
        assert compiled.source == source
        assert compiled.module == runtime.__name__


def test_a_field_name_is_only_text() -> None:
    """S5.8."""
    compiled = compile_check('x"] or __import__("os") or ctx["', "is_set", None, ())
    assert isinstance(compiled, Compiled)
    assert isinstance(ast.parse(compiled.source, mode="eval").body, ast.Compare)


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_accept_every_check(tmp_path: Path, checker: str) -> None:
    """S5.8: whatever the values, a check is no type error."""
    values: list[object] = [None, True, 5, 2.5, "a", [], {}, [1, [], {}], {"a": []}, float("inf")]
    fitting = {op: [v for v in values if isinstance(v, str) or op not in TEXT] for op in OPERATORS}
    fitting |= {op: [v for v in fitting[op] if v is not None] for op in (*ORDERING, "contains")}
    compiled = [compile_check("f", op, value, ()) for op, some in fitting.items() for value in some]
    compiled += [compile_check("f", op, None, some) for op in ("in", "not_in") for some in ([], ["a"], values)]
    checks = [outcome for outcome in compiled if isinstance(outcome, Compiled)]
    helpers = sorted({helper for check in checks for helper in check.helpers})
    lines = ["from collections.abc import Mapping", "from typing import Any", ""]
    lines += [f"from {runtime.__name__} import {', '.join(helpers)}", ""]
    for number, check in enumerate(checks):
        lines += [f"def check_{number}(ctx: Mapping[str, Any]) -> object:", f"    return {check.source}", ""]
    (tmp_path / "generated.py").write_text("\n".join(lines), encoding="utf-8")
    root = Path(runtime.__file__).parents[1]
    (tmp_path / "mypy.ini").write_text(f"[mypy]\nmypy_path = {root}\nfollow_imports = silent\n", encoding="utf-8")
    project = f'{{"typeCheckingMode": "strict", "extraPaths": ["{root}"]}}'
    (tmp_path / "pyrightconfig.json").write_text(project, encoding="utf-8")
    arguments = {
        "mypy": ["--strict", "--config-file", "mypy.ini", "generated.py"],
        "pyright": ["--project", "pyrightconfig.json", "--pythonpath", sys.executable],
    }
    command = [sys.executable, "-m", checker, *arguments[checker]]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_runtime_imports_re_only_for_a_pattern() -> None:
    """S5.8: a machine without `matches` doesn't pay for regular expressions."""
    script = (
        "import sys; known = set(sys.modules); "
        "sys.path.insert(0, sys.argv[1]); import importlib.util; "
        "spec = importlib.util.spec_from_file_location('checks', sys.argv[2]); "
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module); "
        "assert 're' not in set(sys.modules) - known; assert 'typing' not in set(sys.modules) - known; "
        "assert module.matches('abc', 'b') and 're' in sys.modules"
    )
    path = Path(runtime.__file__)
    subprocess.run([sys.executable, "-I", "-S", "-c", script, str(path.parents[1]), str(path)], check=True)


# Literals

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.one_of(st.text(), st.integers()), inner)
    ),
    max_leaves=12,
)
WILD_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
TRICKY = ["\\", '"', "'", "\n", "\r", "\t", "\0", "\x7f", "\u202e", "\u2066", "\u2028", "\ud800", "\ufeff", "\xa0", "a"]


def evaluated(source: str) -> object:
    return eval(source, {"float": float, "__builtins__": {}})


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_literal_means_the_value(value: object) -> None:
    """S8.9: what was written in the YAML, with its types."""
    assert repr(evaluated(python_literal(value))) == repr(value)


@settings(max_examples=500, deadline=None)
@given(st.one_of(WILD_TEXT, st.lists(st.sampled_from(TRICKY), max_size=12).map("".join)))
def test_any_text_becomes_one_harmless_line(text: str) -> None:
    """S8.9."""
    literal = python_literal(text)
    assert ast.literal_eval(literal) == text
    assert literal.isprintable()


@settings(max_examples=500, deadline=None)
@given(st.one_of(WILD_TEXT, st.lists(st.sampled_from(TRICKY), max_size=12).map("".join)))
@example('"')
@example('""""')
@example('ends in \\"')
@example("\\")
def test_any_text_becomes_a_docstring(text: str) -> None:
    """S8.9."""
    literal = docstring_literal(text)
    assert ast.literal_eval(literal) == text
    assert literal.replace("\n", "").isprintable()
    assert literal.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("it's", '"it\'s"'),
        ('say "hi"', "'say \"hi\"'"),
        ("größe ☃", '"größe ☃"'),
        ("a\u202eb\x00\ud800\U000e0001", r'"a\u202eb\x00\ud800\U000e0001"'),
        (math.inf, 'float("inf")'),
        (-math.inf, 'float("-inf")'),
        (math.nan, 'float("nan")'),
        (1e16, "1e+16"),
        (-5, "-5"),
        ((1,), "(1,)"),
        ((), "()"),
        ({"a": [1, None, True]}, '{"a": [1, None, True]}'),
    ],
)
def test_literals_are_written_as_the_formatter_would(value: object, source: str) -> None:
    """S8.9."""
    assert python_literal(value) == source


def test_a_huge_integer_is_written_out() -> None:
    """S8.9."""
    number = 7**20_000
    assert ast.literal_eval(python_literal(number)) == number
    assert ast.literal_eval(python_literal(-number)) == -number


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    """S8.9: what Python's own parser could not read back is not written."""
    value: object = 1
    for _ in range(MAX_LITERAL_DEPTH):
        value = [value]
    assert evaluated(python_literal(value)) == value
    for _ in range(100_000):
        value = {"a": value}
    with pytest.raises(ValueError, match="levels deep"):
        python_literal(value)
    while isinstance(value, dict):  # or Python would take it apart recursively
        value = value["a"]


def test_other_types_have_no_literal() -> None:
    """S8.9."""
    with pytest.raises(TypeError, match="date"):
        python_literal(datetime.date(2020, 1, 1))
