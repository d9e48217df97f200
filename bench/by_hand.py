"""A machine file as an engineer would write it by hand: one Python class, with what type checkers can know about it.

An enum of the states, a typed dictionary of the context, protocols of the guards and actions, a method per trigger with
its payload, a property per state, a dispatch dictionary of transitions, results; on demand also a view per state, with
the triggers that this state accepts and where they lead. Nothing is imported but the standard library, and there is no
more than that: no events by name, nothing async, no store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_TYPES = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}
_OPERATORS = {"eq": "==", "neq": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

IMPORTS = """from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, Unpack, cast
"""

_RESULTS = '''
@dataclass(frozen=True, slots=True)
class Result:
    """What an event did, or why it was refused."""

    trigger: str
    source: State
    target: State | None
    error: str = ""

    @property
    def success(self) -> bool:
        return self.target is not None


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an event leads, on which conditions, and what is done on the way."""

    target: State
    guards: tuple[Callable[[Machine], bool], ...] = ()
    actions: tuple[Callable[[Machine], None], ...] = ()
'''

_MACHINE = '''
class Machine:
    """One entity: where it is, and its data."""

    def __init__(self, guards: Guards, actions: Actions, context: Context) -> None:
        self.guards = guards
        self.actions = actions
        self.context = context
        self.state = State.{initial}
        self.history: list[Result] = []

    def _fire(self, trigger: str, payload: Mapping[str, Any]) -> Result:
        source = self.state
        merged: Any = {{**self.context, **payload}}
        self.context = merged
        for transition in TRANSITIONS.get((source, trigger), ()):
            if all(guard(self) for guard in transition.guards):
                for action in (*EXITS.get(source, ()), *transition.actions, *ENTRIES.get(transition.target, ())):
                    action(self)
                self.state = transition.target
                result = Result(trigger, source, transition.target)
                break
        else:
            result = Result(trigger, source, None, f"{{trigger!r}} is not possible from {{source!r}}")
        self.history.append(result)
        return result
'''


_VIEW = """
class _StateView:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def _next(self, result: Result) -> Any:
        return VIEWS[self.machine.state](self.machine)
"""


def written(definition: Mapping[str, Any], *, views: bool) -> str:
    """The module for the machine that ``definition``, a file of :mod:`bench.machines`, describes."""
    return "\n".join(_Engineer(definition).lines(views=views)) + "\n"


class _Engineer:
    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.definition = definition
        self.payloads = {event["name"]: event["payload"] for event in definition["events"]}
        self.functions: dict[str, str] = {}
        self.guards: set[str] = set()
        self.actions: dict[str, set[str]] = {}

    def lines(self, *, views: bool) -> Iterator[str]:
        yield IMPORTS
        table = [*self._table()]  # first, for it finds what functions there have to be
        yield from ("", "class State(StrEnum):")
        yield from (f'    {state["name"].upper()} = "{state["name"]}"' for state in self.definition["states"])
        yield from self._dictionaries()
        yield from self._protocols()
        yield _RESULTS
        initial = next(state for state in self.definition["states"] if state.get("type") == "initial")
        yield _MACHINE.format(initial=initial["name"].upper())
        yield from self._properties()
        yield from self._methods()
        if views:
            yield from ("", "    def view(self) -> View:")
            yield from ("        view: View = VIEWS[self.state](self)", "        return view", "")
            yield from self._views()
        for source, name in self.functions.items():
            result = "bool" if name.startswith("_holds") else "None"
            yield from ("", f"def {name}(machine: Machine) -> {result}:", f"    {source}", "")
        yield from table

    def _dictionaries(self) -> Iterator[str]:
        variables = {entry["key"]: _TYPES[entry["type"]] for entry in self.definition["state_variables"]}
        given = {
            key: self._payload_type(kind)[0]
            for payload in self.payloads.values()
            for key, kind in payload.items()
            if key not in variables
        }
        yield from ("", "", "class Variables(TypedDict, total=False):")
        yield from (f"    {key}: {kind}" for key, kind in variables.items())
        yield from ("", "", "class Context(Variables, total=False):")
        yield from (f"    {key}: {kind}" for key, kind in given.items())

    @staticmethod
    def _payload_type(kind: str) -> tuple[str, str]:
        """The annotation of an argument, and its default with the equals sign."""
        if kind.endswith("?"):
            return f"{_TYPES[kind[:-1]]} | None", " = None"
        name, _, default = kind.partition(" = ")
        return _TYPES[name], f' = "{default}"' if default else ""

    def _protocols(self) -> Iterator[str]:
        yield from ("", "", "class Guards(Protocol):")
        yield from (f"    def {name}(self, ctx: Context) -> bool: ..." for name in sorted(self.guards))
        yield from ("", "", "class Actions(Protocol):")
        for name, params in sorted(self.actions.items()):
            keywords = ", *, channel: str = ..., retries: int = ..." if params else ""
            yield f"    def {name}(self, ctx: Context{keywords}) -> object: ..."

    def _properties(self) -> Iterator[str]:
        for state in self.definition["states"]:
            yield from ("", "    @property", f"    def is_{state['name']}(self) -> bool:")
            yield f"        return self.state == State.{state['name'].upper()}"

    def _methods(self) -> Iterator[str]:
        for trigger in dict.fromkeys(entry["trigger"] for entry in self.definition["transitions"]):
            signature, passed, _ = self._taken(trigger)
            yield from ("", f"    def {trigger}(self, {signature}) -> Result:")
            yield f'        return self._fire("{trigger}", {passed})'

    def _taken(self, trigger: str) -> tuple[str, str, str]:
        """The parameters of a trigger, the payload that they make, and what passes them on to the same parameters."""
        payload = self.payloads.get(trigger)
        if payload is None:
            return "**payload: Unpack[Variables]", "payload", "**payload"
        kinds = {key: self._payload_type(kind) for key, kind in payload.items()}
        signature = ", ".join(f"{key}: {kind}{default}" for key, (kind, default) in kinds.items())
        made = ", ".join(f'"{key}": {key}' for key in payload)
        return f"*, {signature}", f"{{{made}}}", ", ".join(f"{key}={key}" for key in payload)

    def _views(self) -> Iterator[str]:
        states = [state["name"] for state in self.definition["states"]]
        leads: dict[str, dict[str, list[str]]] = {state: {} for state in states}
        for entry in self.definition["transitions"]:
            found = leads[entry["source"]].setdefault(entry["trigger"], [entry["source"]])
            if entry["dest"] not in found:
                found.append(entry["dest"])
        yield _VIEW
        for state in states:
            yield from ("", f"class {_view(state)}(_StateView):", f"    state: Literal[State.{state.upper()}]")
            for trigger, reached in leads[state].items():
                signature, _, passed = self._taken(trigger)
                union = " | ".join(map(_view, reached))
                yield from ("", f"    def {trigger}(self, {signature}) -> {union}:")
                yield f'        return cast("{union}", self._next(self.machine.{trigger}({passed})))'
            yield ""
        yield f"View: TypeAlias = {' | '.join(map(_view, states))}"
        yield "VIEWS: dict[State, Callable[[Machine], Any]] = {"
        yield from (f"    State.{state.upper()}: {_view(state)}," for state in states)
        yield "}"

    def _table(self) -> Iterator[str]:
        rows: dict[tuple[str, str], list[str]] = {}
        for entry in self.definition["transitions"]:
            guards = [self._guard(guard) for guard in entry.get("guards", ())]
            actions = [self._action(action) for action in entry.get("actions", ())]
            given = [f"State.{entry['dest'].upper()}"]
            given.extend(f"{key}={_tuple(found)}" for key, found in (("guards", guards), ("actions", actions)) if found)
            rows.setdefault((entry["source"], entry["trigger"]), []).append(f"Transition({', '.join(given)})")
        yield from ("", "", "TRANSITIONS: dict[tuple[State, str], tuple[Transition, ...]] = {")
        yield from (f'    (State.{source.upper()}, "{on}"): {_tuple(found)},' for (source, on), found in rows.items())
        yield "}"
        for name, key in (("EXITS", "on_exit"), ("ENTRIES", "on_enter")):
            yield f"{name}: dict[State, tuple[Callable[[Machine], None], ...]] = {{"
            for state in self.definition["states"]:
                if key in state:
                    yield f"    State.{state['name'].upper()}: {_tuple(map(self._action, state[key]))},"
            yield "}"

    def _function(self, kind: str, source: str) -> str:
        return self.functions.setdefault(source, f"_{kind}_{len(self.functions) + 1}")

    def _guard(self, guard: Any) -> str:
        return self._function("holds", f"return {self._condition(guard)}")

    def _condition(self, guard: Any) -> str:
        if isinstance(guard, str):
            self.guards.add(guard)
            return f"machine.guards.{guard}(machine.context)"
        if "anyOf" in guard:
            return f"({' or '.join(map(self._condition, guard['anyOf']))})"
        if "check" in guard:
            check = guard["check"]
            return f'machine.context["{check["field"]}"] {_OPERATORS[check["op"]]} {check["value"]}'
        return self._expression(guard["expr"])

    def _expression(self, text: str) -> str:
        keys = sorted((entry["key"] for entry in self.definition["state_variables"]), key=len, reverse=True)
        return re.sub(rf"\b({'|'.join(keys)})\b", r'machine.context["\1"]', text)

    def _action(self, action: Any) -> str:
        if isinstance(action, str):
            action = {"name": action}
        if "name" in action:
            params = action.get("params", {})
            self.actions.setdefault(action["name"], set()).update(params)
            keywords = "".join(f", {key}={value!r}" for key, value in params.items())
            return self._function("does", f"machine.actions.{action['name']}(machine.context{keywords})")
        ((kind, about),) = action.items()
        match kind:
            case "set":
                ((key, value),) = about.items()
                return self._function("does", f'machine.context["{key}"] = {value!r}')
            case "increment":
                return self._function("does", f'machine.context["{about}"] += 1')
            case "timestamp":
                return self._function("does", f'machine.context["{about}"] = datetime.now(timezone.utc).isoformat()')
            case _:
                ((key, text),) = about.items()
                return self._function("does", f'machine.context["{key}"] = {self._expression(text)}')


def _view(state: str) -> str:
    return f"{state.title().replace('_', '')}View"


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"
