"""What the application has to provide, as protocols: one member per guard or action."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pystator_gen import model, naming, view
from pystator_gen.annotations import param_type
from pystator_gen.imports import Imports
from pystator_gen.lower.docstrings import docstring


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
    names = _callback_names(kind, externals)
    callbacks = tuple(
        _callback(names[external.name], kind, external, context, imports) for external in externals if external.params
    )
    answers = f"{imports.runtime()}.VerdictT_co" if kind == "Guard" and externals else ""
    plain = f"{imports.runtime()}.{kind}Function[{', '.join(filter(None, (context, answers)))}]" if externals else ""
    generic = f"[{answers}]" if answers else ""
    members = tuple(
        view.Provided(
            external.python_name,
            f"{plain} | {names[external.name]}{generic}" if external.params else plain,
            docstring(external.description or f"The {kind.lower()} `{external.name}`."),
        )
        for external in externals
    )
    text = f"The {kind.lower()}s of {machine.name}: an object, class instance or module that has them."
    return view.Protocol(
        f"{machine.prefix}{kind}s",
        docstring(text),
        "Protocol[rt.VerdictT_co]" if answers else "Protocol",
        imports.builtin("property"),
        callbacks,
        members,
    )


def _callback_names(kind: str, externals: Sequence[model.External]) -> dict[str, str]:
    """A class name for each; `a_b` and `a__b` would have the same one, so later ones get a number."""
    names: dict[str, str] = {}
    taken = Counter[str]()
    for external in externals:
        wanted = f"_{naming.class_prefix(external.name)}{kind}"
        taken[wanted] += 1
        names[external.name] = f"{wanted}{taken[wanted]}" if taken[wanted] > 1 else wanted
    return names


def _callback(name: str, kind: str, external: model.External, context: str, imports: Imports) -> view.Callback:
    returns = f"{imports.runtime()}.VerdictT_co" if kind == "Guard" else "object"
    own, ctx, annotated = parameters(external, context, imports)
    keywords = [text if always else f"{text} = ..." for text, always in annotated]
    signature = ", ".join([own, ctx, "/", *(("*", *keywords) if keywords else ())])
    text = f"The {kind.lower()} `{external.name}`, taking its params as keywords."
    base = "Protocol[rt.VerdictT_co]" if kind == "Guard" else "Protocol"
    return view.Callback(name, base, docstring(text), signature, returns)


def parameters(
    external: model.External, context: str, imports: Imports
) -> tuple[str, str, tuple[tuple[str, bool], ...]]:
    """``self``, the context, and the keywords of a function that takes its params, with their annotations.

    Beside each keyword stands whether it is always passed.
    """
    params = [param for param in external.params if naming.is_identifier(param.key)]
    own, ctx = _positional([param.key for param in params], context)
    return own, ctx, tuple((f"{p.key}: {param_type(p.values, imports)}", p.always) for p in params)


def _positional(keywords: Sequence[str], context: str) -> tuple[str, str]:
    """The positional parameters, spelt so that no keyword has the same name."""
    own, ctx = "self", "ctx"
    while own in keywords or ctx in keywords:
        own, ctx = f"_{own}", f"_{ctx}"
    return own, f"{ctx}: {context}"
