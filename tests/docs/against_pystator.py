"""What ``docs/coming-from-pystator.md`` says of PyStator 0.0.47, asked of PyStator itself.

Not a test of this project, and not collected: run it by hand, in an environment that has ``pystator[recipes]==0.0.47``,
with ``python tests/docs/against_pystator.py``. Every function is one claim, in the order of the page.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any

import pystator
import yaml
from pystator import ConfigurationError, StateMachine

META = 'meta: {machine_name: claims, version: "1"%s}\n'
STATES = (
    "states: [{name: a, type: initial}, {name: b}, {name: c}, {name: ch, type: choice}, {name: z, type: terminal}]\n"
)


def written(text: str, meta: str = "") -> Any:
    """A machine from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "machine.yaml")
        path.write_text(META % meta + text)
        return StateMachine.from_yaml(path)


def built(text: str, meta: str = "") -> Any:
    """A machine from a dict, which is validated less."""
    return StateMachine.from_dict(yaml.safe_load(META % meta + text))


def one(transition: str, more: str = "") -> str:
    """A machine with one transition on `go` from `a` to `b`."""
    return f"{STATES}transitions:\n  - {{trigger: go, source: a, dest: b{transition}}}\n{more}"


def refuses(make: Any) -> bool:
    """Whether making a machine is refused."""
    try:
        make()
    except ConfigurationError:
        return True
    return False


# -- what is found when you generate ---------------------------------------------------------------------------


def misspelt_keys_are_ignored() -> bool:
    return written(one(', gaurds: [{expr: "False"}]')).process("a", "go", {}).success


def unknown_keys_are_ignored() -> bool:
    return written(one(", owner: me", "extra: 1\n")).process("a", "go", {}).success


def the_last_of_two_equal_keys_counts() -> bool:
    return written(one(", dest: c")).process("a", "go", {}).target_state == "c"


def a_broken_expression_fails_at_every_event() -> bool:
    machine = written(one(', guards: [{expr: "amount >="}]'))
    return machine.process("a", "go", {"amount": 1}).metadata["reason"] == "guards_failed"


def an_internal_transition_elsewhere_stays() -> bool:
    return written(one(", internal: true")).process("a", "go", {}).target_state == "a"


def events_without_a_trigger_are_accepted() -> bool:
    return written(one("", "events: [{name: gone, payload: {x: integer}}]\n")).process("a", "go", {}).success


def automatic_loops_end_after_20_rounds_in_silence() -> bool:
    loop = "  - {auto: true, source: b, dest: c}\n  - {auto: true, source: c, dest: b}\n"
    session = written(one("", loop)).create()
    return session.send("go").success and len(session.history) == 21


def on_and_off_are_no_names() -> bool:
    text = "states: [{name: on, type: initial}, {name: off}]\ntransitions: [{trigger: flip, source: on, dest: off}]\n"
    return refuses(lambda: written(text))


def a_version_must_be_text() -> bool:
    text = "meta: {machine_name: x, version: 1.10}\nstates: [{name: a, type: initial}]\ntransitions: []\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "machine.yaml")
        path.write_text(text)
        return refuses(lambda: StateMachine.from_yaml(path))


# -- guards ----------------------------------------------------------------------------------------------------


def not_of_a_guard_that_raises_holds() -> bool:
    return written(one(', guards: [{not: {expr: "amount > limit"}}]')).process("a", "go", {"amount": 1}).success


def a_guard_that_raises_oserror_raises_out_of_process() -> bool:
    machine = written(one(", guards: [g]"))

    @machine.guard("g")
    def g(ctx: Any) -> bool:
        raise TimeoutError

    try:
        machine.process("a", "go", {})
    except pystator.GuardExecutionError:
        return True
    return False


def text_checks_compare_str() -> bool:
    machine = written(one(", guards: [{check: {field: f, op: contains, value: 5}}]"))
    return machine.process("a", "go", {"f": 150}).success


def a_missing_guard_is_found_at_the_event() -> bool:
    session = written(one(", guards: [g]")).create()
    try:
        session.send("go")
    except pystator.GuardNotFoundError:
        return True
    return False


def payloads_are_not_checked() -> bool:
    machine = written(one("", "events: [{name: go, payload: {qty: integer}}]\n"))
    return machine.create().send("go").success and machine.create().send("go", qty="x").success


def validate_context_checks_nothing_in_sessions_and_process() -> bool:
    variables = "state_variables: [{key: qty, type: integer, required: true}]\n"
    machine = written(one("", variables), ", validate_context: true")
    return machine.process("a", "go", {}).success and machine.create().send("go", qty="x").success


def keys_of_the_engine_are_accepted() -> bool:
    return written(one("")).create().send("go", _event=1).success


# -- transitions -----------------------------------------------------------------------------------------------

ANYWHERE_FIRST = (
    STATES + 'transitions:\n  - {trigger: go, source: "*", dest: c}\n  - {trigger: go, source: a, dest: b}\n'
)


def a_wildcard_wins_by_its_place() -> bool:
    return built(ANYWHERE_FIRST).process("a", "go", {}).target_state == "c"


def files_with_a_wildcard_are_refused() -> bool:
    return refuses(lambda: written(ANYWHERE_FIRST))


def a_self_transition_neither_leaves_nor_enters() -> bool:
    text = (
        "states: [{name: a, type: initial, on_enter: [e], on_exit: [x]}]\n"
        "transitions: [{trigger: go, source: a, dest: a}]\n"
    )
    return written(text).process("a", "go", {}).all_actions == ()


def automatic_transitions_have_results_of_their_own() -> bool:
    machine = written(one("", "  - {auto: true, source: b, dest: c}\n"))
    session = machine.create()
    result = session.send("go")
    decided = machine.process("a", "go", {})
    return (result.target_state, session.current_state, decided.target_state) == ("b", "c", "b")


def automatic_transitions_of_the_initial_state_are_not_asked() -> bool:
    return written(one("", "  - {auto: true, source: a, dest: c}\n")).create().current_state == "a"


def branches_with_another_trigger_are_not_seen() -> bool:
    text = STATES + "transitions:\n  - {trigger: go, source: a, dest: ch}\n  - {auto: true, source: ch, dest: b}\n"
    return not written(text).process("a", "go", {}).success


def actions_of_branches_are_not_planned() -> bool:
    text = (
        STATES + "transitions:\n  - {trigger: go, source: a, dest: ch, actions: [t1]}\n"
        "  - {trigger: go, source: ch, dest: b, actions: [t2]}\n"
    )
    return written(text).process("a", "go", {}).all_actions == ("t1",)


def failing_guards_are_refused_without_strictness() -> bool:
    machine = written(one(', guards: [{expr: "False"}]'), ", strict_mode: false")
    return not machine.process("a", "go", {}).success


def an_ignored_event_is_a_no_op() -> bool:
    machine = written(one(""), ", strict_mode: false")
    return machine.process("b", "go", {}).metadata["no_op"] is True


# -- effects, actions, context ---------------------------------------------------------------------------------


def effects_need_execute_actions() -> bool:
    machine = written(one(", actions: [{increment: n}]"))
    idle, busy = machine.create(), machine.create(execute_actions=True)
    idle.send("go")
    busy.send("go")
    return "n" not in idle.context and busy.context["n"] == 1


def a_failing_effect_leaves_the_state_changed() -> bool:
    session = written(one(", actions: [{increment: n}]")).create(context={"n": "x"}, execute_actions=True)
    result = session.send("go")
    return result.success and session.current_state == "b"


def payloads_are_gone_unless_actions_ran() -> bool:
    session = written(one("")).create()
    session.send("go", qty=3)
    return session.context == {}


def creating_enters_nothing() -> bool:
    text = (
        "states: [{name: a, type: initial, on_enter: [{set: {n: 1}}]}]\ntransitions: []\n"
        "state_variables: [{key: q, type: integer, default: 7}]\n"
    )
    return written(text).create(execute_actions=True).context == {}


def when_is_asked_when_the_action_runs() -> bool:
    machine = written(one(', actions: [{name: x, when: "n > 1"}]'))
    return machine.process("a", "go", {"n": 0}).all_actions == ("x",)


def params_need_keyword_only_parameters() -> bool:
    outcomes: list[bool] = []
    for function in (lambda ctx: None, lambda ctx, p: None, lambda ctx, *, p: None, lambda ctx, **params: None):
        machine = written(one(", actions: [{name: x, params: {p: 1}}]"))
        machine.action("x")(function)
        result = machine.create(execute_actions=True).send("go")
        outcomes.append(result.metadata["action_results"][0]["success"])
    return outcomes == [False, False, True, True]


def a_missing_action_counts_as_a_success() -> bool:
    result = written(one(", actions: [x]")).create(execute_actions=True).send("go")
    (outcome,) = result.metadata["action_results"]
    return outcome["success"] and outcome["skipped"]


def actions_share_their_context() -> bool:
    machine = written(one(", actions: [x, y]"))
    seen: list[object] = []
    machine.action("x")(lambda ctx: ctx.update(q=1))
    machine.action("y")(lambda ctx: seen.append(ctx.get("q")))
    session = machine.create(execute_actions=True)
    session.send("go")
    return seen == [1] and session.context["new_status"] == "b"


def literals_of_set_are_shared() -> bool:
    text = (
        STATES + "transitions:\n  - {trigger: go, source: a, dest: b, actions: [{set: {items: []}}]}\n"
        "  - {trigger: add, source: b, dest: c, actions: [{append: {field: items, value: 1}}]}\n"
    )
    machine = written(text)
    one_session, other = machine.create(execute_actions=True), machine.create(execute_actions=True)
    one_session.send("go")
    one_session.send("add")
    other.send("go")
    return other.context["items"] == [1]


def timestamps_are_text() -> bool:
    variables = "state_variables: [{key: at, type: datetime}]\n"
    session = written(one(", actions: [{timestamp: at}]", variables)).create(execute_actions=True)
    session.send("go")
    return isinstance(session.context["at"], str)


def an_action_that_sends_deadlocks() -> bool:
    machine = written(one(", actions: [x]", "  - {trigger: next, source: b, dest: c}\n"))
    session = machine.create(execute_actions=True)
    machine.action("x")(lambda ctx: session.send("next"))
    thread = threading.Thread(target=lambda: session.send("go"), daemon=True)
    thread.start()
    thread.join(1)
    return thread.is_alive()


# -- what is called differently --------------------------------------------------------------------------------


def states_are_text_and_the_initial_one_an_object() -> bool:
    machine = written(one(""))
    return machine.create().current_state == "a" and machine.get_initial_state().name == "a"


def history_holds_all_successes() -> bool:
    session = written(one("")).create()
    session.send("nope")
    session.send("go")
    return [result.success for result in session.history] == [True]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    assert pystator.__version__ == "0.0.47", pystator.__version__
    claims = [
        value
        for name, value in list(globals().items())
        if callable(value) and getattr(value, "__annotations__", {}).get("return") == "bool" and name != "refuses"
    ]
    for claim in claims:
        print("true " if claim() else "FALSE", claim.__name__.replace("_", " "))
