"""What is printed for a machine, where golden cases would be too large or too rare (docs/generated-module.md)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from pystator_gen.lower.session import MAXIMUM_OVERLOADS
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source
from support.machines import load, machine_class


def text_of(yaml: str) -> str:
    (unit,), diagnostics = compile_source(Source("machine.yaml", yaml))
    assert not any(diagnostic.is_error for diagnostic in diagnostics)
    return unit.text


def with_payloads(number: int) -> str:
    """A machine with so many triggers, each with a payload of its own."""
    lines = ["states: [{name: here, type: initial}]", "events:"]
    lines += [f"  - {{name: t{n}, payload: {{field_{n}: integer}}}}" for n in range(number)]
    lines.append("transitions:")
    lines += [f"  - {{trigger: t{n}, source: here, internal: true}}" for n in range(number)]
    return "\n".join(lines)


def machine(module: ModuleType) -> Any:
    return machine_class(module)()


def test_up_to_200_payloads_send_has_an_overload_for_each() -> None:
    text = text_of(with_payloads(MAXIMUM_OVERLOADS))
    assert text.count("@overload") == 2 * MAXIMUM_OVERLOADS


def test_beyond_send_takes_any_payload_and_nothing_is_imported_in_vain() -> None:
    yaml = with_payloads(MAXIMUM_OVERLOADS + 1).replace("field_0: integer", "class: integer")
    text = text_of(yaml)
    assert "@overload" not in text
    assert "Unpack" not in text
    session = machine(load(yaml)).create()
    assert session.send("t7", field_7=1).success
    assert session.t0(class_=1).success


def test_triggers_with_equal_payloads_share_an_overload() -> None:
    yaml = with_payloads(6)
    for n in range(3):
        yaml = yaml.replace(f"field_{n}:", "field:")
    assert text_of(yaml).count("@overload") == 2 * 4


def test_one_payload_needs_no_overload() -> None:
    assert "@overload" not in text_of(with_payloads(1))


def test_defaults_are_values_of_their_types_however_deep_they_are() -> None:
    module = load("""
        state_variables:
          - {key: days, type: "list[date]", default: ["2024-02-29"]}
          - {key: prices, type: "dict[string, decimal?]", default: {a: "1.5", b: null, c: 2}}
          - key: ids
            type: "dict[uuid, list[datetime]]"
            default: {12345678-1234-5678-1234-567812345678: ["2024-01-01"]}
        states: [{name: here, type: initial}]
        transitions: []
    """)
    context = machine(module).create().context
    assert context == {
        "days": [datetime.date(2024, 2, 29)],
        "prices": {"a": Decimal("1.5"), "b": None, "c": Decimal(2)},
        "ids": {UUID("12345678-1234-5678-1234-567812345678"): [datetime.datetime(2024, 1, 1)]},
    }


def test_defaults_are_built_anew_for_each_entity() -> None:
    """S8.9."""
    module = load("""
        state_variables: [{key: log, type: array, default: []}]
        states: [{name: here, type: initial}]
        transitions: []
    """)
    first, second = machine(module).create(), machine(module).create()
    first.context["log"].append(1)
    assert second.context["log"] == []


@pytest.mark.parametrize(
    ("type_", "line"),
    [
        ("shop.money:Money", "    import shop.money"),
        ("rt:Money", "    import rt as _rt_"),
        ("overload.x:Money", "    import overload.x as _overload_x_"),
        ("add:Money", "    import add as _add_"),
        ("list.x:Money", "    import list.x as _list_x_"),
        ("Any:Money", "    import Any as _Any_"),
        ("press:Money", "    import press as _press_"),
        ("list_x:Money", "    import list_x"),
    ],
)
def test_a_module_of_the_application_hides_no_name_of_the_generated_one(type_: str, line: str) -> None:
    text = text_of(f"""
        state_variables: [{{key: cost, type: "{type_}"}}, {{key: n, type: integer}}]
        states: [{{name: here, type: initial}}]
        transitions: [{{trigger: press, source: here, dest: here, guards: [{{expr: "n + n > 1"}}]}}]
    """)
    assert line in text.splitlines()
    module = line.split()[-1]
    assert f"cost: {module}.Money" in text


def test_modules_of_the_application_do_not_share_an_alias() -> None:
    text = text_of("""
        state_variables: [{key: x, type: "list.x:A"}, {key: y, type: "list_x:A"}, {key: z, type: "rt:A"}]
        states: [{name: here, type: initial, on_enter: [rt]}]
        transitions: [{trigger: list_x, source: here, dest: here}]
    """)
    imports = [line.split()[1:] for line in text.splitlines() if line.startswith("    import ")]
    assert imports == [["list.x", "as", "_list_x_"], ["list_x", "as", "_list_x__"], ["rt", "as", "_rt_"]]
    assert "interface as _rt" in text


def test_a_keyword_is_taken_by_its_own_name_where_a_trigger_is_sent_by_name() -> None:
    """The method respells it, `send` does not, whether or not there are overloads."""
    one = "events: [{name: go, payload: {class: integer}}]"
    several = "events: [{name: go, payload: {class: integer}}, {name: stop, payload: {}}]"
    for events in (one, several):
        session = machine(
            load(f"""
                {events}
                states: [{{name: here, type: initial}}]
                transitions:
                  - {{trigger: go, source: here, internal: true}}
                  {"- {trigger: stop, source: here, internal: true}" if events is several else ""}
            """)
        ).create()
        assert session.go(class_=1).success
        assert session.send("go", **{"class": 2}).success
        assert session.context == {"class": 2}


def test_a_payload_may_be_called_self() -> None:
    session = machine(
        load("""
            states: [{name: here, type: initial}]
            transitions: [{trigger: go, source: here, internal: true}]
        """)
    ).create()
    assert session.go(self=1, payload=2, trigger=3).success
    assert session.send("go", self=4).success
    assert session.context == {"self": 4, "payload": 2, "trigger": 3}


def test_declared_without_variables_a_trigger_takes_nothing() -> None:
    yaml = """
        state_variables: []
        states: [{name: here, type: initial}]
        transitions: [{trigger: go, source: here, internal: true}]
    """
    session = machine(load(yaml)).create()
    assert session.go().success
    with pytest.raises(TypeError):
        session.go(x=1)
