"""From the checked document to the resolved machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pystator_gen import codes, model, naming
from pystator_gen.analyze.choices import Choices
from pystator_gen.analyze.collisions import refuse_collisions
from pystator_gen.analyze.context import context_keys, resolve_triggers, resolve_variables
from pystator_gen.analyze.contract import check_contract
from pystator_gen.analyze.externals import collect, named_actions, named_guards
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.functions import Functions
from pystator_gen.analyze.rows import build_rows, reachable
from pystator_gen.analyze.states import resolve_states, with_states
from pystator_gen.analyze.transitions import Resolved, leads_from_choices_only, resolve_transitions
from pystator_gen.analyze.tree import resolve_tree
from pystator_gen.analyze.values import refuse_deep_values
from pystator_gen.diagnostics import Diagnostic
from pystator_gen.document import Document
from pystator_gen.naming import ClassName, PythonIdentifier
from pystator_gen.parse.models import MachineDocument
from pystator_gen.parse.types import Optional, Primitive
from pystator_gen.spelling import nearest


def analyze(
    document: Document, parsed: MachineDocument, *, stem: str, module: PythonIdentifier
) -> tuple[model.Machine | None, list[Diagnostic]]:
    """The resolved machine, or ``None`` if there were errors, and everything that was found.

    ``stem`` names a machine that has no name of its own; ``module`` is the module it goes to.
    """
    findings = Findings(document)
    refuse_deep_values(parsed, findings)
    if findings.failed:
        return None, findings.diagnostics
    tree = resolve_tree(parsed, findings)
    name = parsed.meta.machine_name or stem
    prefix = ClassName(parsed.meta.class_prefix or naming.class_prefix(name))
    variables = resolve_variables(parsed)
    functions = Functions(findings, _datetime_fields(variables))
    states, initial = resolve_states(parsed, tree, functions, findings)
    transitions = resolve_transitions(parsed, states, tree, functions, findings)
    invariants = _resolve_invariants(parsed, functions, findings)
    check_contract(parsed, functions, findings)
    choices = Choices(states, transitions, findings)
    _check_fallback(parsed, states, findings)
    falls_back = parsed.error_policy.default_fallback if _falls_back(parsed, "persist") else None
    rows = () if findings.failed else build_rows(states, tree, transitions, choices, findings, falls_back)
    triggers = resolve_triggers(parsed, _trigger_names(parsed, transitions), states, prefix, findings)
    refuse_collisions(parsed, states.values(), triggers, functions.places, prefix, findings)
    if findings.failed or initial is None:
        return None, findings.diagnostics
    start = with_states(tree.initial(initial.name), states)
    _warn_of_unreachable(start, rows, states, parsed, findings)
    asked = invariants if parsed.meta.validate_context else ()  # the others were compiled only to be checked
    strict = parsed.meta.strict_mode
    return model.Machine(
        source=document.source.path,
        name=name,
        module=module,
        prefix=prefix,
        version=parsed.meta.version,
        description=parsed.meta.description or "",
        definition=document.data,
        groups=_group_descriptions(parsed),
        states=tuple(states.values()),
        initial=start,
        compounds={name: with_states(tree.initial(name), states) for name in tree.initial_children},
        triggers=triggers,
        rows=rows,
        variables=variables,
        keys=context_keys(variables, triggers, functions.written, functions.read),
        guards=collect(named_guards(_guards(transitions, asked)), parsed.guard_definitions),
        actions=collect(named_actions(_plans(states.values(), transitions)), parsed.action_definitions),
        invariants=asked,
        validate_context=parsed.meta.validate_context,
        reject_invalid_events=_decided(parsed.meta.reject_invalid_events, strict),
        strict_guards=_decided(parsed.meta.strict_guard_registry, strict),
        normalize=parsed.meta.event_normalizer is not None,
        fallback=parsed.error_policy.default_fallback if _falls_back(parsed, "persist", "hint") else None,
        retry_attempts=parsed.error_policy.retry_attempts,
    ), findings.diagnostics


def _guards(transitions: Iterable[Resolved], invariants: Iterable[model.Invariant]) -> Iterator[model.Guard]:
    """Every guard that may be asked."""
    for transition in transitions:
        yield from transition.guards
    for invariant in invariants:
        yield invariant.guard


def _plans(states: Iterable[model.State], transitions: Iterable[Resolved]) -> Iterator[model.Plan]:
    """Every plan of actions and effects."""
    for state in states:
        yield state.entry
        yield state.exit
    for transition in transitions:
        yield transition.actions


def _group_descriptions(parsed: MachineDocument) -> dict[str, str]:
    """What is said about each group; anything but a description is passed over."""
    found: dict[str, str] = {}
    for name, group in parsed.groups.items():
        described = group.get("description") if isinstance(group, dict) else group
        if isinstance(described, str):
            found[name] = described.strip()
    return found


def _falls_back(parsed: MachineDocument, *modes: str) -> bool:
    return parsed.meta.orchestrator_default_fallback in modes


def _decided(setting: bool | None, strict: bool) -> bool:
    return strict if setting is None else setting


def _datetime_fields(variables: Sequence[model.Field] | None) -> frozenset[str]:
    """The variables that hold moments, so that `timestamp` writes one and not its text (`S8.2`)."""
    moment = Primitive("datetime")
    return frozenset(v.key for v in variables or () if v.type in (moment, Optional(moment)))


def _trigger_names(parsed: MachineDocument, transitions: Iterable[Resolved]) -> Iterable[str]:
    """The triggers that may be sent, in order of definition (`S2.6`)."""
    sendable = {t.trigger for t in transitions if t.is_sendable and not leads_from_choices_only(t)}
    return (t.trigger for t in parsed.transitions if t.trigger is not None and t.trigger in sendable)


def _resolve_invariants(
    parsed: MachineDocument, functions: Functions, findings: Findings
) -> tuple[model.Invariant, ...]:
    """The checks on the whole context; results tell them by name, so no two may have the same one (`S10.1`)."""
    places: dict[str, int] = {}
    invariants: list[model.Invariant] = []
    for index, invariant in enumerate(parsed.context_invariants):
        name = invariant.name or f"number {index + 1}"
        first = places.setdefault(name, index)
        if first != index:
            findings.error(
                codes.DUPLICATE_NAME,
                f"the invariant `{name}` is declared twice",
                ("context_invariants", index),
                "give it another name",
                related=(("context_invariants", first), "first here"),
            )
        guard = functions.guard(invariant.guard, ("context_invariants", index))
        invariants.append(model.Invariant(name, guard))
    return tuple(invariants)


def _check_fallback(parsed: MachineDocument, states: Mapping[str, model.State], findings: Findings) -> None:
    """The state of `error_policy` has to exist, and to be one that can be rested in (`S12.1`)."""
    fallback = parsed.error_policy.default_fallback
    path = ("error_policy", "default_fallback")
    if fallback is None:
        if parsed.meta.orchestrator_default_fallback != "off":
            findings.error(
                codes.BAD_FALLBACK,
                "`orchestrator_default_fallback` is set, but there is no state to fall back to",
                ("meta", "orchestrator_default_fallback"),
                "name it in `error_policy: {default_fallback: ...}`",
            )
    elif fallback not in states:
        findings.error(codes.BAD_FALLBACK, f"there is no state `{fallback}`", path, nearest(fallback, states))
    elif states[fallback].kind == "choice":
        findings.error(codes.BAD_FALLBACK, f"`{fallback}` is a choice, which can't be rested in", path)


def _warn_of_unreachable(
    initial: model.Active,
    rows: Sequence[model.Row],
    states: Mapping[str, model.State],
    parsed: MachineDocument,
    findings: Findings,
) -> None:
    found = reachable(initial, rows)
    fallback = parsed.error_policy.default_fallback
    places = {state.name: index for index, state in reversed(list(enumerate(parsed.states)))}
    for name, state in states.items():
        if (state.is_leaf or state.is_parallel) and name not in found and name != fallback:
            findings.warning(
                codes.UNREACHABLE,
                f"no transition leads to `{name}`, so an entity gets there only by `initial_state=`",
                ("states", places[name], "name"),
            )
