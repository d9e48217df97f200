"""Names that mean something to Python, to type checkers or to us, wherever a machine may use them; and machines, file
names and terminals of a size or kind that nobody expects.

`PYSTATOR_SOAK=1` lets the big ones run at full size.
"""

from __future__ import annotations

import builtins
import importlib
import io
import json
import keyword
import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from golden.checkers import Complaint, _of_mypy, _of_pyright, _run
from pystator_gen import cli, codes, naming
from pystator_gen.naming import SESSION_MEMBERS
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source

SOAK = bool(os.environ.get("PYSTATOR_SOAK"))
PACKAGE = "hostile_names_generated"

_OURS = """
    rt self ctx cls payload trigger triggers chart session_class state states guards actions result context machine
    mapping awaitable strenum overload protocol typeddict annotations required unpack literal any never enum typing
    datetime decimal uuid fractions collections is_a is_b is_final final initial name value mro names values keys
    items get pop update copy clear setdefault fromkeys position 0 1 1a a1 a_1 a_b a__b a_b_ x x_
"""
_UNDERSCORED = """
    _ __ ___ _a __a _a_ __a__ _send _fire _row _trigger _event _ignore_ _missing_ _value_ _name_ _order_ __slots__
    __init__ __call__ __eq__ __hash__ __class__ __dict__ __doc__ __name__ __module__ __debug__ __all__ __new__
    __getattr__ __set_name__ __init_subclass__ __class_getitem__ __enter__ __len__ __bool__ __str__ __repr__
"""
OWN_NAMES = sorted(
    name
    for name in {
        *map(str.lower, [*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *SESSION_MEMBERS]),
        *_OURS.split(),
    }
    if re.fullmatch("[a-z0-9][a-z0-9_]*", name)
)
"""What a trigger or a key may be called."""

NAMES = [*OWN_NAMES, *_UNDERSCORED.split()]
"""What a state, guard or action may be called."""

TYPES = [
    *("string", "number", "integer", "boolean", "object", "array", "any", "datetime", "date", "decimal", "uuid"),
    *("list[integer]", "dict[string, decimal]", "date?", "fractions:Fraction", "list[fractions:Fraction]?"),
]
FIELDS: list[Any] = [
    *TYPES,
    *("integer = 3", "string = a", "integer? = 3", "decimal = 1.5", "date = 2024-01-01", "array = [1]"),
    *({"type": "integer"}, {"type": "uuid", "required": False}, {"values": ["a", 1, True, None]}),
]


CONTRACT = (codes.UNKNOWN_VARIABLE, codes.BAD_OPERANDS, codes.ONE_ANSWER, codes.BAD_WRITE, codes.PARAMS_DISAGREE)


class Draw:
    """Choices of a machine's parts: from a seed for a batch, from hypothesis for a property."""

    def __init__(self, source: random.Random) -> None:
        self.of = source.choice
        self.some = source.randint
        self.source = source

    def name(self) -> str:
        return self.of(NAMES)

    def own(self) -> str:
        return self.of(OWN_NAMES)

    def names(self, least: int, most: int, pool: list[str]) -> list[str]:
        return list(dict.fromkeys(self.of(pool) for _ in range(self.some(least, most))))

    def params(self) -> dict[str, Any]:
        values: list[Any] = [1, "a", None, [1], {"a": 1}, 1.5, True]
        return {name: self.of(values) for name in self.names(0, 3, [*NAMES, "two words", '"'])}

    def guards(self) -> list[Any]:
        forms: list[Any] = [
            *(self.name(), {"name": self.name(), "params": self.params()}, {"not": self.name()}),
            *({"expr": "a1 > 1"}, {"expr": "list or str"}, {"check": {"field": self.name(), "op": "eq", "value": 1}}),
        ]
        return [self.of(forms) for _ in range(self.some(0, 2))]

    def plan(self) -> list[Any]:
        forms: list[Any] = [
            *(self.name(), {"name": self.name(), "params": self.params()}, {"set": {self.own(): [1]}}),
            *({"increment": self.own()}, {"timestamp": self.own()}, {"append": {"field": self.own(), "value": 1}}),
            *({"clear": self.own()}, {"compute": {self.own(): self.of(["1", "x", "a_b + 1", "str(a1)"])}}),
        ]
        return [self.of(forms) for _ in range(self.some(0, 2))]

    def parallel(self, taken: list[str]) -> list[dict[str, Any]]:
        """A parallel state and the states in its regions."""
        regions = self.names(1, 4, NAMES)
        free = [name for name in NAMES if name not in taken]
        name, *inside = self.source.sample(free, len(regions) + 1)
        found = [{"name": region, "initial": initial} for region, initial in zip(regions, inside, strict=True)]
        return [{"name": name, "regions": found}, *({"name": initial} for initial in inside)]


def machine(draw: Draw) -> dict[str, Any]:
    """A machine whose every name is one that could go wrong."""
    names = draw.names(2, 6, NAMES)
    kinds = ["initial", *(draw.of(["stable", "stable", "error", "terminal"]) for _ in names[1:])]
    states = [
        {"name": name, "type": kind, "on_enter": draw.plan(), "on_exit": draw.plan()}
        for name, kind in zip(names, kinds, strict=True)
    ]
    if draw.some(0, 2) == 0:
        states.extend(draw.parallel(names))
        names.append(states[len(names)]["name"])
    sources = ["*", *(state["name"] for state in states if state.get("type") != "terminal")]
    transitions = [
        {
            "trigger": draw.own(),
            "source": draw.of(sources),
            "dest": draw.of(names),
            "guards": draw.guards(),
            "actions": draw.plan(),
        }
        for _ in range(draw.some(1, 6))
    ]
    meta = {"machine_name": draw.of(["order", "Über 1", "1", "_", "a-b.c", draw.name()])}
    if draw.some(0, 2) == 0:
        meta["class_prefix"] = draw.of(["Str", "Any", "T", "None", "Literal", "Typed", "int", "rt", "R_", "Enum"])
    found: dict[str, Any] = {"meta": meta, "states": states, "transitions": transitions}
    if draw.some(0, 1):
        keys = draw.names(0, 5, OWN_NAMES)
        found["state_variables"] = [
            {"key": key, "type": draw.of(TYPES), "required": draw.of([True, False])} for key in keys
        ]
    triggers = dict.fromkeys(transition["trigger"] for transition in transitions)
    found["events"] = [
        {"name": trigger, "payload": {key: draw.of(FIELDS) for key in draw.names(0, 3, OWN_NAMES)}}
        for trigger in triggers
        if draw.some(0, 2)
    ]
    return found


def _generated(written: dict[str, Any]) -> str | None:
    """What is generated; None where names collide, which is told with both places."""
    units, diagnostics = compile_source(Source("m.json", json.dumps(written)))
    refused = [diagnostic for diagnostic in diagnostics if diagnostic.is_error]
    if any(diagnostic.code in CONTRACT for diagnostic in refused):
        del written["state_variables"]  # drawn types and drawn uses seldom fit, and names are what this is about
        return _generated(written)
    assert bool(units) is not bool(refused)
    assert all(diagnostic.code == "PG059" and diagnostic.related for diagnostic in refused), refused
    return units[0].text if units else None


# -- names -----------------------------------------------------------------------------------------------------------


@settings(deadline=None, suppress_health_check=[*HealthCheck])
@given(st.randoms(use_true_random=False))
def test_any_names_give_a_module_that_can_be_imported_and_used(source: random.Random) -> None:
    """S1.6; docs/yaml.md#names-in-python"""
    written = machine(Draw(source))
    text = _generated(written)
    if text is not None:
        _use(text, written)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_can_stand_in_every_place_at_once(name: str) -> None:
    own = name if name in OWN_NAMES else "own"
    written = {
        "state_variables": [{"key": own, "type": "integer"}],
        "events": [{"name": own, "payload": {own: "integer"}}],
        "states": [
            {"name": name, "type": "initial", "on_enter": [name, {"name": name, "params": {name: 1}}]},
            {"name": "in_regions", "regions": [{"name": name, "initial": "one"}, {"name": "more", "initial": "two"}]},
            {"name": "one"},
            {"name": "two"},
        ],
        "transitions": [
            {
                "trigger": own,
                "source": name,
                "dest": name,
                "guards": [name, {"name": name, "params": {name: 1}}],
                "actions": [{"set": {own: 1}}],
            }
        ],
    }
    text = _generated(written)
    assert text is not None
    _use(text, written)


def _use(text: str, written: dict[str, Any]) -> None:
    """Import a module, bind all its functions by name, enter every state and send every trigger once."""
    module: dict[str, Any] = {"__name__": "m"}
    exec(compile(text, "m.py", "exec", dont_inherit=True), module)
    (kind,) = (value for name, value in module.items() if name in module["__all__"] and name.endswith("Machine"))
    made = kind.unbound()
    for name in kind.chart.guards:
        made.guard(name)(lambda ctx, **params: True)
    for name in kind.chart.actions:
        made.action(name)(lambda ctx, **params: None)
    assert [str(state) for state in made.states] == [state["name"] for state in written["states"]]
    for state in made.states:
        for trigger in made.triggers:
            made.process(state, trigger, {})
    for state in written["states"]:
        if "regions" in state:
            config = made.enter_parallel_state(state["name"])
            assert type(config).parse(config.to_string()) == config
            told = {naming.config_property(region["name"]): region["initial"] for region in state["regions"]}
            assert {name: getattr(config, name) for name in told} == told
            assert type(config)(**told) == config
    assert json.loads(json.dumps(dict(made.definition))) == written


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of machines with awkward names, as the command line writes it."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "sources").mkdir()
    for number in range(300 if SOAK else 24):
        written = machine(Draw(random.Random(number)))
        written["meta"]["class_prefix"] = f"{written['meta'].get('class_prefix', 'M')}{number}"
        if _generated(written) is not None:
            (folder / "sources" / f"m{number}.json").write_text(json.dumps(written), encoding="utf-8")
    assert cli.main([str(folder / "sources"), "-o", str(folder / "code" / PACKAGE), "--quiet"]) == 0
    return folder / "code" / PACKAGE


@pytest.fixture(scope="module")
def told(batch: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Complaint]]:
    """What both strict checkers say about the batch and a wrong program, each in one run."""
    folder = batch.parent
    (folder / "wrong.py").write_text(f"from {PACKAGE}.m0 import Nothing\n")  # so that silence means something
    configuration = {"include": ["."], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(configuration))
    mypy = ("mypy", "--strict", "--explicit-package-bases", "--no-error-summary", "--output", "json")
    with ThreadPoolExecutor() as both:
        one = both.submit(_run, folder, *mypy, "--cache-dir", str(tmp_path_factory.mktemp("mypy")), ".")
        other = both.submit(_run, folder, "pyright", "--outputjson", "--pythonpath", sys.executable)
    return {"mypy": list(_of_mypy(one.result().splitlines())), "pyright": list(_of_pyright(folder, other.result()))}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_strict_checker_has_nothing_to_say_about_awkward_names(
    checker: str, told: dict[str, list[Complaint]]
) -> None:
    assert [str(complaint) for complaint in told[checker] if complaint.file != "wrong.py"] == []
    assert [complaint for complaint in told[checker] if complaint.file == "wrong.py"]


def test_awkward_names_are_imported_from_files(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(batch.parent)
    package = importlib.import_module(PACKAGE)
    assert all(getattr(package, name) is not None for name in package.__all__)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


# -- file names and terminals ------------------------------------------------------------------------------------------

SMALL = "states: [{name: a, type: initial}]\ntransitions: [{trigger: go, source: a, dest: a}]\n"
WRONG = SMALL.replace("dest: a", "dest: b")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")


@ON_LINUX
def test_a_file_whose_name_is_no_text_is_generated_and_imported(tmp_path: Path) -> None:
    """Its machine is called as the file is, so the name reaches docstrings, where a lone surrogate can't stand."""
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.yaml"))
    source.write_text(SMALL, encoding="utf-8")
    done = _program(tmp_path, str(source), "-o", "out")
    assert (done.returncode, done.stderr) == (0, b"")
    imported = [sys.executable, "-c", "import out.machine as m; print(m.__all__[0])"]
    assert subprocess.run(imported, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


@ON_LINUX
@pytest.mark.parametrize("name", [b"\xff.yaml", b"a\x1b[31m\nb.yaml", b"a\rb.yaml", "\u202e.yaml".encode()])
def test_a_problem_in_a_file_with_an_odd_name_is_told_on_one_line(name: bytes, tmp_path: Path) -> None:
    """S11.3: nothing of the name gets to the terminal but what can be seen."""
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text(WRONG, encoding="utf-8")
    done = _program(tmp_path, ".", "-o", "out")
    told = done.stderr.decode()
    assert done.returncode == cli.PROBLEMS
    assert all(line.isprintable() for line in told.split("\n"))
    assert re.match(r"[^\n]*\.yaml:2:\d+: error\[PG050\]: ", told), told


@ON_LINUX
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_output_that_the_terminal_can_not_show_is_escaped(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"meta: {{description: 'größe → 订单'}}\n{SMALL}", encoding="utf-8")
    folder = os.fsdecode(b"out\xff")
    for options in (("--check", "--diff"), ("-v",)):
        done = _program(tmp_path, "m.yaml", "-o", folder, *options, PYTHONIOENCODING=f"{encoding}:strict")
        assert done.returncode == ("--check" in options), done.stderr
        assert b"Traceback" not in done.stderr
        assert done.stdout


def _program(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pystator_gen", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, timeout=60, check=False
    )


def test_a_stream_that_is_no_terminal_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.yaml").write_text(SMALL, encoding="utf-8")
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    assert cli.main([str(tmp_path / "m.yaml"), "-o", str(tmp_path / "out")]) == cli.CLEAN
    assert "3 files written" in printed.getvalue()


# -- size ------------------------------------------------------------------------------------------------------------


def _machine(states: list[str], transitions: list[str]) -> str:
    return "\n".join(["states:", *(f"- {{{s}}}" for s in states), "transitions:", *(f"- {{{t}}}" for t in transitions)])


def _chain(number: int, last: str) -> str:
    """So many choices in a row; the last one leads to `last`."""
    states = ["name: s, type: initial", *(f"name: c{n}, type: choice" for n in range(number))]
    ways = [f"auto: true, source: c{n}, dest: {f'c{n + 1}' if n < number - 1 else last}" for n in range(number)]
    return _machine(states, ["trigger: go, source: s, dest: c0", *ways])


def _in_a_ring(number: int, occasion: str) -> str:
    states = ["name: s0, type: initial", *(f"name: s{n}" for n in range(1, number))]
    return _machine(states, [f"{occasion}, source: s{n}, dest: s{(n + 1) % number}" for n in range(number)])


def _compiled(text: str) -> tuple[list[Any], list[str]]:
    """The machines in a text, and the codes of its errors."""
    units, diagnostics = compile_source(Source("m.yaml", text))
    return list(units), [diagnostic.code for diagnostic in diagnostics if diagnostic.is_error]


def test_a_hundred_choices_may_follow_one_another() -> None:
    """S7.3."""
    units, errors = _compiled(_chain(100, "s"))
    assert (len(units), errors) == (1, [])


@pytest.mark.parametrize("last", ["s", "c0"], ids=["to a state", "in a circle"])
@pytest.mark.parametrize("number", [101, 500, 10_000 if SOAK else 2_000])
def test_more_choices_in_a_row_are_refused(number: int, last: str) -> None:
    """They are resolved by recursion, which Python ends with an exception."""
    units, errors = _compiled(_chain(number, last))
    assert units == []
    assert set(errors) == {"PG065"}


@pytest.mark.parametrize("transition", ["trigger: t{n}", "trigger: go, guards: [g{n}]", "trigger: go, actions: [a{n}]"])
def test_very_many_transitions_are_compiled(transition: str) -> None:
    ways = [f"{transition.format(n=n)}, source: s, dest: s" for n in range(10_000 if SOAK else 500)]
    units, errors = _compiled(_machine(["name: s, type: initial"], ways))
    assert (len(units), errors) == (1, [])


def test_very_many_states_are_compiled() -> None:
    units, errors = _compiled(_in_a_ring(10_000 if SOAK else 1_000, "trigger: go"))
    assert (len(units), errors) == (1, [])


def test_a_transition_from_very_many_sources_is_compiled() -> None:
    many = 10_000 if SOAK else 2_000
    states = ["name: s0, type: initial", *(f"name: s{n}" for n in range(1, many))]
    sources = ", ".join(f"s{n}" for n in range(many))
    units, errors = _compiled(_machine(states, [f"trigger: go, source: [{sources}], dest: s1"]))
    assert (len(units), errors) == (1, [])
