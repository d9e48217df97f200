"""A second implementation of SEMANTICS.md, without parallel states: it walks the YAML, for clarity alone."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reference.values import Context, EffectFailedError, Guards, carried_out, milliseconds

Transition = Mapping[str, Any]
Timer = tuple[str, str, int]  # the state it belongs to, its trigger, and its delay in milliseconds (S9.2)


class EndlessError(Exception):
    """Timers without delay arm each other for ever, of which SEMANTICS.md says nothing."""


@dataclass
class Outcome:
    """What became of one event or timer; ``error`` is the name of the error's class."""

    state: str
    context: dict[str, Any]
    error: str | None = None
    reason: str | None = None
    no_op: bool = False
    actions: list[str] = field(default_factory=list)
    history_updates: dict[str, str] = field(default_factory=dict)
    armed: list[Timer] = field(default_factory=list)
    disarmed: list[Timer] = field(default_factory=list)
    guard_raised: bool = False


@dataclass(frozen=True)
class Move:
    """One transition as it is carried out: what is left, innermost first, and entered, outermost first (S3.2)."""

    leaf: str
    exits: list[str] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    enters: list[str] = field(default_factory=list)


class Definition:
    """The YAML of a machine, and the questions that the rules ask about it."""

    def __init__(self, machine: Mapping[str, Any]) -> None:
        self.meta = machine.get("meta", {})
        self.states = {state["name"]: state for state in machine["states"]}
        self.variables = machine.get("state_variables", [])
        timeouts = [
            {"source": name, "dest": state["timeout"]["destination"], "after": f"{state['timeout']['seconds']}s"}
            | {"label": f"_timeout_{name}"}
            for name, state in self.states.items()
            if "timeout" in state
        ]
        transitions = [*timeouts, *machine["transitions"]]
        self.transitions: list[Transition] = sorted(transitions, key=lambda t: t.get("priority", 0))  # S2.1
        self.initial = next(name for name in self.states if self.states[name].get("type") == "initial")

    def is_of(self, kind: str, name: str) -> bool:
        return self.states[name].get("type") == kind

    def active(self, leaf: str) -> list[str]:
        """A state and its ancestors, innermost first."""
        parent = self.states[leaf].get("parent")
        return [leaf] if parent is None else [leaf, *self.active(parent)]

    def below(self, domain: str | None, name: str) -> list[str]:
        """A state and those of its ancestors that lie in the domain, innermost first."""
        return list(itertools.takewhile(lambda state: state != domain, self.active(name)))

    def inward(self, name: str) -> list[str]:
        """A state, its initial child and so on, down to a leaf (S1.2)."""
        child = self.states[name].get("initial_child")
        return [name] if child is None else [name, *self.inward(child)]

    def sources(self, transition: Transition) -> list[str]:
        named = transition["source"]
        return [_meant(name) for name in ([named] if isinstance(named, str) else named)]

    def from_state(self, name: str) -> list[Transition]:
        """The transitions that name a state as source, in order (S2.1)."""
        return [transition for transition in self.transitions if name in self.sources(transition)]

    def candidates(self, leaf: str, wanted: Callable[[Transition], bool]) -> list[Transition]:
        """From the leaf outward, then those from anywhere (S2.1, S2.3)."""
        if self.is_of("terminal", leaf):
            return []
        levels = [*self.active(leaf), "*"]
        return [transition for level in levels for transition in self.from_state(level) if wanted(transition)]

    def knows(self, trigger: str) -> bool:
        """Whether a trigger may be sent: labels and branches of choices are none (S2.6, S7.3)."""
        return any(
            transition.get("trigger") == trigger
            and not transition.get("auto")
            and any(source == "*" or not self.is_of("choice", source) for source in self.sources(transition))
            for transition in self.transitions
        )

    def timers(self, names: Iterable[str]) -> list[Timer]:
        """The timers of these states (S9.2)."""
        found = (_timer(name, transition) for name in names for transition in self.from_state(name))
        return list(dict.fromkeys(timer for timer in found if timer is not None))

    def timed(self, timer: Timer) -> list[Transition]:
        """What is asked when a timer fires: its own transition alone (S9.4)."""
        return [transition for transition in self.from_state(timer[0]) if _timer(timer[0], transition) == timer]


def _meant(name: str) -> str:
    """``p:point`` is the state of that name (S12.2)."""
    return name.rpartition(":")[2]


def _timer(source: str, transition: Transition) -> Timer | None:
    if "after" not in transition:
        return None
    delay = milliseconds(transition["after"])
    label = transition.get("label") or transition.get("trigger") or f"_after_{source}_{delay}_ms"
    return source, label, delay


class Entity:
    """Where an entity is, what it knows, and what it waits for; its clock stands still until told to go on."""

    def __init__(self, machine: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        self.definition, self.functions = Definition(machine), functions
        self.state, self.context, self.now = "", dict[str, Any](), 0
        self.history: dict[str, str] = {}  # of each compound state the leaf that was active in it (S4.1)
        self.due, self.rung = dict[Timer, int](), list[Timer]()  # the timers that wait, and those that have fired

    def start(self, context: Context, initial_state: str | None = None) -> Outcome:
        """Come into being (S3.5, S10.3)."""
        chart = self.definition
        inward = chart.inward(initial_state or chart.initial)
        enters = [*reversed(chart.active(inward[0])), *inward[1:]]
        self.state = inward[-1]
        defaults = {variable["key"]: variable["default"] for variable in chart.variables if "default" in variable}
        return self._settle(Move(inward[-1], enters=enters), {**defaults, **context}, [], Guards(self.functions))

    def send(self, trigger: str, payload: Mapping[str, Any]) -> list[Outcome]:
        """Take an event; the outcomes are its own and those of the timers without delay that follow."""
        chart = self.definition
        trigger = trigger.lower() if chart.meta.get("event_normalizer") else trigger
        found = chart.candidates(self.state, lambda t: t.get("trigger") == trigger and not t.get("auto"))
        if chart.is_of("terminal", self.state):
            outcome = self._refused("TerminalStateError", "terminal_state")
        elif found:
            outcome = self._choose(found, {**self.context, **payload}, chart.timers(chart.active(self.state)))
        elif not chart.meta.get("reject_invalid_events", chart.meta.get("strict_mode", True)):
            outcome = Outcome(self.state, self.context, no_op=True)
        elif not chart.knows(trigger):
            outcome = self._refused("UndefinedTriggerError", "undefined_trigger")
        else:
            outcome = self._refused("InvalidTransitionError", "invalid_transition")
        return [outcome, *self.advance(0)]

    def advance(self, span: int) -> list[Outcome]:
        """Let time pass; what comes due fires at its moment, what was armed first before its equals (S9)."""
        end = self.now + span
        outcomes: list[Outcome] = []
        while self.due and min(self.due.values()) <= end:
            timer = min(self.due, key=lambda timer: self.due[timer])
            self.now = max(self.now, self.due[timer])
            outcomes.append(self.ring(timer))
            if len(outcomes) > 60:
                raise EndlessError
        self.now = end
        return outcomes

    def ring(self, timer: Timer) -> Outcome:
        """Fire a timer, which is used up whatever comes of it (S9.4)."""
        chart = self.definition
        del self.due[timer]
        self.rung.append(timer)
        waiting = [other for other in chart.timers(chart.active(self.state)) if other != timer]
        return self._choose(chart.timed(timer), self.context, waiting)

    def _refused(self, error: str, reason: str | None = None, guards: Guards | None = None) -> Outcome:
        return Outcome(self.state, self.context, error, reason, guard_raised=guards is not None and guards.raised)

    def _choose(self, found: list[Transition], context: Context, waiting: list[Timer]) -> Outcome:
        guards = Guards(self.functions)
        move = self._first(found, Outcome(self.state, dict(context)), guards)
        if move is None:
            return self._refused("InvalidTransitionError", "guards_failed", guards)
        return self._settle(move, context, waiting, guards)

    def _first(self, found: list[Transition], at: Outcome, guards: Guards) -> Move | None:
        """The first candidate whose guards all hold (S2.2), asked where the step has come to."""
        for transition in found:
            if not guards.hold(transition.get("guards", []), at.context):
                continue
            actions = transition.get("actions", [])
            if transition.get("internal"):
                return Move(at.state, actions=actions)  # S3.4
            for destination, more in self._routes(transition["dest"], at.context, guards):
                return self._way(at, destination, [*actions, *more])
        return None

    def _routes(self, dest: str, context: Context, guards: Guards) -> Iterator[tuple[str, list[Any]]]:
        """Where an arrow may end, with the actions of its further legs: choices prolong it (S7.3)."""
        if dest.startswith("H") or not self.definition.is_of("choice", _meant(dest)):
            yield dest, []
            return
        for branch in self.definition.from_state(_meant(dest)):
            if guards.hold(branch.get("guards", []), context):
                for end, more in self._routes(branch["dest"], context, guards):
                    yield end, [*branch.get("actions", []), *more]

    def _way(self, at: Outcome, dest: str, actions: list[Any]) -> Move:
        """What an external transition leaves and enters (S3.1, S3.2, S4.2)."""
        chart = self.definition
        restored = re.fullmatch(r"(H\*?)\((\w+)\)", dest)
        target = declared = restored[2] if restored else _meant(dest)
        around = chart.active(declared)[1:]
        domain = next((state for state in chart.active(at.state)[1:] if state in around), None)
        exits = chart.below(domain, at.state)
        history = {**self.history, **at.history_updates, **dict.fromkeys(exits, at.state)}
        if restored and (leaf := history.get(declared)):
            target = leaf if restored[1] == "H*" else chart.below(declared, leaf)[-1]
        inward = chart.inward(target)
        return Move(inward[-1], exits, actions, [*reversed(chart.below(domain, target)), *inward[1:]])

    def _settle(self, move: Move, context: Context, waiting: list[Timer], guards: Guards) -> Outcome:
        """Carry out a transition and the automatic ones after it; nothing is kept if that fails (S7.1, S8.2)."""
        at, running = Outcome(self.state, copy.deepcopy(dict(context))), list(waiting)
        for rounds in itertools.count():
            if rounds > 100:
                return self._refused("AutoTransitionLoopError", None, guards)  # S7.2
            try:
                self._carry_out(move, at, running)
            except EffectFailedError:
                return self._refused("ActionError", None, guards)
            automatic = self.definition.candidates(at.state, lambda t: bool(t.get("auto")))
            following = self._first(automatic, at, guards)
            if following is None:
                break
            move = following
        at.guard_raised = guards.raised
        at.disarmed = [timer for timer in waiting if timer not in running]
        self.state, self.context, self.history = at.state, at.context, {**self.history, **at.history_updates}
        for timer in (*at.disarmed, *at.armed):
            self.due.pop(timer, None)
        self.due.update((timer, self.now + timer[2]) for timer in at.armed)
        return at

    def _carry_out(self, move: Move, at: Outcome, running: list[Timer]) -> None:
        """One transition: exits, its own actions, entries (S3.3); history and timers go with it (S4.1, S9.2)."""
        chart, states = self.definition, self.definition.states
        leaving = [action for name in move.exits for action in states[name].get("on_exit", [])]
        entering = [action for name in move.enters for action in states[name].get("on_enter", [])]
        at.actions += carried_out([*leaving, *move.actions, *entering], at.context)
        at.history_updates.update({name: at.state for name in move.exits if "initial_child" in states[name]})
        at.state = move.leaf
        stopped, started = chart.timers(move.exits), chart.timers(move.enters)
        over = chart.is_of("terminal", move.leaf)  # an entity that is final has none (S9.5)
        for timers in (running, at.armed):
            timers[:] = [] if over else [*(timer for timer in timers if timer not in stopped), *started]
