"""The dispatch table of a module: conditions, shared plans, rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pystator_gen import model, naming, view
from pystator_gen.annotations import default_value
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.configs import active
from pystator_gen.parse.types import ANY, ListOf, Optional

_SIMPLE_EFFECTS = {
    model.EffectKind.INCREMENT: "rt.Increment({field})",
    model.EffectKind.DECREMENT: "rt.Increment({field}, -1)",
    model.EffectKind.CLEAR: "rt.Clear({field})",
}


def state_name(state: model.State) -> str:
    """What the table calls a state: mypy is slow to look up members of an enum that has many."""
    return f"_STATE_{state.member}"


def reached(found: model.Active, prefix: str) -> str:
    """The table's expression for what is active: the name of a state, or a config."""
    return state_name(found) if isinstance(found, model.State) else active(found, prefix)


class Table:
    """Writes the table of one machine; what several rows need is written once and named."""

    def __init__(self, machine: model.Machine, imports: Imports) -> None:
        self._machine = machine
        self._imports = imports
        self._functions: dict[tuple[str, str, str], view.Function] = {}
        self._constants: dict[str, view.Constant] = {}
        self._types = {variable.key: variable.type for variable in machine.variables or ()}
        self._uses = Counter(self._shareable_texts())
        self.rows = tuple(self._row(row) for row in machine.rows)
        self.invariants = {invariant.name: self.guard(invariant.guard) for invariant in machine.invariants}

    @property
    def functions(self) -> tuple[view.Function, ...]:
        """The compiled expressions, in order of first use."""
        return tuple(self._functions.values())

    @property
    def constants(self) -> tuple[view.Constant, ...]:
        """The plans and guards that are shared, in order of first use."""
        return tuple(self._constants.values())

    # -- rows --------------------------------------------------------------------------------------------------

    def _row(self, row: model.Row) -> view.Row:
        options = self._region_options(row) if row.regions else []
        if entry := self._plans("ENTER", row.entry):
            options.append(f"entry={entry}")
        inward = [state.name for state in reversed(row.entry)]
        if len(inward) > 1:
            options.append(f"active=frozenset({python_literal(tuple(inward))})")
        if row.state.is_terminal:
            options.append("is_terminal=True")
        if row.fallback is not None:
            options.append(f"fallback={self._candidate(row.fallback)}")
        if row.state.region is not None:
            options.extend(self._lying_options(row, row.state.region))
        triggers = tuple(
            view.TriggerRow(python_literal(label), tuple(map(self._candidate, found)))
            for label, found in row.on.items()
        )
        automatic = tuple(map(self._candidate, row.automatic))
        delayed = tuple(
            view.TriggerRow(self._timer(timer), tuple(map(self._candidate, found)))
            for timer, found in row.delayed.items()
        )
        kind = "Container" if row.regions else "Row"
        return view.Row(kind, self._state(row.state), triggers, automatic, delayed, tuple(options))

    def _region_options(self, row: model.Row) -> list[str]:
        """What the row of a parallel state has beside what all rows have."""
        regions = (
            f"rt.Region({python_literal(region.name)}, {self._active(region.initial)}"
            f"{f', finals={python_literal(region.finals)}' if region.finals else ''})"
            for region in row.regions
        )
        options = [f"config={naming.config_class(self._machine.prefix, row.state.name)}", f"regions={_tuple(regions)}"]
        for name, occasion in (("on_enter", "ENTER"), ("on_exit", "EXIT")):
            if plan := self._plans(occasion, (row.state,)):
                options.append(f"{name}={plan}")
        return options

    def _lying_options(self, row: model.Row, region: model.RegionName) -> list[str]:
        """What a row in a region has: which one that is, and what it means to leave that from outside."""
        options = [f"region={python_literal((region.container, region.name))}"]
        if exit_plan := self._plans("EXIT", row.entry[::-1]):
            options.append(f"exit={exit_plan}")
        if compounds := tuple(state.name for state in reversed(row.entry) if state.is_compound):
            options.append(f"records={python_literal(compounds)}")
        return options

    def _candidate(self, candidate: model.Candidate) -> str:
        parts = [
            self._state(candidate.source),
            python_literal(candidate.label),
            self._state(candidate.source) if candidate.internal else self._active(candidate.target),
        ]
        if candidate.guards:
            parts.append(f"guards={self._shared('GUARDS', _tuple(map(self.guard, candidate.guards)))}")
        if exit_plan := self._plans("EXIT", candidate.exit):
            parts.append(f"exit={exit_plan}")
        if candidate.actions:
            parts.append(f"actions={self._shared('ACTIONS', _tuple(map(self._planned, candidate.actions)))}")
        parts.extend(self._way_options(candidate.way))
        if candidate.leaves is not None:
            parts.append(f"leaves={python_literal(candidate.leaves.name)}")
        if candidate.records:
            parts.append(f"records={python_literal(candidate.records)}")
        if candidate.restoration is not None:
            parts.append(f"restoration={self._restoration(candidate.restoration)}")
        return f"rt.Transition({', '.join(parts)})"

    def _way_options(self, way: model.Way) -> list[str]:
        options: list[str] = []
        for name, states in (("entry", way.entry), ("entry_after", way.entry_after)):
            if plan := self._plans("ENTER", states):
                options.append(f"{name}={plan}")
        for name, timers in (("armed", way.armed), ("armed_after", way.armed_after), ("disarmed", way.disarmed)):
            if timers:
                options.append(f"{name}={_tuple(map(self._timer, timers))}")
        if way.restores is not None:
            options.append(f"restores={python_literal(way.restores.value)}")
        return options

    def _restoration(self, restoration: model.Restoration) -> str:
        """The name of the constant that holds a history destination: many leaves have the same one."""
        ways = {
            leaf: f"rt.Way({', '.join([self._active(way.target), *self._way_options(way)])})"
            for leaf, way in restoration.ways.items()
        }
        pairs = ", ".join(f"{python_literal(leaf)}: {way}" for leaf, way in ways.items())
        return self._constant("HISTORY", f"rt.Restoration({python_literal(restoration.parent)}, {{{pairs}}})")

    def _timer(self, timer: model.Timer) -> str:
        """The name of the constant that holds a timer."""
        text = f"rt.Timer({python_literal(timer.source)}, {python_literal(timer.label)}, {timer.delay})"
        return self._constant("TIMER", text)

    def _active(self, found: model.Active) -> str:
        return reached(found, self._machine.prefix)

    def _state(self, state: model.State) -> str:
        return state_name(state)

    def _shareable_texts(self) -> Iterator[str]:
        """The guards and actions of every candidate, as text: what occurs twice is worth a name."""
        for row in self._machine.rows:
            groups = (*row.on.values(), row.automatic, *row.delayed.values())
            for candidate in (candidate for found in groups for candidate in found):
                yield _tuple(map(self.guard, candidate.guards))
                yield _tuple(map(self._planned, candidate.actions))

    def _shared(self, kind: str, text: str) -> str:
        """``text``, or the name of a constant that holds it, if it is used more than once."""
        return text if self._uses[text] < 2 else self._constant(kind, text)

    def _constant(self, kind: str, text: str) -> str:
        """The name of the constant that holds ``text``."""
        if text not in self._constants:
            number = 1 + sum(constant.name.startswith(f"_{kind}_") for constant in self._constants.values())
            self._constants[text] = view.Constant(f"_{kind}_{number}", text)
        return self._constants[text].name

    def _plans(self, occasion: str, states: Sequence[model.State]) -> str:
        """The entry or exit of several states, as the constants that hold those of each; empty if there are none."""
        names: list[str] = []
        for state in states:
            plan = state.entry if occasion == "ENTER" else state.exit
            if plan:
                name = f"_{occasion}_{state.member}"
                self._constants.setdefault(name, view.Constant(name, _tuple(map(self._planned, plan))))
                names.append(name)
        return " + ".join(names)

    # -- guards ------------------------------------------------------------------------------------------------

    def guard(self, guard: model.Guard) -> str:
        """The expression that builds one guard."""
        match guard:
            case model.Condition():
                return self._condition(guard.function)
            case model.NamedGuard():
                return f"rt.Named({_call(guard.name, guard.params)})"
            case model.Combined():
                return f"rt.{guard.kind}({', '.join(map(self.guard, guard.guards))})"

    def _condition(self, function: model.Function) -> str:
        decorator = f"rt.condition({python_literal(function.text)})"
        return self._function("condition", decorator, "object", function)

    def _function(self, kind: str, decorator: str | None, returns: str, function: model.Function) -> str:
        key = (kind, function.text, function.source)
        if key not in self._functions:
            number = sum(1 for known in self._functions if known[0] == kind) + 1
            for module, helper in function.helpers:
                self._imports.name(module, helper)
            self._imports.name("collections.abc", "Mapping")
            self._imports.typing("Any")
            self._functions[key] = view.Function(f"_{kind}_{number}", decorator, returns, function.source)
        return self._functions[key].name

    # -- plans -------------------------------------------------------------------------------------------------

    def _planned(self, planned: model.Planned) -> str:
        items = ", ".join(map(self._item, planned.items))
        return items if planned.when is None else f"rt.When({self._condition(planned.when.function)}, {items})"

    def _item(self, item: model.NamedAction | model.Effect) -> str:
        if isinstance(item, model.Effect):
            return self._effect(item)
        parts = [_call(item.name, item.params)]
        for option in ("retry", "retry_backoff", "timeout"):
            value = getattr(item, option)
            if value is not None:
                parts.append(f"{option}={python_literal(value)}")
        return f"rt.ActionSpec({', '.join(parts)})"

    def _effect(self, effect: model.Effect) -> str:
        field = python_literal(effect.field)
        match effect.kind:
            case model.EffectKind.SET:
                pairs = (f"{python_literal(key)}: {self._value(key, value)}" for key, value in effect.value.items())
                return f"rt.SetFields(lambda: {{{', '.join(pairs)}}})"
            case model.EffectKind.APPEND:
                return f"rt.Append({field}, lambda: {self._value(effect.field, effect.value, is_item=True)})"
            case model.EffectKind.TIMESTAMP:
                return f"rt.Timestamp({field})" if effect.as_text else f"rt.Timestamp({field}, as_text=False)"
            case model.EffectKind.COMPUTE if effect.function is not None:
                name = self._function("compute", None, self._imports.typing("Any"), effect.function)
                return f"rt.Compute({field}, {name})"
            case _:
                return _SIMPLE_EFFECTS[effect.kind].format(field=field)

    def _value(self, key: str, value: Any, *, is_item: bool = False) -> str:
        """A value that is written to a variable: the text of a date or decimal is one there, as it is in a default."""
        declared = self._types.get(key, ANY)
        if is_item:
            base = declared.item if isinstance(declared, Optional) else declared
            declared = base.item if isinstance(base, ListOf) else ANY
        return default_value(value, declared, self._imports)


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"


def _call(name: str, params: Mapping[str, Any]) -> str:
    return f"{python_literal(name)}, {python_literal(dict(params))}" if params else python_literal(name)
