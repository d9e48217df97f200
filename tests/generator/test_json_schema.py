"""`pystator-gen schema`: what the tool takes is valid, and what is not valid the tool refuses, or warns of."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pystator_gen import codes
from pystator_gen.cli import main
from pystator_gen.document import load
from pystator_gen.json_schema import schema
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source, discover, read

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("tests", "examples") for path in discover([ROOT / folder])[0]]

STATES = "states: [{name: a, type: initial}, {name: b}]\n"
GO = "transitions: [{trigger: go, source: a, dest: b}]\n"
TOLD = frozenset({codes.UNKNOWN_KEY, codes.BOOLEAN_WORD})
"""What the tool warns of, and a schema can only refuse."""


@cache
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(schema())


def data(text: str) -> list[Any]:
    """The machines of a text, as the tool reads them."""
    return [document.data for document in load(Source("m.yaml", text))[0]]


def is_valid(machine: object) -> bool:
    return bool(validator().is_valid(machine))


def is_taken(text: str) -> bool:
    """Whether the tool takes a text and has nothing to say about its keys and words."""
    diagnostics = compile_source(Source("m.yaml", text))[1]
    return not any(each.is_error or each.code in TOLD for each in diagnostics)


# -- the files that there are ------------------------------------------------------------------------------------


def test_there_are_many_files() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_taken_is_valid(path: Path) -> None:
    source = read(path)
    assert isinstance(source, Source)
    if not is_taken(source.text):
        return
    for machine in data(source.text):
        problems = [f"{list(e.absolute_path)}: {e.message}" for e in validator().iter_errors(machine)]
        assert problems == []


def test_most_files_are_taken() -> None:
    taken = [path for path in SOURCES if is_taken(path.read_text(encoding="utf-8"))]
    assert len(taken) > len(SOURCES) / 2


# -- spellings ---------------------------------------------------------------------------------------------------

SPELLINGS = {
    "null for what is absent": f"meta: null\nevents: null\n{STATES}{GO.replace('dest: b', 'dest: b, guards: null')}",
    "a list of machines": f"- {{{STATES.strip()}, {GO.strip()}}}",
    "a version that is a number": f"meta: {{version: 1.10}}\n{STATES}{GO}",
    "a fallback that is a boolean": f"meta: {{orchestrator_default_fallback: false}}\n{STATES}{GO}",
    "variables under meta": f"meta: {{state_variables: [x, {{key: y}}]}}\n{STATES}{GO}",
    "keys of one's own": f"x-mine: [1]\n{STATES.replace('{name: b}', '{name: b, x-y: 1, metadata: {z: 1}}')}{GO}",
    "groups": f"groups: {{live: Those that live.}}\n{STATES.replace('{name: b}', '{name: b, group: live}')}{GO}",
    "what is not supported and empty": f"{STATES.replace('{name: b}', '{name: b, invoke: []}')}{GO}",
    "definitions": f"guard_definitions: [{{name: f, description: d, x: y}}]\naction_definitions: [g]\n{STATES}{GO}",
    "an error policy": f"error_policy: {{default_fallback: b, retry_attempts: 2}}\n{STATES}{GO}",
}
TRANSITIONS = (
    "trigger: go, dest: b, source: '*'",
    "trigger: go, dest: b, source: [a]",
    "after: 100, dest: b, source: a",
    "after: 1.5s, dest: b, source: a",
    "after: '2m', dest: b, source: a",
    "auto: true, dest: b, source: a, guards: [f]",
    "trigger: go, source: a, internal: true",
    "trigger: go, dest: b, source: a, ref: RFC 1, priority: -1, description: d",
    "trigger: go, dest: b, source: a, refs: [RFC 1], metadata: {a: 1}",
)
GUARDS = (
    "f",
    "[f, g]",
    "{name: f}",
    "{name: f, params: {a: [1]}}",
    "{expr: x > 1}",
    "{check: {field: x, op: eq, value: null}}",
    "{check: {field: x, op: in, values: [1, 2]}}",
    "{check: {field: x, op: in, value: [1, 2]}}",
    "{field: x, op: is_set}",
    "{allOf: [f, {anyOf: [g, {not: {expr: x}}]}]}",
    "{all_of: [f, {any_of: [g, {negate: h}]}]}",
    "{allOf: f}",
)
ACTIONS = (
    "f",
    "[f, {name: g, params: {a: 1}, retry: 2, retry_backoff: 0.5, timeout: 1}]",
    "{set: {x: 1, y: [2]}}",
    "{timestamp: x}",
    "{increment: x, when: x > 1}",
    "{decrement: x, when: {expr: x > 1}}",
    "{append: {field: y, value: null}}",
    "{clear: x, when: {check: {field: x, op: is_set}}}",
    "{compute: {x: x + 1}, when: {field: x, op: gt, value: 1}}",
)
TYPES = (
    "string", "number", "integer", "boolean", "object", "array", "any", "datetime", "date", "decimal", "uuid",
    "'list[string]'", "'dict[string, list[decimal?]]'", "'string?'", "app.money:Money", "[string, 'null']", "[integer]",
    "{type: string}", "{type: array, items: {type: integer}}", "{type: object, additionalProperties: {type: string}}",
    "{type: string, format: date-time, nullable: true}", "{enum: [a, b]}", "' string '",
)  # fmt: skip
ARGUMENTS = (
    *TYPES, "integer = 5", "What it is.", "", "{type: integer, default: 5}", "{required: false, type: string}",
    "{values: [a, b], default: a}", "{type: array, items: string}", "{description: d}",
)  # fmt: skip
INVARIANTS = (
    "{expr: x > 1, name: n, description: d}",
    "{check: {field: x, op: gt, value: 1}}",
    "{field: x, op: gt, value: 1, name: n}",
    "{allOf: [f], name: n}",
)
VARIABLES = "state_variables: [x, y]\n"
SPELLINGS |= {f"transition {{{text}}}": f"{STATES}transitions: [{{{text}}}]\n" for text in TRANSITIONS}
SPELLINGS |= {
    f"guards {text}": f"{VARIABLES}{STATES}transitions: [{{trigger: go, source: a, dest: b, guards: {text}}}]\n"
    for text in GUARDS
}
SPELLINGS |= {
    f"actions {text}": f"{VARIABLES}states: [{{name: a, type: initial, on_exit: {text}}}, {{name: b}}]\n"
    f"transitions: [{{trigger: go, source: a, dest: b, actions: {text}}}]\n"
    for text in ACTIONS
}
SPELLINGS |= {
    f"variable of {text}": f"state_variables: [{{key: x, required: true, description: d, type: {text}}}]\n{STATES}{GO}"
    for text in TYPES
}
SPELLINGS |= {
    f"argument {text}": f"events: [{{name: go, description: d, payload: {{x: {text}}}}}]\n{STATES}{GO}"
    for text in ARGUMENTS
}
SPELLINGS |= {
    f"invariant {text}": f"meta: {{validate_context: true}}\n{VARIABLES}context_invariants: [{text}]\n{STATES}{GO}"
    for text in INVARIANTS
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_is_taken_and_valid(text: str) -> None:
    assert is_taken(text), compile_source(Source("m.yaml", text))[1]
    assert [f"{list(e.absolute_path)}: {e.message}" for e in validator().iter_errors(data(text)[0])] == []


# -- what is wrong -----------------------------------------------------------------------------------------------

WHOLE = """\
meta: {machine_name: m, version: "1", description: d}
state_variables: [{key: x, type: integer, default: 1, description: d}, {key: y}]
events: [{name: go, description: d, payload: {p: {type: integer, required: true}}}]
error_policy: {retry_attempts: 1}
context_invariants: [{name: i, expr: x > 0}]
groups: {g: d}
states:
  - {name: a, type: initial, group: g, on_enter: [{name: f, params: {n: 1}, retry: 1}]}
  - {name: b, on_exit: [{set: {x: 1}}, {append: {field: y, value: 1}}, {compute: {x: x + 1}, when: x > 1}]}
  - name: c
    regions: [{name: r, initial: d, states: [d, e], final: e}, {name: q, initial: h, states: [h]}]
  - {name: d, timeout: {seconds: 1, destination: e}}
  - {name: e}
  - {name: h}
transitions:
  - {trigger: go, source: a, dest: b, guards: [{check: {field: x, op: gt, value: 1}}, {allOf: [f, {not: g}]}]}
  - {after: 5s, source: b, dest: c, actions: [{timestamp: y}], priority: 1}
  - {trigger: on, source: d, dest: e, region: r}
  - {trigger: stay, source: h, internal: true, guards: {expr: x > 1}}
"""
OPEN = frozenset({"groups", "params", "set", "compute", "payload", "metadata"})
"""What holds keys of the user's own."""


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values below one."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, below in steps for place in places(below, (*path, step)))]


def at(machine: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        machine = machine[step]
    return machine


MAPPINGS = [p for p in places(data(WHOLE)[0]) if isinstance(at(data(WHOLE)[0], p), dict) and not OPEN & {*p[-1:]}]


def test_the_whole_machine_is_taken_and_valid() -> None:
    assert is_taken(WHOLE)
    assert is_valid(data(WHOLE)[0])
    assert len(MAPPINGS) > 30


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: ".".join(map(str, path)) or "machine")
def test_no_mapping_takes_a_key_that_is_wrong(path: tuple[str | int, ...]) -> None:
    machine = data(WHOLE)[0]
    for key in ("colour", *(f"{key}s" for key in at(machine, path))):
        wrong = copy.deepcopy(machine)
        at(wrong, path)[key] = 1
        assert not is_valid(wrong), key
        assert not is_taken(json.dumps(wrong)), key


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, "", "a", "B", "x > 1", "f", "go", "5s", "yes"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["name", "expr", "key", "type", "field", "x-a", "trigger"]), inner, max_size=2),
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["name", "names", "type", "expr", "when", "invoke", "x-a", "nonsense", "dest", "ref", "values", "parent", "set"]
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A machine with something changed, taken away or added, once or twice."""
    machine: dict[str, Any] = data(draw(st.sampled_from([WHOLE, *SPELLINGS.values()])))[0]
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(machine)[1:] or [("states",)]))
        above = at(machine, path[:-1])
        change = draw(st.sampled_from(["replace", "replace", "remove", "rename", "add"]))
        if change == "replace":
            above[path[-1]] = draw(VALUES)
        elif change == "remove":
            del above[path[-1]]
        elif isinstance(above, dict):
            above[draw(KEYS)] = above.pop(path[-1]) if change == "rename" else draw(VALUES)
        if not machine:
            break
    return machine


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_what_is_not_valid_is_refused_or_warned_of(machine: dict[str, Any]) -> None:
    text = json.dumps(machine)
    (read_back,) = data(text) or [None]
    assert read_back == machine
    if not is_valid(machine):
        assert not is_taken(text)


# -- what editors show, and the command --------------------------------------------------------------------------


def test_every_key_of_the_format_is_explained() -> None:
    silent = [
        f"{name}.{key}"
        for name, found in schema()["definitions"].items()
        if name != "Schema"
        for key, value in found.get("properties", {}).items()
        if "description" not in value and key not in KEYWORDS
    ]
    assert silent == []


KEYWORDS = frozenset({"items", "additionalProperties", "properties", "enum", "format", "nullable", "state_variables"})
"""Keywords of JSON Schema itself, and a place where PyStator has variables."""


def test_the_schema_is_one_and_names_no_rule() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert "`S" not in json.dumps(schema())


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_the_command_takes_no_sources_and_says_how_one_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["schema", "-o", "fsm"])
    assert stopped.value.code == 2
    assert (
        "unrecognized arguments: -o fsm (to generate from a source `schema`, say ./schema)" in capsys.readouterr().err
    )
