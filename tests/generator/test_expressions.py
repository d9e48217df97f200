"""Expressions: what is accepted, what it answers, what is refused (``S5.7``)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import simpleeval
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pystator_gen.expressions import Compiled, Problem, compile_expression, vocabulary
from pystator_runtime import expressions as runtime

FUNCTIONS: dict[str, Any] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "sum": sum,
    "round": round,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "any": any,
    "all": all,
}
REFUSED_AT_RUN_TIME = (
    "% on text is refused",
    "an expression can't call",
    "is a method and no value",
    "the result would",
    "the result of ** is too large",
    "sum() starts from a number",
)
LONG = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


# The whole subset as a grammar: `<kind>` stands for any sentence of that kind, `;` for `or`. Most sentences make
# sense, so that most have an answer; `<any>` mixes in those that don't.

GRAMMAR = {
    "number": """
        n;m;n;m;7;2.5;-3;0x1F;1_000;order.qty;order["qty"];xs[0];pair[1];max
        <number> + <number>;<number> - <number>;(<number>) * (<number>);<number> / (<number>)
        (<number>) // 2;(<number>) % 7;7 % <number>;n & m;n | m;n ^ 5;~n;n << 2;m >> 1;1 << n
        (<number>) ** 2;2 ** n;-(<number>);+(<number>);abs(<number>);len(<text>);len(<list>)
        min(<number>, <number>);max(<number>, 3, <number>);max(<list>, default=<number>);min(xs)
        sum(xs);sum([<number>, <number>]);sum(xs, <number>);sum(xs, start=1);round(<number>)
        round(<number>, 1);round(<number>, ndigits=n);int(<number>);int("12");int("ff", 16)
        int("z", base=<number>);float(<number>);int();(<number>).real;xs.index(<number>)
        (<text>).count("a");(<text>).find(<text>);<number> if <truth> else <number>
        (<number> or <number>);{"a": n, "b": 2}[s];order.get("qty", <number>);1e999;bool(n) + 1
        """,
    "text": """
        s;t;s;t;"";"buy";'it "is"';'a' "b";order.side;"größe";größe;names[0];str(<number>);str(<any>)
        <text> + <text>;(<text>) * 3;2 * (<text>);(<text>) * n;(<text>)[0];(<text>)[n:];s[::-1]
        (<text>)[<number>:<number>];f"{s} of {n:.2f}, {xs}";f"{n:>5}{m:,} {flag}";f'''{<number>}'''
        (<text>).upper();(<text>).strip("ab");(<text>).replace("a", <text>);s.removeprefix("b")
        (<text>).center(9, "-");(<text>).zfill(5);(<text>).expandtabs(4);(<text>).join(names)
        ", ".join([<text>, <text>]);(<text>).split(sep="a", maxsplit=1)[0];<text> if flag else t
        (<text> or <text>);t.title();t.ljust(n);t.casefold();"".join(<list>)
        """,
    "list": """
        xs;names;pair;[];();[<any>, <any>];[<number>];(<any>,);(<number>, <text>);[[], {}, <list>]
        xs + [<number>];names * 2;n * [<text>];(<list>)[1:];(<list>)[::n];(<text>).split()
        s.partition("u");(<list>).copy();order.keys();order.items();{<number>, <text>};{1} | {n}
        <list> or <list>
        """,
    "mapping": """
        order;deep.order;deep["order"];{};{"qty": <number>, s: <any>};order.copy();{<number>: []}
        {"a": 1} | order;order or <mapping>
        """,
    "truth": """
        flag;True;False;n > 3;<number> > <number>;<number> == <number>;<text> == <text>
        <number> <= <number> < <number>;<text> < <text>;<any> == <any>;<any> != <any>
        <number> != <number>;<text> in <text>;<any> in <list>;<any> not in <list>;s in <mapping>
        <any> is None;<any> is not None;flag is True;n is 1;s is not t;nothing is None is not flag
        not <truth>;not (<any>);<truth> and <truth>;(<truth>) or (<truth>);<truth> or <any>
        <any> and <truth>;any([<truth>, <truth>]);all(<list>);bool(<any>);s.startswith("b")
        (<text>).endswith(<text>);(<text>).isdigit();<truth> if <any> else <truth>;n == 1 and n == 2
        n is None and n > 2;n != 1 or n["a"];s in ("a", "buy") and s > <any>;(flag is None) == flag
        (n is not None and 5) or n > <any>;deep["order"] == 1 and deep["order"]["qty"] == <any>
        """,
    "any": """
        <number>;<text>;<list>;<mapping>;<truth>;<number>;<text>;<list>;<mapping>;<truth>;a;b;None;
        <number>;<text>;<list>;<mapping>;<truth>;<number>;<text>;<list>;<mapping>;<truth>;nothing;missing;deep.order.qty;a.qty;a[b]
        <any> + <any>;(<any>) * (<any>);<any> - <any>;(<any>) % <any>;<any> | <any>;-(<any>);~(<any>)
        (<any>) ** 2;(<any>) << n;<any> < <any>;(<any>)[<any>];(<any>)["a":<any>];len(<any>)
        min(<any>, <any>);max(<any>);min(<any>, default=<any>);sum(<any>);sum(<any>, <any>)
        abs(<any>);round(<any>);round(<any>, <any>);int(<any>);int(<any>, <any>);float(<any>)
        {<any>: <any>};{<any>, <any>};[<any>, <any> or []];(<any>).upper();(<any>).get(<any>, <any>)
        (<any>).<method>(<any>);(<any>).<method>();f"{a}{b:>9}";<any> and <any> or <any>
        <any> if <any> else <any>;(<any>).qty;any(<any>);<any> is <any>;nothing and <any>
        """,
    "narrowing": """
        a == <literal>;a != <literal>;<literal> == a;a is None;a is not None;a == None;a is True;5
        a in (1, "x");a not in ["x"];a["k"] == <literal>;a["k"] is None;a == b;a is b;a;b;a["k"][0]
        a > 5;a < "x";a["k"] > 5;a - 1;a + b;len(a) == 1;a["k"]["k"];-a;"x" in a;a[b];[a, b];None
        <narrowing> and <narrowing>;<narrowing> or <narrowing>;not (<narrowing>);a.k == 1;a.k
        (<narrowing>) and (<narrowing>);(<narrowing>) or (<narrowing>);a == 1 == b;a is None is b
        (<narrowing> if <narrowing> else <narrowing>);(<narrowing>) == <literal>;a < b == a
        (<narrowing>) + 1;(<narrowing>) > 2;(<narrowing>) is None;(<narrowing>) in [1];bool(a)
        f"{a}" == <literal>;{a: b};(<narrowing>, <narrowing>) and <narrowing>
        [<narrowing>, <narrowing>] or a;(<narrowing>) + (<narrowing>);a == <literal> and <narrowing>
        a["k"] == <literal> and <narrowing>;a != <literal> or <narrowing>;a is None and <narrowing>
        """,
    "literal": "1;2;'x';'y';None;True;2.5;[];();{};[1];-1",
    "method": ";".join(sorted(vocabulary.METHODS)),
}
SENTENCES = {
    kind: [sentence for line in text.split("\n") for sentence in map(str.strip, line.split(";"))]
    for kind, text in GRAMMAR.items()
}
SENTENCES = {kind: [*filter(None, group)] for kind, group in SENTENCES.items()}
LEAVES = {kind: [s for s in group if "<" not in s] for kind, group in SENTENCES.items()}


@st.composite
def expressions(draw: st.DrawFn, kind: str = "", depth: int = 4) -> str:
    """A sentence of the grammar."""
    kind = kind or draw(st.sampled_from(["truth", "number", "text", "list", "mapping", "any"]))
    choices = SENTENCES[kind] if depth else LEAVES[kind]
    sentence = draw(st.sampled_from(choices))
    return re.sub(r"<(\w+)>", lambda m: draw(expressions(m[1], max(0, depth - 1))), sentence)


NUMBERS = st.one_of(st.integers(-3, 12), st.floats(-9, 9).map(lambda number: round(number, 2)))
TEXTS = st.sampled_from(["", "a", "b", "buy", "sell", "ab ba", "12", "3.5", "ß\tx", "%s", "{}"])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
ORDERS = st.fixed_dictionaries({"qty": NUMBERS, "side": TEXTS}, optional={"a": SCALARS})
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), ORDERS, st.tuples(NUMBERS, TEXTS))
CONTEXTS = st.fixed_dictionaries(
    {
        **dict.fromkeys(["n", "m"], st.integers(-3, 12)),
        **dict.fromkeys(["s", "t", "größe"], TEXTS),
        **dict.fromkeys(["a", "b"], VALUES),
        "xs": st.lists(NUMBERS, min_size=1, max_size=4),
        "names": st.lists(TEXTS, min_size=1, max_size=3),
        "pair": st.tuples(TEXTS, NUMBERS),
        "order": ORDERS,
        "deep": st.fixed_dictionaries({"order": ORDERS}),
        "flag": st.booleans(),
        "nothing": st.none(),
        "max": NUMBERS,
    }
)


def run(text: str, context: Mapping[str, Any]) -> Any:
    """Compile, build the function as a generated module has it, call it."""
    compiled = compile_expression(text)
    assert isinstance(compiled, Compiled), compiled
    return run_compiled(compiled, context)


def run_compiled(compiled: Compiled, context: Mapping[str, Any]) -> Any:
    namespace: dict[str, Any] = {name: getattr(runtime, name) for name in compiled.helpers}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(f"def guard(ctx):\n    return {compiled.source}\n", namespace)
    return namespace["guard"](context)


def by_simpleeval(text: str, context: dict[str, Any]) -> Any:
    evaluator = simpleeval.EvalWithCompoundTypes(names=context)
    evaluator.functions = dict(FUNCTIONS)
    return evaluator.eval(text)


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, set) and isinstance(other, set):  # which may hold a nan, equal to nothing
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


# What accepted expressions answer


@LONG
@given(expressions(), CONTEXTS)
def test_the_answer_is_that_of_simpleeval(text: str, context: dict[str, Any]) -> None:
    """S5.7: same context, same answer, and where one raises so does the other."""
    compiled = compile_expression(text)
    if isinstance(compiled, Problem):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ours = run_compiled(compiled, context)
        except Exception as error:
            if any(reason in str(error) for reason in REFUSED_AT_RUN_TIME):
                return
            with pytest.raises(Exception):  # noqa: B017, PT011 - the types differ, by design
                by_simpleeval(text, context)
        else:
            assert is_same(ours, by_simpleeval(text, context)), compiled.source


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("max > 3", True),  # a name of the context, although it is also a function
        ("max(max, 9)", 9),
        ("order.qty", 5),  # no attribute, so the key
        ("order.side.upper()", "BUY"),
        ("point.x + point.y", 3),  # attributes, with a property among them
        ("point.z", "key"),
        ("1 < qty < 10 and 'a' in names", True),
        ("f'{qty:>4}|{price:.2f}|{order.side}'", "   7|1.50|buy"),
        ("(nothing or 0) + 1", 1),
        ("  \n qty == 7  # that is all\n", True),
        ("(qty\n == 7)", True),
        ("qty is 7", True),
        ("{'buy': 1, 'sell': -1}[order.side]", 1),
        ("größe", 2),
    ],
)
def test_what_expressions_can_say(text: str, answer: object) -> None:
    """S5.7."""
    context = {"max": 4, "order": {"qty": 5, "side": "buy"}, "qty": 7, "price": 1.5, "names": ["a"]}
    assert run(text, {**context, "nothing": None, "größe": 2, "point": Point()}) == answer


class Point:
    """An object of the application."""

    x = 1

    @property
    def y(self) -> int:
        return 2

    def __getitem__(self, key: str) -> str:
        return "key"

    def upper(self) -> str:
        raise AssertionError("the application's methods are not called")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("point.upper()", "can't call"),
        ("order.upper()", "no attribute"),
        ("order.items == 1", "method and no value"),
        ("'a'.join == 1", "method and no value"),
        ("pattern % qty", "% on text"),
        ("(pattern if qty else 1) % 7", "% on text"),
        ("long + long", "too long"),
        ("names * many", "too long"),
        ("many * 'ab'", "too long"),
        ("[[long] * 99] * 99", "hold too much"),
        ("long.replace('x', long)", "too long"),
        ("'ab'.replace('', long)", "too long"),
        ("long.join(names * 9)", "too long"),
        ("'\\t'.expandtabs(many)", "too long"),
        ("''.center(many)", "too long"),
        ("''.ljust(many) + ''.rjust(many)", "too long"),
        ("'1'.zfill(many)", "too long"),
        ("f'{long * 1}{wide}'", "too long"),
        ("qty ** many ** 2", "too large"),
        ("many ** many", "too large"),
        ("qty << many", "too far"),
        ("1 >> many", "too far"),
        ("round(qty, -many * many)", "too many digits"),
        ("round(qty, -999999999 - 1)", "too many digits"),
        ("sum([names], [])", "starts from a number"),
        ("sum([names], names)", "starts from a number"),
        ("missing > 1", "missing"),
        ("sum == 1", "sum"),  # a function is no value either
    ],
)
def test_what_only_the_run_can_tell_raises(text: str, reason: str) -> None:
    """S5.7: bounds, calls of the application's code, formatting by `%`."""
    context = {"point": Point(), "order": {"items": 1, "upper": len}, "pattern": "%s", "names": ["a"]}
    values = {"qty": 7, "many": 1_000_000, "long": "x" * 90_000, "wide": "x" * 100_001}
    with pytest.raises(Exception, match=re.escape(reason)):
        run(text, {**context, **values})


# What is refused

ATTACKS = """
    __import__("os").system("id")
    __import__("os")
    ().__class__.__bases__[0].__subclasses__()
    "".__class__
    x.__class__.__mro__
    x.__dict__
    x.__init__.__globals__
    _secret
    _event
    x._private
    x.func_globals
    x.gi_frame.f_back
    x.tb_frame
    x.cr_frame
    x.ag_frame
    x.mro()
    x.mro
    "{0.__class__}".format(x)
    "{x.__class__}".format_map(ctx)
    x.format
    f"{x!r}"
    f"{x:{width}}"
    f"{x:99999999999}"
    f"{x:.9999999f}"
    f"{x:٩٩٩٩٩}"
    f"{x.__class__}"
    f"{(lambda: 1)()}"
    "%s" % x
    "%099999999d" % x
    f"{a}%s" % x
    eval("1")
    exec("1")
    open("/etc/passwd")
    compile("1", "", "eval")
    getattr(x, "__class__")
    globals()
    vars()
    type(x)
    dir(x)
    print(1)
    input()
    random()
    randint(1)
    rand()
    ctx("a")
    foo(1)
    x.y(1)
    x()
    x[0](1)
    len(x)(1)
    (len)(x)(y)
    lambda: 1
    [a for a in x]
    {a for a in x}
    {a: 1 for a in x}
    any(a for a in x)
    (a := 1)
    a := 1
    a = 1
    a += 1
    a: int
    del a
    import os
    from os import path
    pass
    return 1
    raise x
    if a: b
    while True: pass
    def f(): pass
    class C: pass
    with a: b
    global a
    await x
    yield x
    (yield)
    [*a]
    {**a}
    len(*a)
    len(**a)
    len(x, y)
    len()
    min(x, key=len)
    min(x, default=1, default=2)
    sorted(x)
    map(len, x)
    x.append(1)
    x.clear()
    x.pop()
    x.popitem()
    x.update(y)
    x.setdefault(1, 2)
    x.sort()
    x.encode()
    x.translate(y)
    x.maketrans("a", "b")
    x.fromkeys(y)
    x.to_bytes(9)
    b"bytes"
    1j
    ...
    a; b
    a, b = 1, 2
    x[1:2, 3]
    9 ** 9999999
    9999999 ** 9
    4000000 ** 4000000
    1 << 99999
    "a" * 999999
    999999 * [1]
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
    true
    null
    a && b
    # nothing
"""


@pytest.mark.parametrize("text", [line.strip() for line in ATTACKS.strip().splitlines()])
def test_everything_else_is_refused(text: str) -> None:
    """S5.7."""
    assert isinstance(compile_expression(text), Problem)


NESTED = ["(", "[", "{", "-", "not ", "a.", "a(", "a[", "a+", "a**", "a if b else ", "lambda:", "f'{", "{1:", "~"]


@pytest.mark.parametrize("part", NESTED)
@pytest.mark.parametrize("length", [300, 9_999, 1_000_000])
def test_deep_nesting_is_refused_and_never_fatal(part: str, length: int) -> None:
    """S5.7: whatever the text, compiling answers."""
    text = (part * length)[: length - 1] + "a"
    assert isinstance(compile_expression(text), Problem)


@pytest.mark.parametrize("text", ["", "   ", "\n", "a\0b", "'\ud800'", "\udfff", "\ufeffa", "9" * 5000])
def test_text_that_is_no_text_is_refused(text: str) -> None:
    """S5.7."""
    assert isinstance(compile_expression(text), Problem)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("  qty > foo(1)", "foo(1)", None),
        ("größe > 1 and _x", "_x", None),
        ("\n (a and\n  b.__class__)", "__class__)", None),
        ("\r\n (a and\r\n  'ü' in _b)", "_b)", None),
        ("a and \n b", "\n b", "put an expression of several lines in parentheses"),
        ("a\nb", "b", "put an expression of several lines in parentheses"),
        ("a && b", "& b", "write `and` for `&&`"),
        ("!a", "!a", "write `not` for `!`"),
        ("active == true", "true", "write `True`"),
        ("a = 1", "a = 1", "to compare, write `==`"),
        ("flor(a)", "flor(a)", "did you mean `float`?"),
        ("a.startwith('b')", "startwith('b')", "did you mean `startswith`?"),
        ("sum(a, begin=1)", "begin=1)", None),
        ("round(a, digits=1)", "digits=1)", "did you mean `ndigits`?"),
    ],
)
def test_a_refusal_names_the_place_and_the_remedy(text: str, place: str, hint: str | None) -> None:
    """S5.7: refused with the place in the YAML."""
    problem = compile_expression(text)
    assert isinstance(problem, Problem)
    assert text[problem.offset :] == place
    assert hint is None or problem.hint == hint


# What comes out

READABLE = {
    "fill_qty >= order_qty": 'ctx["fill_qty"] >= ctx["order_qty"]',
    "x is not None and x > 5": 'ctx["x"] is not None and ctx["x"] > 5',
    "x is None or x > 5": 'ctx["x"] is None or ctx["x"] > 5',
    "(a or b) and not c": '(ctx["a"] or ctx["b"]) and not ctx["c"]',
    "a - (b - c) - -d": 'ctx["a"] - (ctx["b"] - ctx["c"]) - -ctx["d"]',
    "len(items) > 0": 'len(ctx["items"]) > 0',
    "qty + 1": 'ctx["qty"] + 1',
    "price * qty": 'multiply(ctx["price"], ctx["qty"])',
    "total + fee": 'add(ctx["total"], ctx["fee"])',
    "order.qty": 'attribute(ctx["order"], "qty")',
    "order['qty'][1:]": 'ctx["order"]["qty"][1:]',
    "name.startswith('a')": 'call_method(ctx["name"], "startswith", "a")',
    "side == 'buy' and a < b or side == 'sell' and a > b": (
        'ctx["side"] == "buy" and ctx["a"] < ctx["b"] or ctx["side"] == "sell" and ctx["a"] > ctx["b"]'
    ),
    "status in ('a', 'b')": 'ctx["status"] in ("a", "b")',
    "f'{a:.2f} of {b}'": 'interpolate(format(ctx["a"], ".2f"), " of ", ctx["b"])',
}


@pytest.mark.parametrize("text", READABLE)
def test_the_source_is_plain_where_it_can_be(text: str) -> None:
    """S5.7."""
    compiled = compile_expression(text)
    assert isinstance(compiled, Compiled)
    assert compiled.source == READABLE[text]


def test_a_compiled_expression_says_what_it_needs() -> None:
    """S5.7."""
    compiled = compile_expression("b + a.c > sum(b, a) and len(d) == 'x'")
    assert isinstance(compiled, Compiled)
    assert compiled.names == ("a", "b", "d")
    assert compiled.helpers == ("add", "attribute", "opaque", "sum_from")
    assert compiled.module == runtime.__name__
    assert compiled.is_boolean
    assert [name for name in compiled.helpers if not hasattr(runtime, name)] == []


def test_generator_and_runtime_agree_on_the_vocabulary() -> None:
    """S5.7: the generator does not import the runtime, so both state the bounds."""
    assert vocabulary.METHODS == runtime.METHODS
    assert vocabulary.METHODS.isdisjoint(vocabulary.MUTATING_METHODS)
    assert vocabulary.FUNCTIONS.keys() == FUNCTIONS.keys()
    for bound in ("MAX_LENGTH", "MAX_POWER", "MAX_SHIFT", "MAX_SHIFT_BASE"):
        assert getattr(vocabulary, bound) == getattr(runtime, bound)
    for theirs in (simpleeval.MAX_POWER, simpleeval.MAX_SHIFT, simpleeval.MAX_SHIFT_BASE):
        assert theirs in {runtime.MAX_POWER, runtime.MAX_SHIFT, runtime.MAX_SHIFT_BASE}
    assert simpleeval.MAX_STRING_LENGTH == runtime.MAX_LENGTH


ALLOWED_NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Subscript, ast.Slice, ast.Call, ast.keyword),
    *(ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp),
    *(ast.List, ast.Tuple, ast.Dict, ast.Set),
    *(ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop),
)


def assert_reads_only_the_context(compiled: Compiled) -> None:
    """Nothing but known functions and the context, and the context for nothing but its keys."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(compiled.source, "<expression>", "eval")
    tree = ast.parse(compiled.source, mode="eval")
    called: set[ast.AST] = set()
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED_NODES), ast.dump(node)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            assert node.func.id in {*compiled.helpers, *FUNCTIONS, "format"}
            called.add(node.func)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            assert node.value.id == "ctx"
            assert isinstance(node.slice, ast.Constant)
            assert node.slice.value in compiled.names
            called.add(node.value)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    assert all(name in called for name in names)


FRAGMENTS = [
    *("a", "_b", "ctx", "len", "(", ")", "[", "]", "{", "}", ".", ",", ":", "=", "==", "is", "not ", " in ", "'"),
    *('"', "f'", "b'", "{a}", "__class__", ".upper", ".append", "lambda ", " for x in ", "*", "**", "\\", "#", ";"),
    *("\n", " ", "1", "1e9", "9999", "@", ":=", "await ", "%", "<<", "if ", " else ", "\0", "\ud800", "\u202e", "ﬁ"),
]


@settings(LONG, max_examples=1200)
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)))
def test_no_text_raises_and_none_escapes(text: str) -> None:
    """S5.7: anything at all is compiled into reading the context, or refused inside the text."""
    outcome = compile_expression(text)
    if isinstance(outcome, Compiled):
        assert_reads_only_the_context(outcome)
    else:
        assert 0 <= outcome.offset <= max(0, len(text) - 1)


@settings(LONG, max_examples=800)
@given(expressions(), st.integers(0, 60), st.integers(0, 4), st.sampled_from(FRAGMENTS))
def test_no_damaged_expression_escapes(text: str, start: int, length: int, instead: str) -> None:
    """S5.7."""
    outcome = compile_expression(text[:start] + instead + text[start + length :])
    if isinstance(outcome, Compiled):
        assert_reads_only_the_context(outcome)


# Types

DEEP = [
    " + ".join("a" * 50),
    "not " * 50 + "a",
    "a if b else " * 50 + "c",
    "[" * 50 + "a" + "]" * 50,
    "abs(" * 50 + "a" + ")" * 50,
    "a" + ".b" * 50,
    "{1: " * 50 + "a" + "}" * 50,
    "-" * 50 + "a",
    "(" * 25 + "a" + "== 1 and a)" * 25,
    "a" + "[0]" * 50,
    "(" * 50 + "'x'" + " + 1)" * 50,
]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One module of functions for hundreds of expressions, as a generated module has them."""
    compiled: dict[str, Compiled] = {}

    def collect(text: str) -> None:
        outcome = compile_expression(text)
        if isinstance(outcome, Compiled):
            compiled[text] = outcome

    anything = st.one_of(expressions(), expressions("any"), expressions("narrowing"), expressions("narrowing"))
    settings(LONG, max_examples=300, database=None)(given(anything)(collect))()
    for text in (*DEEP, *READABLE):
        collect(text)
        assert text in compiled
    helpers = sorted({helper for outcome in compiled.values() for helper in outcome.helpers})
    lines = ["from collections.abc import Mapping", "from typing import Any", ""]
    lines += [f"from {runtime.__name__} import {', '.join(helpers)}", ""]
    for number, outcome in enumerate(compiled.values()):
        kind = "object" if number % 2 else "Any"
        lines += [f"def guard_{number}(ctx: Mapping[str, Any]) -> {kind}:", f"    return {outcome.source}", ""]
    path = tmp_path_factory.mktemp("typed") / "generated.py"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run_tool(*arguments: str, cwd: Path) -> None:
    finished = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


RUNTIME = Path(runtime.__file__).parents[1]


def test_mypy_accepts_every_expression(module: Path) -> None:
    """S5.7: whatever the expression says, it is no type error."""
    (module.parent / "mypy.ini").write_text(f"[mypy]\nmypy_path = {RUNTIME}\nfollow_imports = silent\n")
    run_tool("mypy", "--strict", "--config-file", "mypy.ini", module.name, cwd=module.parent)


def test_pyright_accepts_every_expression(module: Path) -> None:
    """S5.7: whatever the expression says, it is no type error."""
    settings_file = module.parent / "pyrightconfig.json"
    settings_file.write_text(f'{{"typeCheckingMode": "strict", "extraPaths": ["{RUNTIME}"]}}', encoding="utf-8")
    run_tool("pyright", "--project", settings_file.name, "--pythonpath", sys.executable, cwd=module.parent)


def test_formatting_changes_no_expression(module: Path) -> None:
    """S5.7: ruff, which formats every generated module, reads each expression as Python does."""
    before = ast.dump(ast.parse(module.read_text(encoding="utf-8")))
    formatted = module.with_name("formatted.txt")
    formatted.write_bytes(module.read_bytes())
    run_tool("ruff", "format", "--isolated", "--extension", "txt:python", formatted.name, cwd=module.parent)
    assert ast.dump(ast.parse(formatted.read_text(encoding="utf-8"))) == before
