"""The contract of a machine: what is done with its variables fits what `state_variables` and `events` say of them.

It is asked only where `state_variables` are declared, and holds what can't be known to be right (see `inference`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pystator_gen import codes
from pystator_gen.analyze.context import type_of
from pystator_gen.analyze.findings import Findings, Related
from pystator_gen.analyze.functions import Functions, Use, short
from pystator_gen.document import NodePath
from pystator_gen.expressions import kinds
from pystator_gen.expressions.checks import EQUALITY, MEMBERSHIP, PRESENCE, TEXT
from pystator_gen.expressions.inference import HOW_TO_DECLARE, Fault, different, in_words, infer, likely
from pystator_gen.expressions.kinds import UNKNOWN, Possible, applied, may_equal, shown, union
from pystator_gen.parse.actions import (
    AppendEffect,
    ClearEffect,
    ComputeEffect,
    DecrementEffect,
    IncrementEffect,
    SetEffect,
    TimestampEffect,
)
from pystator_gen.parse.fitting import fits
from pystator_gen.parse.guards import Check, NamedGuard
from pystator_gen.parse.models import MachineDocument, PayloadField
from pystator_gen.parse.types import ANY, ApplicationType, DictOf, ListOf, Optional, Primitive, Type
from pystator_gen.spelling import nearest

_CODES: Final = {
    Fault.UNKNOWN_VARIABLE: codes.UNKNOWN_VARIABLE,
    Fault.BAD_OPERANDS: codes.BAD_OPERANDS,
    Fault.ONE_ANSWER: codes.ONE_ANSWER,
}
_ORDERINGS: Final[dict[str, Callable[..., object]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def check_contract(parsed: MachineDocument, functions: Functions, findings: Findings) -> None:
    """Report every expression, check, effect and param that does not fit what is declared."""
    if parsed.state_variables is None:
        return
    contract = _Contract(parsed, functions.uses, findings)
    for use, path in functions.uses:
        contract.check(use, path)


class _Contract:
    """What is declared, and what is reported about its uses."""

    def __init__(self, parsed: MachineDocument, uses: Sequence[tuple[Use, NodePath]], findings: Findings) -> None:
        self._parsed = parsed
        self._findings = findings
        self._declared = {variable.key: type_of(variable) for variable in parsed.state_variables or ()}
        self._payloads = {event.name: event.payload or {} for event in parsed.events}
        self._written = {key for use, _ in uses for key in _written(use)}
        self._choices = {state.name for state in parsed.states if state.type == "choice"}
        self._anywhere = self._all_keys()
        self._params: dict[tuple[str, str], tuple[Possible, NodePath]] = {}

    def _all_keys(self) -> dict[str, Possible]:
        """What each key of the context may hold, whatever happened before."""
        found: dict[str, list[Possible]] = {key: [kinds.of_type(type_)] for key, type_ in self._declared.items()}
        for payload in self._payloads.values():
            for key, field in payload.items():
                found.setdefault(key, []).append(kinds.of_type(type_of(field)))
        for key in self._written - self._declared.keys():
            found[key] = [UNKNOWN]
        return {key: union(possibles) for key, possibles in found.items()}

    def _variables(self, path: NodePath) -> Mapping[str, Possible]:
        """What each key may hold at a place: on a transition, its event has just brought the payload (`S8.3`)."""
        if path[0] != "transitions":
            return self._anywhere
        transition = self._parsed.transitions[int(path[1])]
        if transition.auto or transition.after is not None or self._choices.intersection(transition.source):
            return self._anywhere  # it may be taken without this event
        payload = self._payloads.get(transition.trigger or "", {})
        brought = {key: kinds.of_type(type_of(field)) for key, field in payload.items() if self._is_brought(key, field)}
        return {**self._anywhere, **brought}

    def _is_brought(self, key: str, field: PayloadField) -> bool:
        """Whether what the event brings is certainly what the key holds, for no effect has written it meanwhile."""
        return (field.required or field.has_default) and key not in self._written

    def check(self, use: Use, path: NodePath) -> None:
        """Report what is wrong with one use."""
        match use:
            case str():
                self._check_expression(use, path)
            case Check():
                self._check_check(use, path)
            case NamedGuard():
                self._check_params(use, path)
            case SetEffect():
                for key, value in use.values.items():
                    self._check_value(f"`{key}`", value, self._declared.get(key, ANY), (*path, "set", key))
            case AppendEffect():
                self._check_append(use, path)
            case TimestampEffect():
                self._check_timestamp(use.field, (*path, "timestamp"))
            case IncrementEffect():
                self._check_counted(use.field, "increment", (*path, "increment"))
            case DecrementEffect():
                self._check_counted(use.field, "decrement", (*path, "decrement"))
            case ClearEffect():
                pass  # to clear what is not there is no error (`S8.2`)
            case ComputeEffect():
                pass  # each of its expressions is a use of its own

    # -- expressions -----------------------------------------------------------------------------------------------

    def _check_expression(self, text: str, path: NodePath) -> None:
        inferred = infer(text, self._variables(path))
        for misfit, offset in inferred.misfits:
            message = f"in the expression `{short(text)}`: {misfit.message}"
            span = self._findings.inside(text, offset, path)
            self._findings.error_at(_CODES[misfit.fault], message, span, misfit.hint)
        if path[-2] == "compute":
            self._check_computed(str(path[-1]), inferred.possible, path)

    def _check_computed(self, key: str, possible: Possible, path: NodePath) -> None:
        declared = self._declared.get(key, ANY)
        if not _may_be(possible, declared):
            message = f"`{key}` is {declared}, and this gives {_told(possible)}"
            self._findings.error(codes.BAD_WRITE, message, path, _hint_at(possible, declared))

    # -- checks ------------------------------------------------------------------------------------------------------

    def _check_check(self, check: Check, path: NodePath) -> None:
        if check.field.startswith("_"):
            return  # the engine's (`S8.4`)
        variables = self._variables(path)
        if check.field not in variables:
            self._unknown(check.field, (*path, "field"))
            return
        possible = variables[check.field]
        for value, place in _compared(check, path):
            self._check_compared(check, possible, value, place)

    def _check_compared(self, check: Check, field: Possible, value: object, path: NodePath) -> None:
        wanted = kinds.of_value(value)
        name, op = check.field, check.op
        if field is None or wanted is None or value is None:
            return
        if op in _ORDERINGS and applied(_ORDERINGS[op], field, wanted) == frozenset():
            self._one_answer(name, f"never holds: {shown(field)} and {shown(wanted)} do not compare", path)
        elif op in TEXT and not any(shape.kind == "string" for shape in field):
            self._one_answer(name, f"never holds: `{op}` looks at texts, and this is {shown(field)}", path)
        elif op == "contains":
            self._check_contains(name, field, wanted, path)
        elif (op in EQUALITY or op in MEMBERSHIP) and not may_equal(field, wanted):
            answer = {"eq": "never holds", "neq": "always holds"}.get(op, "never matches")
            self._one_answer(name, f"{answer}: {different(field, wanted)}", path, likely(field, wanted))

    def _check_contains(self, name: str, field: Possible, wanted: Possible, path: NodePath) -> None:
        holders = [shape for shape in field or () if shape.kind in ("string", "list")]
        items = union(kinds.of_kinds("string") if shape.kind == "string" else shape.items for shape in holders)
        if not holders:
            told = f"never holds: `contains` looks into texts and lists, and this is {shown(field)}"
            self._one_answer(name, told, path)
        elif not may_equal(items, wanted):
            told = f"never holds: {different(items, wanted)}"
            self._one_answer(name, told, path, likely(items, wanted))

    def _one_answer(self, name: str, told: str, path: NodePath, hint: str | None = None) -> None:
        message = f"this check of `{name}` {told}"
        self._findings.error(codes.ONE_ANSWER, message, path, hint or self._how_declared(name))

    # -- effects -----------------------------------------------------------------------------------------------------

    def _check_value(self, name: str, value: Any, declared: Type, path: NodePath) -> None:
        if _has_application_type(declared) or fits(declared, value):
            return
        base = _without_null(declared)
        if isinstance(base, ListOf) and isinstance(value, list):
            for index, item in enumerate(value):
                self._check_value(f"an item of {name}", item, base.item, (*path, index))
            return
        possible = kinds.of_value(value)
        message = f"{name} is {declared}, and this is {_told(possible)}"
        self._findings.error(codes.BAD_WRITE, message, path, _hint_at(possible, declared, value))

    def _check_append(self, effect: AppendEffect, path: NodePath) -> None:
        declared = _without_null(self._declared.get(effect.field, ANY))
        if isinstance(declared, ListOf):
            item = f"an item of `{effect.field}`"
            self._check_value(item, effect.value, declared.item, (*path, "append", "value"))
        elif declared not in (ANY, Primitive("array")) and not isinstance(declared, ApplicationType):
            message = f"`append` adds to a list, and `{effect.field}` is {declared}"
            self._findings.error(
                codes.BAD_WRITE, message, (*path, "append", "field"), "declare it as `array` or `list[...]`"
            )

    def _check_counted(self, name: str, effect: str, path: NodePath) -> None:
        possible = kinds.of_type(self._declared.get(name, ANY))
        counted = kinds.NUMBERS - {"boolean"}
        if possible is not None and not any(shape.kind in counted for shape in possible):
            message = f"`{effect}` counts, and `{name}` is {self._declared[name]}"
            self._findings.error(codes.BAD_WRITE, message, path, "declare it as `integer`, `number` or `decimal`")

    def _check_timestamp(self, name: str, path: NodePath) -> None:
        possible = kinds.of_type(self._declared.get(name, ANY))
        is_listed = possible is not None and all(shape.exactly for shape in possible)
        if possible is not None and (is_listed or not {"datetime", "string"} & {shape.kind for shape in possible}):
            message = f"`timestamp` writes a moment, and `{name}` is {self._declared[name]}"
            self._findings.error(
                codes.BAD_WRITE, message, path, "declare it as `datetime`, or as `string` for its text"
            )

    # -- params ------------------------------------------------------------------------------------------------------

    def _check_params(self, guard: NamedGuard, path: NodePath) -> None:
        """The values that one param has in all uses of a guard are of one kind, numbers being one; null is any."""
        for key, value in guard.params.items():
            possible = kinds.of_value(value)
            if value is None or possible is None:
                continue
            place = (*path, "params", key)
            first, first_place = self._params.setdefault((guard.name, key), (possible, place))
            if _sort(first) != _sort(possible):
                related: Related = (first_place, f"{shown(first)} here")
                self._findings.error(
                    codes.PARAMS_DISAGREE,
                    f"the param `{key}` of the guard `{guard.name}` is {shown(possible)} here",
                    place,
                    "give it values of one type in all uses",
                    related=related,
                )

    # -- what to say -------------------------------------------------------------------------------------------------

    def _unknown(self, name: str, path: NodePath) -> None:
        message = f"there is no variable `{name}`"
        hint = nearest(name, self._anywhere) or HOW_TO_DECLARE
        self._findings.error(codes.UNKNOWN_VARIABLE, message, path, hint)

    def _how_declared(self, name: str) -> str | None:
        declared = self._declared.get(name)
        return None if declared is None else f"`{name}` is declared as {declared}"


def _written(use: Use) -> Iterable[str]:
    match use:
        case SetEffect():
            return use.values
        case ComputeEffect():
            return use.expressions
        case TimestampEffect() | IncrementEffect() | DecrementEffect() | AppendEffect():
            return (use.field,)
        case _:
            return ()


def _compared(check: Check, path: NodePath) -> Iterable[tuple[object, NodePath]]:
    """The values that a check compares with, each with its place."""
    if check.op in PRESENCE:
        return ()
    if check.values is None:
        return ((check.value, (*path, "value")),)
    return ((value, (*path, "values", index)) for index, value in enumerate(check.values))


def _may_be(possible: Possible, declared: Type) -> bool:
    """Whether such a value may be of a declared type."""
    allowed = kinds.of_type(declared)
    if possible is None or allowed is None:
        return True
    return any(_is_within(one, other) for one in possible for other in allowed)


def _is_within(given: kinds.Shape, wanted: kinds.Shape) -> bool:
    if given.kind == wanted.kind:
        return not given.exactly or not wanted.exactly or given == wanted
    return given.kind == "integer" and wanted.kind == "decimal"  # which reckons with whole numbers


def _has_application_type(declared: Type) -> bool:
    match declared:
        case ApplicationType():
            return True
        case Optional() | ListOf():
            return _has_application_type(declared.item)
        case DictOf():
            return _has_application_type(declared.key) or _has_application_type(declared.value)
        case _:
            return False


def _without_null(declared: Type) -> Type:
    return declared.item if isinstance(declared, Optional) else declared


def _sort(possible: Possible) -> set[str]:
    """What a param is for a function: text, truth value, list, mapping, or a number of whatever kind."""
    return {"number" if shape.kind in ("integer", "float") else shape.kind for shape in possible or ()}


def _told(possible: Possible) -> str:
    values = [shape.exactly.value for shape in possible or () if shape.exactly]
    if len(values) != 1 or values[0] is None:
        return shown(possible)
    return f"the {shown(possible)} `{in_words(values[0])}`"


def _hint_at(possible: Possible, declared: Type, value: object = None) -> str:
    found = {shape.kind for shape in possible or ()}
    wanted = _without_null(declared)
    if found == {"null"}:
        return f"write `{declared}?` if it may be null, or `clear` the field"
    if found == {"string"} and wanted == Primitive("boolean"):
        return "write `true` or `false`"
    if found == {"float"} and wanted == Primitive("integer"):
        return "round it (`//` divides whole numbers), or declare the variable as `number`"
    instead = "; to write what an expression gives, use `compute`" if isinstance(value, str) else ""
    remedy = f"write a value of type {declared}, or declare another type{instead}"
    return likely(kinds.of_type(declared), possible) or remedy
