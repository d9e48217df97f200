"""What the YAML says in words, as docstrings: they show up where the editor shows a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pystator_gen import model
from pystator_gen.literals import docstring_literal

_JOINTS = {"AllOf": " and ", "AnyOf": " or "}


def docstring(text: str) -> str:
    """A docstring with this text; the quotes that end several lines stand on a line of their own."""
    text = text.strip()
    return docstring_literal(f"{text}\n" if "\n" in text else text)


def state_text(machine: model.Machine, state: model.State) -> str:
    """What is known of a state: its description and its group."""
    return _paragraphs(state.description, _group(machine, state))


def member_text(machine: model.Machine, state: model.State) -> str:
    """What the member of a state says: what is known of it, else at least what kind of state it is."""
    kind = "" if state.kind == "stable" else f"{state.kind} "
    place = f", in `{state.ancestors[0]}`" if state.ancestors else ""
    return state_text(machine, state) or f"The {kind}state `{state.name}`{place}."


def sent_text(machine: model.Machine, trigger: model.Trigger) -> str:
    """What the member of a trigger says: what it means, else where it is told from where to where it leads."""
    return trigger.description.strip() or f"The trigger `{trigger.name}`: see {machine.prefix}Session.{trigger.method}."


def key_text(machine: model.Machine, key: model.Field) -> str:
    """What a key of the context says: what it means, else where it comes from."""
    if key.description.strip():
        return key.description.strip()
    if any(variable.key == key.key for variable in machine.variables or ()):
        return "A state variable."
    bringing = [t.name for t in machine.triggers if any(field.key == key.key for field in t.payload or ())]
    return f"Comes with {', '.join(f'`{name}`' for name in bringing)}." if bringing else "Written by effects."


def query_text(machine: model.Machine, state: model.State) -> str:
    """What a session's ``is_<state>`` tells."""
    return _paragraphs(f"Whether the entity is in `{state.name}`.", state_text(machine, state))


def trigger_text(machine: model.Machine, trigger: model.Trigger, rows: Sequence[model.Row] | None = None) -> str:
    """What a trigger does, in these ``rows`` or in all: its description, and where it leads from where, and when."""
    rows = machine.rows if rows is None else rows
    found = [candidate for row in rows for candidate in row.on.get(trigger.name, ())]
    ways = dict.fromkeys(_way(candidate) for candidate in found)
    notes = dict.fromkeys(note for candidate in found for note in _notes(candidate))
    return _paragraphs(f"Send `{trigger.name}`.", trigger.description, "\n".join(ways), "\n".join(notes))


def _way(candidate: model.Candidate) -> str:
    guards = " and ".join(_guard(guard, nested=len(candidate.guards) > 1) for guard in candidate.guards)
    target = "stays" if candidate.internal else f"-> {candidate.target.name}"
    if candidate.restoration is not None:
        target += f", or where {candidate.restoration.parent} was left,"
    return f"- {candidate.source.name} {target}{f' if {guards}' if guards else ''}".removesuffix(",")


def _notes(candidate: model.Candidate) -> Iterable[str]:
    references = f" (see {', '.join(candidate.refs)})" if candidate.refs else ""
    if candidate.description.strip():
        yield f"{candidate.description.strip()}{references}"
    elif candidate.refs:
        yield f"See {', '.join(candidate.refs)}."


def _guard(guard: model.Guard, *, nested: bool) -> str:
    match guard:
        case model.Condition():
            return f"({guard.function.text})" if nested else guard.function.text
        case model.NamedGuard():
            return guard.name
        case model.Combined(kind="Not"):
            return f"not {_guard(guard.guards[0], nested=True)}"
        case model.Combined():
            text = _JOINTS[guard.kind].join(_guard(child, nested=True) for child in guard.guards)
            return f"({text})" if nested else text


def _group(machine: model.Machine, state: model.State) -> str:
    if state.group is None:
        return ""
    described = machine.groups.get(state.group, "")
    return f"Group {state.group}: {described}" if described else f"Group {state.group}."


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text.strip() for text in texts if text.strip())
