"""The models of guards and checks (`S5.2`, `S5.8`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from pystator_gen.parse.base import Model
from pystator_gen.parse.names import Name, Text

CheckOperator: TypeAlias = Literal[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "not_in",
    "is_set",
    "is_null",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
]


class Check(Model):
    """One comparison of a context field: ``{field, op, value}``; a missing field is null."""

    field: Text = Field(description="The key of the context to look at.")
    op: CheckOperator = Field(description="How to compare.")
    value: Any = Field(default=None, description="What to compare with.")
    values: tuple[Any, ...] | None = Field(default=None, description="The values to look among, for `in` and `not_in`.")


class NamedGuard(Model):
    """A guard that the application registers: ``name``, or ``{name, params}``."""

    name: Name = Field(description="The guard's name.")
    params: dict[str, Any] = Field(default_factory=dict, description="What the guard is called with.")


class ExpressionGuard(Model):
    """``{expr: "qty > limit"}``."""

    expr: Text = Field(description="An expression over the context.")


class CheckGuard(Model):
    """``{check: {field, op, value}}``."""

    check: Check = Field(description="The comparison.")


class AllOf(Model):
    """``{allOf: [...]}``: holds if every guard in it holds."""

    also_known: ClassVar[Mapping[str, str]] = {"all_of": "allOf"}

    guards: tuple[Guard, ...] = Field(
        validation_alias="allOf", min_length=1, description="The guards that must all hold."
    )


class AnyOf(Model):
    """``{anyOf: [...]}``: holds if one guard in it holds."""

    also_known: ClassVar[Mapping[str, str]] = {"any_of": "anyOf"}

    guards: tuple[Guard, ...] = Field(
        validation_alias="anyOf", min_length=1, description="The guards of which one must hold."
    )


class Not(Model):
    """``{not: ...}``: holds if the guard in it does not."""

    also_known: ClassVar[Mapping[str, str]] = {"negate": "not"}

    guard: Guard = Field(validation_alias="not", description="The guard that must not hold.")


Guard: TypeAlias = NamedGuard | ExpressionGuard | CheckGuard | AllOf | AnyOf | Not

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()
