"""How names are spelt in Python (docs/yaml.md#names-in-python)."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_gen import naming
from pystator_runtime import EntitySession, ParallelStateConfig
from support.machines import problems

NAMES = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)
SENT = st.from_regex(r"[a-z0-9][a-z0-9_]{0,12}", fullmatch=True)


def test_what_a_session_has_cannot_be_hidden_by_a_trigger_and_nothing_else_is_spelt_differently() -> None:
    public = {name for name in dir(EntitySession) if not name.startswith("_")}
    assert public | {"send", "asend", "view"} == naming.SESSION_MEMBERS, "these three are generated"


def test_nothing_that_a_config_has_can_be_hidden_by_a_region() -> None:
    """Neither what it is made of, which subclasses inherit."""
    own = {name for name in dir(ParallelStateConfig) if not name.startswith("__")}
    assert {*own, "self"} <= naming.CONFIG_MEMBERS
    assert all(naming.config_property(name) == f"{name}_" for name in naming.CONFIG_MEMBERS)


@pytest.mark.parametrize(
    ("name", "member"), [("risk", "risk"), ("class", "class_"), ("1st", "n1st"), ("_x", "_x"), ("__x", "n__x")]
)
def test_a_region_has_a_property_of_its_config(name: str, member: str) -> None:
    assert naming.config_property(name) == member


@pytest.mark.parametrize(
    ("name", "member"),
    [("open", "OPEN"), ("partly_filled", "PARTLY_FILLED"), ("1st", "N1ST"), ("_x", "N_X"), ("class", "CLASS")],
)
def test_a_member_is_in_upper_case_and_starts_with_a_letter(name: str, member: str) -> None:
    assert naming.enum_member(name) == member


@pytest.mark.parametrize(("name", "query"), [("open", "is_open"), ("final", "is_final_"), ("1st", "is_1st")])
def test_a_state_has_a_property(name: str, query: str) -> None:
    assert naming.state_property(name) == query


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("fill", "fill"),
        ("send", "send_"),
        ("class", "class_"),
        ("2fa", "n2fa"),
        ("is_open", "is_open_"),
        ("match", "match"),
    ],
)
def test_a_trigger_has_a_method(name: str, method: str) -> None:
    assert naming.trigger_method(name, frozenset({"is_open"})) == method


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("order", "Order"),
        ("order_management", "OrderManagement"),
        ("Guard Dog", "GuardDog"),
        ("HTTP-server", "HTTPServer"),
        ("3d printer", "N3dPrinter"),
        ("订单", "N"),
        ("!", "N"),
    ],
)
def test_a_class_prefix_is_the_name_in_pascal_case(name: str, prefix: str) -> None:
    assert naming.class_prefix(name) == prefix


@pytest.mark.parametrize(
    ("stem", "module"),
    [
        ("order", "order"),
        ("Order-Desk v2", "order_desk_v2"),
        ("class", "class_"),
        ("1st", "n1st"),
        ("__init__", "init"),
        ("!", "machine"),
    ],
)
def test_a_module_is_named_by_the_stem(stem: str, module: str) -> None:
    assert naming.module_name(stem) == module


@given(NAMES)
def test_every_name_is_spelt_as_an_identifier_that_no_class_mangles(name: str) -> None:
    spellings = [naming.enum_member(name), naming.state_property(name), naming.function(name)]
    for spelling in spellings:
        assert spelling.isidentifier()
        assert not keyword.iskeyword(spelling)
        assert not spelling.startswith("__")


@given(SENT)
def test_every_trigger_and_key_is_spelt_as_an_identifier_that_hides_nothing(name: str) -> None:
    method, parameter = naming.trigger_method(name, frozenset()), naming.parameter(name)
    assert naming.is_identifier(method)
    assert naming.is_identifier(parameter)
    assert method not in naming.SESSION_MEMBERS
    assert not method.startswith("_")


def test_a_collision_is_told_once_for_each_pair() -> None:
    """`1st` and `n1st` are equal as members, as methods and as payloads; the session's member is named."""
    found = problems("""
        states: [{name: open, type: initial}]
        transitions:
          - {trigger: 1st, source: open, internal: true}
          - {trigger: n1st, source: open, internal: true}
        events: [{name: 1st, payload: {}}, {name: n1st, payload: {}}]
    """)
    assert [problem.message for problem in found] == ["trigger `1st` and trigger `n1st` are both `n1st` in Python"]
    assert found[0].related[0][0] < found[0].span
