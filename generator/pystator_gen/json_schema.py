"""The JSON Schema of the format, for editors: made from the models that check machines (docs/yaml.md).

The models say which keys there are, of which type, and what they mean. Readers accept more spellings than these, such
as one guard without a list; each of them stands in a table here.

What the tool takes without a word is valid; what is not valid, the tool refuses or warns of. (It warns of keys that are
unknown and of words for booleans.) The opposite is more than a schema can say: names, say, are looked up by the tool
alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from pydantic import AliasPath
from pydantic.fields import FieldInfo
from pydantic.json_schema import models_json_schema

from pystator_gen.parse.actions import (
    Appended,
    AppendEffect,
    ClearEffect,
    ComputeEffect,
    DecrementEffect,
    IncrementEffect,
    NamedAction,
    SetEffect,
    TimestampEffect,
)
from pystator_gen.parse.base import Model
from pystator_gen.parse.guards import AllOf, AnyOf, Check, CheckGuard, ExpressionGuard, NamedGuard, Not
from pystator_gen.parse.models import Definition, Invariant, MachineDocument, PayloadField, Variable
from pystator_gen.parse.names import NAME, OWN_NAME, SOURCE
from pystator_gen.parse.schema import Schema as TypeMapping
from pystator_gen.parse.types import PRIMITIVES

Schema: TypeAlias = dict[str, Any]

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that editors know best."""

_NULL: Schema = {"type": "null"}
_ANY_TEXT: Schema = {"type": "string", "minLength": 1}
_NAME: Schema = {"type": "string", "pattern": NAME}
_RULES = re.compile(r" \((?:`S[\d.]+`(?:, )?)+\)")
_CONSTRAINED_KEYS = "patternProperties"

_GUARDS = (NamedGuard, ExpressionGuard, CheckGuard, AllOf, AnyOf, Not, Check)
_ACTIONS = (
    NamedAction,
    SetEffect,
    TimestampEffect,
    IncrementEffect,
    DecrementEffect,
    AppendEffect,
    ClearEffect,
    ComputeEffect,
)


def schema_text() -> str:
    """The JSON Schema of the format, as text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """The JSON Schema of the format: a machine, or a list of machines."""
    wanted = (MachineDocument, Appended, TypeMapping)
    _, whole = models_json_schema([(model, "validation") for model in wanted], ref_template="#/definitions/{model}")
    models = {model.__name__: model for model in _models(Model)}
    definitions = {name: _mapping(models[name], found) for name, found in whole["$defs"].items() if name in models}
    definitions["Definition"]["additionalProperties"] = True
    definitions[Invariant.__name__] = _invariant(definitions)
    definitions.update(_FORMS)
    machine = _ref(MachineDocument.__name__)
    return {
        "$schema": _DIALECT,
        "title": "State machines of pystator-gen",
        "anyOf": [machine, {"type": "array", "items": machine, "minItems": 1}],
        "definitions": dict(sorted(definitions.items())),
    }


def _models(base: type[Model]) -> Iterator[type[Model]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


# -- mappings ----------------------------------------------------------------------------------------------------


def _mapping(model: type[Model], found: Schema) -> Schema:
    """What may stand where a model is read: its keys, their other spellings, and ``x-`` keys."""
    properties: Schema = {}
    required: list[str] = []
    for name, field in model.model_fields.items():
        key = _key(name, field)
        value = found["properties"].get(key, found["properties"].get(name, {}))
        said = _READ_OTHERWISE.get((model.__name__, key)) or _value(value)
        if field.is_required():
            required.append(key)
        else:
            said = _or_null(said)
        properties[key] = _described(said, field.description or "", value.get("default"))
    for key, value in _KEPT_ASIDE.get(model.__name__, {}).items():
        properties.setdefault(key, _or_null(value))
    conditions: list[Schema] = list(_CONDITIONS.get(model.__name__, ()))
    for other, key in model.also_known.items():
        properties[other] = properties[key]
        if key in required:
            conditions.append({"anyOf": [{"required": [key]}, {"required": [other]}]})
    others = set(model.also_known.values())
    whole: Schema = {
        "title": model.__name__,
        "description": _prose(model.__doc__ or ""),
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "required": [key for key in dict.fromkeys(required) if key not in others],
        "additionalProperties": False,
    }
    if model.unsupported:  # the tool says so, unless there is nothing there
        whole["patternProperties"][f"^({'|'.join(sorted(model.unsupported))})$"] = {"enum": [None, [], {}]}
    if conditions:
        whole["allOf"] = conditions
    return whole


def _key(name: str, field: FieldInfo) -> str:
    """The key that a field is read from, or from within."""
    alias = field.validation_alias or name
    return str(alias.path[0] if isinstance(alias, AliasPath) else alias)


def _value(found: Schema) -> Schema:
    """A value's schema without what pydantic says of its field."""
    kept = {key: value for key, value in found.items() if key not in ("title", "description", "default")}
    if "anyOf" in kept:
        kept["anyOf"] = [_value(each) for each in kept["anyOf"]]
    if _CONSTRAINED_KEYS in kept:
        ((pattern, value),) = kept.pop(_CONSTRAINED_KEYS).items()
        kept["propertyNames"] = {"pattern": pattern}
        kept["additionalProperties"] = _value(value)
    if kept.get("type") == "array" and "items" in kept:
        kept["items"] = _value(kept["items"])
    return kept


def _described(said: Schema, about: str, default: object) -> Schema:
    """A value's schema with what the field is about; beside a reference, editors would not see it."""
    if "$ref" in said:
        said = {"allOf": [said]}
    extra: Schema = {"description": _prose(about)} if about else {}
    if isinstance(default, (bool, int, float, str)):
        extra["default"] = default
    return {**extra, **said}  # what a table says about itself is meant


def _or_null(said: Schema) -> Schema:
    """A key that is null counts as absent."""
    if not said or _NULL in said.get("anyOf", ()):
        return said
    return {"anyOf": [*(said["anyOf"] if set(said) == {"anyOf"} else [said]), _NULL]}


def _prose(text: str) -> str:
    """A docstring for people who can't look up the rules that it names."""
    return _RULES.sub("", " ".join(text.split())).replace("``", "`")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _invariant(definitions: Schema) -> Schema:
    """A guard with a name and a description beside its form."""
    labels = {key: definitions["Invariant"]["properties"][key] for key in ("name", "description")}
    forms = [definitions[model.__name__] for model in _GUARDS if model is not NamedGuard]
    said = definitions["Invariant"]["description"]
    return {
        "title": "Invariant",
        "description": said,
        "anyOf": [{**form, "properties": {**labels, **form["properties"]}} for form in forms],
    }


# -- spellings that readers accept -------------------------------------------------------------------------------


def _one_or_more(item: Schema, least: int = 0) -> Schema:
    several: Schema = {"type": "array", "items": item}
    return {"anyOf": [item, {**several, "minItems": least} if least else several]}


_FORMS: dict[str, Schema] = {
    "Guard": {"anyOf": [_NAME, *(_ref(model.__name__) for model in _GUARDS)]},
    "Action": {"anyOf": [_NAME, *(_ref(model.__name__) for model in _ACTIONS)]},
    "Condition": {"anyOf": [_ANY_TEXT, *(_ref(model.__name__) for model in (ExpressionGuard, CheckGuard, Check))]},
    "Type": {
        "description": "A word, list[T], dict[K, V], T? or package.module:Name; or a mapping as in JSON Schema.",
        "anyOf": [
            {"enum": list(PRIMITIVES)},
            {"type": "string", "pattern": r"[\[?:]|^\s|\s$"},
            _ref(TypeMapping.__name__),
            {"type": "array", "minItems": 1},
        ],
    },
    "Declared": {"anyOf": [{"type": "string", "pattern": OWN_NAME}, _ref(Variable.__name__)]},
    "Argument": {
        "anyOf": [
            {"type": "string", "description": "`T`, or `T = default`; what is no type is documentation."},
            {"type": "array"},
            _ref(PayloadField.__name__),
            _NULL,
        ]
    },
}
"""What may stand in several places, by name."""

_TYPE = _ref("Type")
_VALUES: Schema = {"type": "array", "minItems": 1, "items": {"type": ["string", "integer", "boolean", "null"]}}
_GUARD_LIST, _ACTION_LIST = _one_or_more(_ref("Guard")), _one_or_more(_ref("Action"))
_NAMES: Schema = _one_or_more(_NAME)
_VARIABLES: Schema = {"type": "array", "items": _ref("Declared")}
_DEFINITIONS: Schema = {"type": "array", "items": {"anyOf": [_NAME, _ref(Definition.__name__)]}}
_DECLARED: Schema = {
    "values": _VALUES,
    "type": _TYPE,
}

_READ_OTHERWISE: dict[tuple[str, str], Schema] = {
    ("MachineDocument", "state_variables"): _VARIABLES,
    ("MachineDocument", "guard_definitions"): _DEFINITIONS,
    ("MachineDocument", "action_definitions"): _DEFINITIONS,
    ("Meta", "version"): {"anyOf": [_ANY_TEXT, {"type": "number"}]},
    ("Meta", "orchestrator_default_fallback"): {"anyOf": [{"enum": ["off", "hint", "persist"]}, {"type": "boolean"}]},
    ("State", "on_enter"): _ACTION_LIST,
    ("State", "on_exit"): _ACTION_LIST,
    ("State", "entry_points"): _NAMES,
    ("State", "exit_points"): _NAMES,
    ("Region", "states"): _NAMES,
    ("Transition", "source"): _one_or_more({"type": "string", "pattern": SOURCE}, 1),
    ("Transition", "guards"): _GUARD_LIST,
    ("Transition", "actions"): _ACTION_LIST,
    ("Transition", "refs"): _one_or_more(_ANY_TEXT),
    ("Transition", "after"): {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)?\s*$"},
        ]
    },
    ("AllOf", "allOf"): _GUARD_LIST,
    ("AnyOf", "anyOf"): _GUARD_LIST,
    ("Not", "not"): _ref("Guard"),
    ("Event", "payload"): {
        "type": "object",
        "propertyNames": {"pattern": OWN_NAME},
        "additionalProperties": _ref("Argument"),
    },
    ("AppendEffect", "append"): {"description": "What to add to which list.", "allOf": [_ref(Appended.__name__)]},
    ("Schema", "items"): _TYPE,
    ("Schema", "additionalProperties"): {"anyOf": [{"type": "boolean"}, _TYPE]},
    ("Schema", "enum"): _VALUES,
    **{(model, key): said for model in ("Variable", "PayloadField", "Schema") for key, said in _DECLARED.items()},
    **{(model.__name__, "when"): _ref("Condition") for model in _ACTIONS},
}
"""By model and key: what its reader takes, where that is more than the model says."""

_KEYWORDS: Schema = {
    "items": _TYPE,
    "additionalProperties": {"anyOf": [{"type": "boolean"}, _TYPE]},
    "properties": {"type": "object"},
    "enum": _VALUES,
    "format": {"type": "string"},
    "nullable": {"type": "boolean"},
}
_KEPT_ASIDE: dict[str, Schema] = {
    "Meta": {"state_variables": _VARIABLES},
    "Variable": _KEYWORDS,
    "PayloadField": _KEYWORDS,
}
"""By model: the keys that are passed over when it is read, and read elsewhere."""

_CONDITIONS: dict[str, list[Schema]] = {
    "Transition": [
        {
            "anyOf": [
                {"required": ["trigger"]},
                {"required": ["after"]},
                {"required": ["auto"], "properties": {"auto": {"const": True}}},
            ]
        },
        {"anyOf": [{"required": ["dest"]}, {"required": ["internal"], "properties": {"internal": {"const": True}}}]},
    ]
}
