"""What the application has to provide, as protocols: one member per guard or action."""

from __future__ import annotations

from collections.abc import Sequence

from pystator_gen import model, naming, view
from pystator_gen.annotations import param_type
from pystator_gen.imports import Imports
from pystator_gen.literals import docstring_literal


def protocols(machine: model.Machine, context: str, imports: Imports) -> tuple[view.Protocol, ...]:
    """``OrderGuards`` and ``OrderActions``."""
    return (
        _protocol(machine, "Guard", machine.guards, context, imports),
        _protocol(machine, "Action", machine.actions, context, imports),
    )


def _protocol(
    machine: model.Machine, kind: str, externals: Sequence[model.External], context: str, imports: Imports
) -> view.Protocol:
    imports.typing("Protocol")
    callbacks = tuple(_callback(kind, external, context, imports) for external in externals if external.params)
    plain = f"rt.{kind}Function[{context}]"
    members = tuple(
        view.Provided(
            external.python_name,
            f"{plain} | {_callback_name(kind, external)}" if external.params else plain,
            docstring_literal(external.description or f"The {kind.lower()} `{external.name}`."),
        )
        for external in externals
    )
    docstring = f"The {kind.lower()}s of {machine.name}: an object, class instance or module that has them."
    return view.Protocol(f"{machine.prefix}{kind}s", docstring_literal(docstring), callbacks, members)


def _callback_name(kind: str, external: model.External) -> str:
    return f"_{naming.class_prefix(external.name)}{kind}"


def _callback(kind: str, external: model.External, context: str, imports: Imports) -> view.Callback:
    returns = "object"
    if kind == "Guard":
        returns = f"bool | {imports.name('collections.abc', 'Awaitable')}[bool]"
    params = "".join(
        f", {naming.parameter(param.key)}: {param_type(param.values, imports)}{'' if param.always else ' = ...'}"
        for param in external.params
        if naming.is_identifier(param.key)
    )
    star = ", *" if params else ""
    return view.Callback(
        _callback_name(kind, external),
        docstring_literal(f"The {kind.lower()} `{external.name}`, taking its params as keywords."),
        f"self, ctx: {context}, /{star}{params}",
        returns,
    )
