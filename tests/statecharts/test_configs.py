"""Configs: what is active in a parallel state, as a value (S6.2; docs/statecharts.md#what-is-active)."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_runtime import ParallelStateConfig, UndefinedStateError
from pystator_runtime.configuration import MAXIMUM_DEPTH
from support.doors import bound
from support.machines import load

YAML = """
    meta: {machine_name: plant}
    states:
      - {name: idle, type: initial}
      - name: run
        description: It works.
        regions:
          - {name: zeta, initial: z1, states: [z1, z2], description: The last one.}
          - {name: alpha, initial: box, states: [box, inner]}
      - {name: z1}
      - {name: z2}
      - {name: box, initial_child: b1}
      - {name: b1, parent: box}
      - {name: inner, regions: [{name: y, initial: y1, states: [y1, y2]}, {name: x, initial: x1}]}
      - {name: y1}
      - {name: y2}
      - {name: x1}
      - {name: other, regions: [{name: only, initial: o1}]}
      - {name: o1}
    transitions:
      - {trigger: go, source: idle, dest: run}
      - {trigger: in, source: b1, dest: inner}
      - {trigger: leave, source: run, dest: other}
    """
MODULE: Any = load(YAML)
MACHINE = MODULE.PlantMachine()
Run, Inner, Other, State = MODULE.PlantRunConfig, MODULE.PlantInnerConfig, MODULE.PlantOtherConfig, MODULE.PlantState
NESTED = "run:alpha=(inner:x=x1,y=y2),zeta=z2"


# -- in writing (S6.2) -----------------------------------------------------------------------------------------


def test_a_config_is_written_with_its_regions_by_their_names() -> None:
    assert Run(zeta=State.Z1, alpha=State.B1).to_string() == "run:alpha=b1,zeta=z1"
    assert str(ParallelStateConfig("p", {"b": "x", "a": "y", "a1": "z"})) == "p:a=y,a1=z,b=x"


def test_a_parallel_state_in_a_region_stands_in_parentheses() -> None:
    assert Run(zeta=State.Z2, alpha=Inner(y=State.Y2, x=State.X1)).to_string() == NESTED


@pytest.mark.parametrize("text", [NESTED, "run:zeta=z2,alpha=(inner:y=y2,x=x1)", "run:zeta=z2,alpha=(inner:x=x1,y=y2)"])
def test_regions_are_read_in_any_order(text: str) -> None:
    read = Run.from_string(text)
    assert read.to_string() == NESTED
    assert read == Run.parse(text) == ParallelStateConfig.from_string(text)


_names = st.from_regex(r"[a-z0-9_]{1,6}", fullmatch=True)
_configs = st.recursive(
    st.builds(ParallelStateConfig, _names, st.dictionaries(_names, _names, min_size=1, max_size=4)),
    lambda inner: st.builds(
        ParallelStateConfig, _names, st.dictionaries(_names, st.one_of(_names, inner), min_size=1, max_size=4)
    ),
    max_leaves=6,
)


@given(_configs)
def test_what_was_written_is_read_again(config: ParallelStateConfig) -> None:
    """Nested ones as well."""
    again = ParallelStateConfig.from_string(config.to_string())
    assert again == config
    assert hash(again) == hash(config)
    assert again.to_string() == config.to_string()
    assert again.region_states == config.region_states


@given(_configs, st.randoms(use_true_random=False))
def test_the_order_in_which_regions_are_given_does_not_matter(config: ParallelStateConfig, chance: Any) -> None:
    regions = list(config.region_states.items())
    chance.shuffle(regions)
    again = ParallelStateConfig(config.parallel_state, dict(regions))
    assert (again, hash(again), str(again)) == (config, hash(config), str(config))


@given(st.one_of(st.text(max_size=20), st.text("ab:=,()_1", max_size=20)))
def test_any_text_is_read_or_refused_with_the_place_where_it_goes_wrong(text: str) -> None:
    try:
        config = ParallelStateConfig.from_string(text)
    except UndefinedStateError as refused:
        message = str(refused)
    else:
        message = ""
        assert ParallelStateConfig.from_string(str(config)) == config
    assert message == "" or (repr(text) in message and "belongs at character" in message)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a name belongs at character 1"),
        ("run", "':' belongs at character 4"),
        ("run:", "a name belongs at character 5"),
        ("run:a", "'=' belongs at character 6"),
        ("run:a=", "a name belongs at character 7"),
        ("run:a=b,", "a name belongs at character 9"),
        ("run:a=b c", "nothing more belongs at character 8"),
        (" run:a=b", "a name belongs at character 1"),
        ("run:a=b,a=c", "the region 'a' only once belongs at character 10"),
        ("run:a=(p:x=y", "')' belongs at character 13"),
        ("run:a=(p)", "':' belongs at character 9"),
        ("run:a=p:x=y", "nothing more belongs at character 8"),
        ("run:a=()", "a name belongs at character 8"),
        ("run:a=b)", "nothing more belongs at character 8"),
    ],
)
def test_a_text_that_is_no_configuration_is_refused_with_what_belongs_where(text: str, wanted: str) -> None:
    with pytest.raises(UndefinedStateError) as refused:
        ParallelStateConfig.from_string(text)
    assert str(refused.value) == f"{text!r} is no configuration such as 'par:r1=s1,r2=s2': {wanted}"


def test_a_text_may_be_nested_only_so_deep() -> None:
    def deep(depth: int) -> str:
        return "p:r=(" * depth + "p:r=s" + ")" * depth

    assert str(ParallelStateConfig.from_string(deep(MAXIMUM_DEPTH))) == deep(MAXIMUM_DEPTH)
    for more in (1, 100_000):
        with pytest.raises(UndefinedStateError, match=f"no more than {MAXIMUM_DEPTH} levels belongs at character"):
            ParallelStateConfig.from_string(deep(MAXIMUM_DEPTH + more))


# -- what a machine's configs can be ---------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"zeta": "z1", "alpha": "b1"}, {"zeta": State.Z1, "alpha": State.B1}])
def test_regions_are_given_as_members_or_as_their_text_and_are_members(given: dict[str, Any]) -> None:
    config = Run(**given)
    assert (config.zeta, config.alpha) == (State.Z1, State.B1)
    assert all(type(value) is State for value in config.region_states.values())
    assert config["zeta"] is State.Z1


def test_a_region_that_holds_a_parallel_state_has_that_ones_config() -> None:
    for inner in (Inner(x="x1", y="y2"), ParallelStateConfig("inner", {"x": "x1", "y": "y2"})):
        config = Run(zeta="z2", alpha=inner)
        assert type(config.alpha) is Inner
        assert config.alpha.y is State.Y2
    assert type(Run.parse(NESTED).alpha) is Inner


def test_the_regions_of_a_config_stand_in_order_of_definition() -> None:
    assert list(Run(alpha="b1", zeta="z1").region_states) == ["zeta", "alpha"]
    assert list(Run.parse(NESTED).region_states) == ["zeta", "alpha"]


def test_a_config_describes_itself() -> None:
    assert inspect.getdoc(Run) == "What is active in each region of `run`.\n\nIt works."
    assert Run.zeta.__doc__ == "The last one."
    assert Run.alpha.__doc__ == "What is active in the region `alpha`."
    assert repr(Run.parse(NESTED)) == f"<PlantRunConfig {NESTED}>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:alpha=b1", "the region 'zeta' of 'run' has no state; it can have: z1, z2"),
        ("run:zeta=z1", "the region 'alpha' of 'run' has no state; it can have: b1, inner:…"),
        ("run:alpha=b1,zeta=z1,beta=z1", "'run' has no region 'beta'; it has: zeta, alpha"),
        ("run:alpha=b1,zeta=b1", "the region 'zeta' of 'run' can't be in 'b1'; it can be in: z1, z2"),
        ("run:alpha=box,zeta=z1", "the region 'alpha' of 'run' can't be in 'box'; it can be in: b1, inner:…"),
        ("run:alpha=inner,zeta=z1", "the region 'alpha' of 'run' can't be in 'inner'; it can be in: b1, inner:…"),
        ("run:alpha=(other:only=o1),zeta=z1", "the region 'alpha' of 'run' can't be in 'other:only=o1'"),
        ("run:alpha=(inner:x=x1),zeta=z1", "the region 'y' of 'inner' has no state; it can have: y1, y2"),
        ("run:alpha=b1,zeta=(inner:x=x1,y=y1)", "the region 'zeta' of 'run' can't be in 'inner:x=x1,y=y1'"),
    ],
)
@pytest.mark.parametrize("door", ["parse", "process", "create", "available", "exit"])
def test_a_configuration_that_the_machine_does_not_have_is_refused_with_what_it_can_be(
    door: str, text: str, message: str
) -> None:
    """S2.5."""
    doors: dict[str, Any] = {
        "parse": lambda: Run.parse(text),
        "process": lambda: MACHINE.process(text, "leave", {}),
        "create": lambda: MACHINE.create(initial_state=text),
        "available": lambda: MACHINE.get_available_triggers(ParallelStateConfig.from_string(text)),
        "exit": lambda: MACHINE.get_parallel_exit_actions(ParallelStateConfig.from_string(text)),
    }
    with pytest.raises(UndefinedStateError) as refused:
        doors[door]()
    assert message in str(refused.value)


def test_a_config_of_another_parallel_state_is_not_read() -> None:
    with pytest.raises(UndefinedStateError, match="is a configuration of 'other', not of 'run'"):
        Run.parse("other:only=o1")


@pytest.mark.parametrize("text", ["ruin:alpha=b1,zeta=z1", "idle:a=b", "z1:a=b"])
def test_a_configuration_of_what_is_no_parallel_state_is_refused(text: str) -> None:
    """S2.5."""
    with pytest.raises(UndefinedStateError, match=r"plant has no parallel state '\w+'; it has: run, inner, other"):
        MACHINE.process(text, "go", {})


def test_a_config_of_another_machine_is_known_by_what_it_says() -> None:
    """S2.5: what would fit is taken, what would not is refused."""
    same: Any = load(YAML.replace("plant", "garden"))
    theirs = same.GardenRunConfig(zeta="z1", alpha="b1")
    assert type(MACHINE.process(theirs, "in", {}).target_state) is Run
    different: Any = load(YAML.replace("alpha", "beta"))
    with pytest.raises(UndefinedStateError, match="the region 'alpha' of 'run' has no state"):
        MACHINE.process(different.PlantRunConfig(zeta="z1", beta="b1"), "in", {})


def test_a_missing_or_superfluous_region_is_no_argument() -> None:
    with pytest.raises(TypeError, match="alpha"):
        Run(zeta="z1")
    with pytest.raises(TypeError, match="beta"):
        Run(zeta="z1", alpha="b1", beta="z1")


# -- as values -------------------------------------------------------------------------------------------------


def test_configs_are_equal_if_they_are_written_the_same() -> None:
    config = Run.parse(NESTED)
    assert config == Run.parse("run:zeta=z2,alpha=(inner:y=y2,x=x1)") == ParallelStateConfig.from_string(NESTED)
    assert config != Run(zeta="z1", alpha="b1")
    assert config != Other(only="o1")
    assert config != NESTED
    assert config not in (None, State.RUN, 5)
    assert len({config, Run.parse(NESTED), ParallelStateConfig.from_string(NESTED)}) == 1


@pytest.mark.parametrize("name", ["zeta", "region_states", "parallel_state", "_text", "anything"])
def test_a_config_can_not_be_changed(name: str) -> None:
    config = Run.parse(NESTED)
    with pytest.raises(AttributeError):
        setattr(config, name, State.Z1)
    with pytest.raises(AttributeError):
        delattr(config, name)
    with pytest.raises(TypeError):
        config.region_states["zeta"] = State.Z1
    assert str(config) == NESTED


@pytest.mark.parametrize("text", [NESTED, "run:alpha=b1,zeta=z1"])
def test_a_config_is_copied_and_pickled_as_what_it_is(text: str) -> None:
    config = Run.parse(text)
    assert copy.copy(config) is config
    assert copy.deepcopy(config) is config
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(config, protocol))
        assert (again, type(again), type(again.alpha)) == (config, Run, type(config.alpha))
    plain = ParallelStateConfig.from_string(text)
    assert type(pickle.loads(pickle.dumps(plain))) is ParallelStateConfig


def test_a_result_with_configs_is_pickled_and_copied() -> None:
    result = MACHINE.process("idle", "go", {})
    again = pickle.loads(pickle.dumps(result))
    assert (again, type(again.target_state)) == (result, Run)
    assert copy.deepcopy(result) == result


def test_a_config_can_be_matched_by_class_and_regions() -> None:
    def told(config: object) -> str:
        match config:
            case Run(zeta=State.Z1, alpha=State.B1):
                return "at first"
            case Run(alpha=Inner(y=y)):
                return f"inside at {y}"
            case _:
                return "elsewhere"

    assert told(Run(zeta="z1", alpha="b1")) == "at first"
    assert told(Run.parse(NESTED)) == "inside at y2"
    assert told(Other(only="o1")) == "elsewhere"


def test_an_unknown_region_of_a_config_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Run.parse(NESTED)["nowhere"]


def test_what_a_machine_says_of_its_configurations_names_them() -> None:
    """S2.5: in words, where nothing else can be said."""
    with pytest.raises(UndefinedStateError, match="plant has no state 'idel'; did you mean 'idle'"):
        MACHINE.process("idel", "go", {})
    for strange in (5, None, b"run", ("run",)):
        with pytest.raises(UndefinedStateError):
            MACHINE.process(strange, "go", {})


def test_a_machine_without_parallel_states_knows_no_configurations() -> None:
    machine = bound("""
        states: [{name: a, type: initial}]
        transitions: [{trigger: go, source: a, dest: a}]
        """)
    for state in ("p:r=a", ParallelStateConfig("p", {"r": "a"})):
        with pytest.raises(UndefinedStateError):
            machine.process(state, "go", {})
    for ask in (
        lambda: machine.enter_parallel_state("a"),
        lambda: machine.get_parallel_enter_actions("a"),
        lambda: machine.get_parallel_exit_actions(ParallelStateConfig("p", {"r": "a"})),
    ):
        with pytest.raises(UndefinedStateError, match="machine has no parallel states"):
            ask()
