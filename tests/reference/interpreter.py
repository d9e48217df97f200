"""A second implementation of docs/rules.md: it walks the YAML, for clarity alone."""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reference.tree import Tree
from reference.values import Context, EffectFailedError, Guards, carried_out, milliseconds

Transition = Mapping[str, Any]
Wanted = Callable[[Transition], bool]
Timer = tuple[str, str, int]  # the state it belongs to, its trigger, and its delay in milliseconds (S9.2)


class EndlessError(Exception):
    """Timers without delay arm each other for ever, of which the rules say nothing."""


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
class Pick:
    """A transition that is going to be carried out, with the legs of choices added to it.

    All that it leaves and enters lies in the domain (S3.1). Without ``dest`` it is internal (S3.4).
    """

    domain: str | None
    actions: list[Any]
    dest: str | None = None


class Definition:
    """The YAML of a machine, and the questions that the rules ask about it."""

    def __init__(self, machine: Mapping[str, Any]) -> None:
        self.meta = machine.get("meta", {})
        self.states = {state["name"]: state for state in machine["states"]}
        self.tree = Tree(self.states)
        self.variables = machine.get("state_variables", [])
        timeouts = [
            {"source": name, "dest": state["timeout"]["destination"], "after": f"{state['timeout']['seconds']}s"}
            | {"label": f"_timeout_{name}"}
            for name, state in self.states.items()
            if "timeout" in state
        ]
        transitions = [*timeouts, *machine["transitions"]]
        self.transitions: list[Transition] = sorted(transitions, key=lambda t: t.get("priority", 0))  # S2.1
        self.initial = next(name for name in self.states if self.is_of("initial", name))

    def is_of(self, kind: str, name: str) -> bool:
        return name in self.states and self.states[name].get("type") == kind

    def is_final(self, position: str) -> bool:
        """Whether an entity is final; a leaf inside a region makes none so (S1.3)."""
        return self.is_of("terminal", position)

    def over(self, active: Collection[str]) -> list[str]:
        """The active nodes that have come to an end: those around a terminal leaf, up to its region (S1.3)."""
        ended = [self.tree.region(name) for name in active if self.is_of("terminal", name)]
        return [node for node in active if self.tree.region(node) in ended]

    def is_finished(self, container: str, active: Collection[str]) -> bool:
        """Whether all regions that can finish have finished, and there is one (S6.6)."""
        found = [self._ends(container, region) for region in self.states[container]["regions"]]
        return any(found) and all(any(end in active for end in ends) for ends in found if ends)

    def _ends(self, container: str, region: Mapping[str, Any]) -> list[str]:
        node = f"{container}/{region['name']}"
        own = [name for name in self.states if self.is_of("terminal", name) and self.tree.region(name) == node]
        return [*own, region["final"]] if "final" in region else own

    def planned(self, occasion: str, nodes: Iterable[str]) -> list[Any]:
        """The actions on entry or exit of these nodes; regions have none."""
        return [action for node in nodes if node in self.states for action in self.states[node].get(occasion, [])]

    def sources(self, transition: Transition) -> list[str]:
        named = transition["source"]
        return [_destination(name)[1] for name in ([named] if isinstance(named, str) else named)]

    def from_state(self, name: str) -> list[Transition]:
        """The transitions that name a state as source, in order (S2.1)."""
        return [transition for transition in self.transitions if name in self.sources(transition)]

    def candidates(self, tip: str, wanted: Wanted) -> list[Transition]:
        """From a leaf or a parallel state outward, as far as its region, then those from anywhere (S2.1, S2.3)."""
        if self.is_of("terminal", tip):
            return []
        own = itertools.takewhile(lambda node: node in self.states, self.tree.around(tip))
        region = (self.tree.region(tip) or "").partition("/")[2]
        anywhere = [transition for transition in self.from_state("*") if transition.get("region", "") == region]
        found = [transition for name in own for transition in self.from_state(name)]
        return [transition for transition in (*found, *anywhere) if wanted(transition)]

    def applies(self, position: str, wanted: Wanted) -> bool:
        """Whether there is any candidate anywhere in a position (S2.4, S6.3)."""
        tips = (node for node in self.tree.active(position) if node not in self.tree.initials)
        return any(self.candidates(tip, wanted) for tip in tips)

    def knows(self, trigger: str) -> bool:
        """Whether a trigger may be sent: labels and branches of choices are none (S2.6, S7.3)."""
        return any(
            any(source == "*" or not self.is_of("choice", source) for source in self.sources(transition))
            for transition in self.transitions
            if _is_event(trigger, transition)
        )

    def is_automatic(self, active: Collection[str], transition: Transition) -> bool:
        """Whether it waits for no event; a join does so once its parallel state is finished (S6.6, S7.1)."""
        trigger = transition.get("trigger", "")
        if trigger.startswith("_join_"):
            return self.is_finished(trigger.removeprefix("_join_"), active)
        return bool(transition.get("auto"))

    def timers(self, names: Iterable[str]) -> list[Timer]:
        """The timers of these states (S9.2)."""
        found = (_timer(name, transition) for name in names for transition in self.from_state(name))
        return list(dict.fromkeys(timer for timer in found if timer is not None))

    def waiting(self, position: str) -> list[Timer]:
        """The timers of all states that are active in a position and not over (S9.2, S9.5)."""
        active = self.tree.active(position)
        over = self.over(active)
        return self.timers(node for node in active if node not in over)

    def timed(self, timer: Timer) -> list[Transition]:
        """What is asked when a timer fires: its own transition alone (S9.4)."""
        return [transition for transition in self.from_state(timer[0]) if _timer(timer[0], transition) == timer]


def _is_event(trigger: str, transition: Transition) -> bool:
    """Whether sending a trigger can cause a transition; those that start with ``_`` can't be sent (S2.6)."""
    return transition.get("trigger") == trigger and not transition.get("auto") and not trigger.startswith("_")


def _destination(name: str) -> tuple[str, str]:
    """Which kind of history a name goes back to, if any, and the state that it means (S4.2, S12.2)."""
    kind, _, name = name.removesuffix(")").rpartition("(")
    return kind, name.rpartition(":")[2]


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
        self.history: dict[str, str] = {}  # of each compound and parallel state the position in it (S4.1)
        self.due, self.rung = dict[Timer, int](), list[Timer]()  # the timers that wait, and those that have fired

    def start(self, context: Context, initial_state: str | None = None) -> Outcome:
        """Come into being (S3.5, S10.3)."""
        chart = self.definition
        defaults = {variable["key"]: variable["default"] for variable in chart.variables if "default" in variable}
        into = Pick(None, [], initial_state or chart.initial)
        return self._settle([into], {**defaults, **context}, [], Guards(self.functions))

    def send(self, trigger: str, payload: Mapping[str, Any]) -> list[Outcome]:
        """Take an event; the outcomes are its own and those of the timers without delay that follow."""
        chart = self.definition
        trigger = trigger.lower() if chart.meta.get("event_normalizer") else trigger
        wanted = functools.partial(_is_event, trigger)
        if chart.is_final(self.state):
            outcome = self._refused("TerminalStateError", "terminal_state")
        elif chart.applies(self.state, wanted):
            outcome = self._take(wanted, {**self.context, **payload})
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
        """Fire a timer, which is used up whatever comes of it; it asks nothing but its own transition (S9.4)."""
        chart, guards = self.definition, Guards(self.functions)
        del self.due[timer]
        self.rung.append(timer)
        tip = chart.tree.tip(chart.tree.active(self.state), timer[0])
        picks = self._first(chart.timed(timer), tip, self.context, guards)
        waiting = [other for other in chart.waiting(self.state) if other != timer]
        return self._settle(picks, self.context, waiting, guards)

    def _take(self, wanted: Wanted, context: Context) -> Outcome:
        guards = Guards(self.functions)
        picks = self._picks(wanted, Outcome(self.state, dict(context)), guards)
        return self._settle(picks, context, self.definition.waiting(self.state), guards)

    def _refused(self, error: str, reason: str | None = None, guards: Guards | None = None) -> Outcome:
        return Outcome(self.state, self.context, error, reason, guard_raised=guards is not None and guards.raised)

    def _picks(self, wanted: Wanted, at: Outcome, guards: Guards, region: str | None = None) -> list[Pick]:
        """What fires in a region, or in all of the machine, where the step has come to.

        Regions further in pick first (S6.3), and what leaves them is taken alone (S6.5). Only if none of them picks
        are their container and what is around it asked.
        """
        tree = self.definition.tree
        tip = tree.tip(tree.active(at.state), region)
        picked = [pick for inner in tree.regions.get(tip, ()) for pick in self._picks(wanted, at, guards, inner)]
        leaving = [pick for pick in picked if tip not in tree.around(pick.domain)]
        if picked:
            return leaving[:1] or picked
        return self._first(self.definition.candidates(tip, wanted), tip, at.context, guards)

    def _first(self, found: list[Transition], tip: str, context: Context, guards: Guards) -> list[Pick]:
        """The first candidate whose guards all hold (S2.2), if there is one."""
        for transition in found:
            if not guards.hold(transition.get("guards", []), context):
                continue
            actions = transition.get("actions", [])
            if transition.get("internal"):
                return [Pick(tip, actions)]  # S3.4
            for dest, more in self._routes(transition["dest"], context, guards):
                return [Pick(self.definition.tree.domain(tip, _destination(dest)[1]), [*actions, *more], dest)]
        return []

    def _routes(self, dest: str, context: Context, guards: Guards) -> Iterator[tuple[str, list[Any]]]:
        """Where an arrow may end, with the actions of its further legs: choices prolong it (S7.3)."""
        declared = _destination(dest)[1]
        if not self.definition.is_of("choice", declared):
            yield dest, []
            return
        for branch in self.definition.from_state(declared):
            if guards.hold(branch.get("guards", []), context):
                for end, more in self._routes(branch["dest"], context, guards):
                    yield end, [*branch.get("actions", []), *more]

    def _settle(self, picks: list[Pick], context: Context, waiting: list[Timer], guards: Guards) -> Outcome:
        """Carry out what was picked and the automatic rounds after it; nothing is kept if that fails (S7.1, S8.2)."""
        if not picks:
            return self._refused("InvalidTransitionError", "guards_failed", guards)
        at, running = Outcome(self.state, copy.deepcopy(dict(context))), list(waiting)
        for rounds in itertools.count():
            if rounds > 100:
                return self._refused("AutoTransitionLoopError", None, guards)  # S7.2
            try:
                for pick in picks:
                    self._carry_out(pick, at, running)
            except EffectFailedError:
                return self._refused("ActionError", None, guards)
            active = self.definition.tree.active(at.state)
            picks = self._picks(functools.partial(self.definition.is_automatic, active), at, guards)
            if not picks:
                break
        at.guard_raised = guards.raised
        at.disarmed = [timer for timer in waiting if timer not in running]
        self.state, self.context, self.history = at.state, at.context, {**self.history, **at.history_updates}
        for timer in (*at.disarmed, *at.armed):
            self.due.pop(timer, None)
        self.due.update((timer, self.now + timer[2]) for timer in at.armed)
        return at

    def _carry_out(self, pick: Pick, at: Outcome, running: list[Timer]) -> None:
        """One transition: exits, its own actions, entries (S3.3); history and timers go with it (S4.1, S9.2)."""
        chart, tree = self.definition, self.definition.tree
        active = tree.active(at.state)
        exits = self._exits(pick, active)
        remembering = [name for name in exits if name in chart.states and not tree.is_leaf(name)]
        at.history_updates.update((name, tree.position(active, name)) for name in remembering)
        enters = self._enters(pick, {**self.history, **at.history_updates})
        plan = [*chart.planned("on_exit", exits), *pick.actions, *chart.planned("on_enter", enters)]
        at.actions += carried_out(plan, at.context)
        active = [*(node for node in active if node not in exits), *enters]
        at.state = tree.position(active)
        over = chart.over(active)  # nothing there waits any more (S9.5)
        started = chart.timers(node for node in enters if node not in over)
        for timers in (running, at.armed):
            timers[:] = [*(timer for timer in timers if timer[0] not in (*exits, *over)), *started]

    def _exits(self, pick: Pick, active: list[str]) -> list[str]:
        """What a transition leaves: all that is active below the domain, what was entered last first (S3.2, S6.5)."""
        if pick.dest is None:
            return []
        around = self.definition.tree.around
        return [node for node in reversed(active) if pick.domain is None or pick.domain in around(node)[1:]]

    def _enters(self, pick: Pick, history: Mapping[str, str]) -> list[str]:
        """What a transition enters: from below the domain to where it leads, outermost first (S3.2, S4.2, S6.1)."""
        if pick.dest is None:
            return []
        tree, (kind, declared) = self.definition.tree, _destination(pick.dest)
        through = tree.around(declared)
        top = next(node for node in through if tree.parents[node] == pick.domain)
        if kind and declared in history:
            through += tree.restored(kind, declared, history[declared])
        return tree.inward(top, through)
