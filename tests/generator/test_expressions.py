"""Expressions: what is accepted, what it answers, what is refused (``S5.7``)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
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
