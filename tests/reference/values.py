"""The part of the reference that is about values, in the forms that :mod:`reference.strategies` makes."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import simpleeval

Context = Mapping[str, Any]
MOMENT = "the moment of the step"

_PLAIN = {"eq": operator.eq, "neq": operator.ne, "is_set": operator.is_not, "is_null": operator.is_}
_ORDERINGS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_CHECKS: Mapping[str, Callable[[Any, Any], object]] = (
    _PLAIN
    | _ORDERINGS
    | {
        "in": lambda value, wanted: value in wanted,
        "not_in": lambda value, wanted: value not in wanted,
        "contains": lambda value, wanted: isinstance(value, str | list) and wanted in value,
        "starts_with": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
    }
)
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class EffectFailedError(Exception):
    """An effect or the condition of an action failed (S8.2, S8.5)."""


class Guards:
    """The application's guards, by name; ``raised`` tells whether one was met that raised (S5.3)."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = functions
        self.raised = False

    def hold(self, guards: list[Any], context: Context) -> bool:
        """All guards of a transition have to hold (S5.1)."""
        return all(self.verdict(guard, context) is True for guard in guards)

    def verdict(self, guard: Any, context: Context) -> bool | None:
        """True, False, or None for unknown (S5.2, S5.3)."""
        guard = {"name": guard} if isinstance(guard, str) else guard
        if "name" in guard:
            return self._asked(self._functions[guard["name"]], context, guard.get("params", {}))
        if "expr" in guard:
            return self._asked(lambda ctx: evaluated(guard["expr"], ctx), context, {})
        if "check" in guard:
            return checked(guard["check"], context)
        if "not" in guard:
            inner = self.verdict(guard["not"], context)
            return None if inner is None else not inner
        if "allOf" in guard:  # stops at the first that does not hold
            verdicts = (self.verdict(child, context) for child in guard["allOf"])
            return next((verdict for verdict in verdicts if verdict is not True), True)
        unlike = set()
        for child in guard["anyOf"]:
            if (verdict := self.verdict(child, context)) is True:
                return True
            unlike.add(verdict)
        return None if None in unlike else False

    def _asked(self, function: Callable[..., Any], context: Context, params: Mapping[str, Any]) -> bool | None:
        try:
            return bool(function(context, **params))
        except Exception:
            self.raised = True
            return None


def checked(check: Mapping[str, Any], context: Context) -> bool:
    """A check (S5.8): a missing field is null, and what does not compare is plainly false."""
    value, op = context.get(check["field"]), check["op"]
    try:
        return bool(_CHECKS[op](value, check["values"] if "values" in check else check.get("value")))
    except TypeError:
        return False


def evaluated(text: str, context: Context) -> Any:
    """The value of an expression (S5.7)."""
    return simpleeval.SimpleEval(names=dict(context)).eval(text)


def carried_out(plan: list[Any], context: dict[str, Any]) -> list[str]:
    """Apply the effects of a plan to the context in planned order; the names of the actions (S8.2, S8.5)."""
    names: list[str] = []
    for entry in plan:
        entry = {"name": entry} if isinstance(entry, str) else entry
        try:
            when = entry.get("when", "True")
            if not (evaluated(when, context) if isinstance(when, str) else checked(when["check"], context)):
                continue
            if "name" in entry:
                names.append(entry["name"])
            else:
                _apply(entry, context)
        except Exception as error:
            raise EffectFailedError from error
    return names


def _apply(effect: Mapping[str, Any], context: dict[str, Any]) -> None:
    ((form, body),) = ((key, value) for key, value in effect.items() if key != "when")
    match form:
        case "set":
            context.update(copy.deepcopy(body))
        case "timestamp":
            context[body] = MOMENT
        case "increment" | "decrement":
            if type(value := context.get(body, 0)) not in (int, float):
                raise TypeError(body)
            context[body] = value + (1 if form == "increment" else -1)
        case "append":
            if not isinstance(items := context.get(body["field"], []), list):
                raise TypeError(body)
            context[body["field"]] = [*items, copy.deepcopy(body["value"])]
        case "clear":
            context.pop(body, None)
        case "compute":
            for key, text in body.items():
                context[key] = evaluated(text, context)


def milliseconds(after: int | float | str) -> int:
    """How long a delayed transition waits (S9.1)."""
    text = str(after)
    number = text.rstrip("msdh")
    return int(Fraction(number) * _UNITS[text[len(number) :] or "ms"])
