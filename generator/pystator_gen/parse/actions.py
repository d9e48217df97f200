"""The models of actions: named ones (`S8.1`) and effects (`S8.2`)."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import AliasPath, Field

from pystator_gen.parse.base import Model
from pystator_gen.parse.guards import Check
from pystator_gen.parse.names import Name, OwnName, Text


class AnyAction(Model):
    """What may stand beside every action and effect."""

    when: Check | Text | None = Field(
        default=None,
        description="The action is planned only if this check or expression holds (`S8.5`).",
    )
    retry: int | None = Field(default=None, ge=0, description="How often to try again after a failure.")
    retry_backoff: float | None = Field(default=None, ge=0, description="Seconds before the first new attempt.")
    timeout: float | None = Field(default=None, gt=0, description="Seconds that one attempt may take.")


class NamedAction(AnyAction):
    """A side effect that the application registers: ``name``, or ``{name, params}``."""

    name: Name = Field(description="The action's name.")
    params: dict[str, Any] = Field(default_factory=dict, description="What the action is called with.")


class SetEffect(AnyAction):
    """``{set: {key: value}}``."""

    values: dict[OwnName, Any] = Field(validation_alias="set", description="The keys to write, and their values.")


class TimestampEffect(AnyAction):
    """``{timestamp: field}``: writes the moment of the step."""

    field: OwnName = Field(validation_alias="timestamp", description="The key to write the moment to.")


class IncrementEffect(AnyAction):
    """``{increment: field}``: adds one."""

    field: OwnName = Field(validation_alias="increment", description="The key to add one to.")


class DecrementEffect(AnyAction):
    """``{decrement: field}``: takes one away."""

    field: OwnName = Field(validation_alias="decrement", description="The key to take one from.")


class Appended(Model):
    """What stands under ``append``."""

    field: OwnName = Field(description="The key of the list.")
    value: Any = Field(description="What to add.")


class AppendEffect(AnyAction):
    """``{append: {field, value}}``: adds a value to a list."""

    field: OwnName = Field(validation_alias=AliasPath("append", "field"))
    value: Any = Field(validation_alias=AliasPath("append", "value"))


class ClearEffect(AnyAction):
    """``{clear: field}``: removes a key."""

    field: OwnName = Field(validation_alias="clear", description="The key to remove.")


class ComputeEffect(AnyAction):
    """``{compute: {key: "expression"}}``: set in order, each seeing those before."""

    expressions: dict[OwnName, Text] = Field(
        validation_alias="compute",
        description="The keys to write, and the expressions that give their values.",
    )


Effect: TypeAlias = (
    SetEffect | TimestampEffect | IncrementEffect | DecrementEffect | AppendEffect | ClearEffect | ComputeEffect
)
Action: TypeAlias = NamedAction | Effect
