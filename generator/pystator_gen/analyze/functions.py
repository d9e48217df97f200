"""Guards, conditions and effects with their expressions compiled (`S5`, `S8.2`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings
from pystator_gen.document import NodePath
from pystator_gen.expressions import Compiled, Problem, compile_check, compile_expression
from pystator_gen.expressions.checks import PRESENCE
from pystator_gen.parse.actions import (
    Action,
    AppendEffect,
    ClearEffect,
    ComputeEffect,
    DecrementEffect,
    Effect,
    IncrementEffect,
    NamedAction,
    SetEffect,
    TimestampEffect,
)
from pystator_gen.parse.guards import AllOf, AnyOf, Check, CheckGuard, ExpressionGuard, Guard, NamedGuard, Not

_FAILED = model.Function("", "False")
"""Stands in for what could not be compiled, so that the other problems are still found."""


Use: TypeAlias = str | Check | Effect | NamedGuard
"""What the contract of a machine is about: an expression, a check, an effect, or a guard with its params."""


class Functions:
    """Compiles what a machine says about its context, and remembers which keys that reads and writes.

    ``uses`` is all that could be compiled, each with its place.
    """

    def __init__(self, findings: Findings, datetime_fields: frozenset[str]) -> None:
        self._findings = findings
        self._datetime_fields = datetime_fields
        self.read: dict[str, None] = {}
        self.uses: list[tuple[Use, NodePath]] = []
        self.written: list[model.Effect] = []
        self.places: dict[tuple[str, str], NodePath] = {}  # guards and actions by kind and name: their first use

    # -- guards ------------------------------------------------------------------------------------------------

    def guards(self, guards: Sequence[Guard], path: NodePath) -> tuple[model.Guard, ...]:
        """The guards of one transition."""
        return tuple(self.guard(guard, (*path, index)) for index, guard in enumerate(guards))

    def guard(self, guard: Guard, path: NodePath) -> model.Guard:
        """One guard, with everything in it."""
        match guard:
            case NamedGuard():
                self.places.setdefault(("guard", guard.name), path)
                self.uses.append((guard, path))
                return model.NamedGuard(guard.name, guard.params)
            case ExpressionGuard():
                return model.Condition(self.expression(guard.expr, (*path, "expr")))
            case CheckGuard():
                return model.Condition(self.check(guard.check, (*path, "check")))
            case AllOf():
                return model.Combined("AllOf", self._children(guard.guards, path, "allOf", "all_of"))
            case AnyOf():
                return model.Combined("AnyOf", self._children(guard.guards, path, "anyOf", "any_of"))
            case Not():
                return model.Combined("Not", (self.guard(guard.guard, (*path, "not")),))

    def _children(self, guards: Sequence[Guard], path: NodePath, *keys: str) -> tuple[model.Guard, ...]:
        document = self._findings.document
        key = next((key for key in keys if document.key_span((*path, key)) != document.span(path)), keys[0])
        return self.guards(guards, (*path, key))

    # -- plans -------------------------------------------------------------------------------------------------

    def plan(self, actions: Sequence[Action], path: NodePath) -> model.Plan:
        """Actions and effects in planned order."""
        planned: list[model.Planned] = []
        for index, action in enumerate(actions):
            place = (*path, index)
            when = None if action.when is None else model.Condition(self._when(action.when, (*place, "when")))
            items = tuple(self._items(action, place))
            if items:  # an empty `compute` stands for none
                planned.append(model.Planned(items, when))
        return tuple(planned)

    def _items(self, action: Action, path: NodePath) -> list[model.NamedAction | model.Effect]:
        if isinstance(action, NamedAction):
            self.places.setdefault(("action", action.name), path)
            return [model.NamedAction(action.name, action.params, action.retry, action.retry_backoff, action.timeout)]
        self.uses.append((action, path))
        effects = self._effects(action, path)
        self.written.extend(effects)
        return list(effects)

    def _effects(self, action: Action, path: NodePath) -> list[model.Effect]:
        kind = model.EffectKind
        match action:
            case SetEffect():
                return [model.Effect(kind.SET, value=action.values)]
            case TimestampEffect():
                as_text = action.field not in self._datetime_fields
                return [model.Effect(kind.TIMESTAMP, action.field, as_text=as_text)]
            case IncrementEffect():
                return [model.Effect(kind.INCREMENT, action.field)]
            case DecrementEffect():
                return [model.Effect(kind.DECREMENT, action.field)]
            case AppendEffect():
                return [model.Effect(kind.APPEND, action.field, action.value)]
            case ClearEffect():
                return [model.Effect(kind.CLEAR, action.field)]
            case ComputeEffect():
                return [
                    model.Effect(kind.COMPUTE, key, function=self.expression(text, (*path, "compute", key)))
                    for key, text in action.expressions.items()
                ]
            case NamedAction():
                raise TypeError("a named action is no effect")

    def _when(self, when: Check | str, path: NodePath) -> model.Function:
        document = self._findings.document
        if isinstance(when, Check):
            nested = (*path, "check")
            return self.check(when, nested if document.span(nested) != document.span(path) else path)
        nested = (*path, "expr")
        return self.expression(when, nested if document.written(path) is None else path)

    # -- compiling ---------------------------------------------------------------------------------------------

    def expression(self, text: str, path: NodePath) -> model.Function:
        """An expression, compiled; a problem is reported where it stands in the text."""
        compiled = compile_expression(text)
        if isinstance(compiled, Problem):
            self._findings.error_at(
                codes.BAD_EXPRESSION,
                f"in the expression `{short(text)}`: {compiled.message}",
                self._findings.inside(text, compiled.offset, path),
                compiled.hint,
            )
            return _FAILED
        self.uses.append((text, path))
        return self._function(" ".join(text.split()), compiled)

    def check(self, check: Check, path: NodePath) -> model.Function:
        """A check, compiled."""
        compiled = compile_check(check.field, check.op, check.value, check.values or ())
        if isinstance(compiled, Problem):
            self._findings.error(codes.BAD_CHECK, compiled.message, (*path, "value"), compiled.hint)
            return _FAILED
        self.uses.append((check, path))
        return self._function(_check_text(check), compiled)

    def _function(self, text: str, compiled: Compiled) -> model.Function:
        self.read.update(dict.fromkeys(compiled.names))
        helpers = tuple((compiled.module, name) for name in compiled.helpers)
        return model.Function(text, compiled.source, helpers)


def _check_text(check: Check) -> str:
    if check.values is not None:
        return f"{check.field} {check.op} {list(check.values)!r}"
    if check.op in PRESENCE:
        return f"{check.field} {check.op}"
    return f"{check.field} {check.op} {check.value!r}"


def short(text: str) -> str:
    """An expression on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."
