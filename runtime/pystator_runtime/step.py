"""The decision (`S2`, `S5`, `S7`, `S8`): configuration, event and context in, result out, nothing changed.

There is one procedure for every door. It is a generator that yields only where an async guard has to be
awaited (:mod:`~pystator_runtime.waiting`), so that sync and async callers share it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from pystator_runtime import fields, refusals
from pystator_runtime.callables import FunctionRegistry
from pystator_runtime.chart import Chart
from pystator_runtime.effects import WorkingContext, carry_out
from pystator_runtime.errors import ActionError, AutoTransitionLoopError, FSMError, GuardError
from pystator_runtime.events import Event
from pystator_runtime.guards import GuardEvaluation
from pystator_runtime.results import NOTHING, Timer, TransitionResult, TransitionStep
from pystator_runtime.rows import Row, Transition, Way
from pystator_runtime.selection import Candidates, select
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Procedure

StateT = TypeVar("StateT", bound=Any)

ContextCheck = Callable[[Row[Any], str, Mapping[str, Any]], list[str]]
"""Says what is wrong with a context in which an event arrives (`S10.2`): the row, the trigger, the context."""

MAXIMUM_ROUNDS = 100
START_TRIGGER = "_start"


class Step(Generic[StateT]):
    """One event being decided for one entity that rests in ``row``, seen from ``context``.

    ``history`` is what states have recorded for the entity, ``now`` what time it is by the clock that its timers go by;
    the process's own clock if there is none. ``check`` is asked about the context before the guards are.
    """

    __slots__ = (
        "_armed",
        "_disarmed",
        "_now",
        "_waiting",
        "chart",
        "check",
        "evaluation",
        "filled",
        "history",
        "row",
        "source",
        "taken",
        "trigger",
        "updates",
        "working",
    )

    def __init__(
        self,
        chart: Chart[StateT],
        guards: FunctionRegistry,
        row: Row[StateT],
        event: Event,
        context: Mapping[str, Any],
        *,
        entity_id: str | None = None,
        history: Mapping[str, Any] = NOTHING,
        now: Milliseconds | None = None,
        check: ContextCheck | None = None,
    ) -> None:
        self.chart = chart
        self.check = check
        self.row = row
        self.source = row.state
        self.trigger = event.trigger
        self.evaluation = GuardEvaluation(guards, context, event, entity_id)
        self.filled: Mapping[str, Any] = NOTHING  # defaults that stand in for keys which were not given
        self.working: WorkingContext | None = None
        self.taken: list[TransitionStep[StateT]] = []
        self.history = history
        self.updates: dict[str, Any] = {}
        self._now = now
        self._waiting: Collection[Timer] = row.delayed.keys()  # the timers that were armed before this step
        self._armed: dict[Timer, None] = {}
        self._disarmed: dict[Timer, None] = {}

    def take(self, transition: Transition[StateT]) -> None:
        """Apply the effects of a transition in planned order and move to its target (`S3.3`, `S8.2`)."""
        if self.row.parts:
            transition = self.row.resolved(transition)
        working = self._working()
        self.updates.update(transition.updates)
        way = transition.way
        if transition.restoration is not None:
            way = self._restored(transition, way)
        target: Any = way.target
        self.taken.append(
            TransitionStep(
                transition.source,
                target,
                transition.trigger,
                carry_out(transition.exit, working),
                carry_out(transition.actions, working),
                carry_out(way.entry, working),
            )
        )
        self._change_timers(way.armed, way.disarmed)
        self.row = way.row

    def enter(self, row: Row[StateT]) -> None:
        """Apply the entry of a state in which an entity comes into being (`S3.5`)."""
        entry = carry_out(row.entry, self._working())
        self.taken.append(TransitionStep(None, row.state, self.trigger, on_enter_actions=entry))
        self._waiting = ()
        self._change_timers(row.delayed.keys(), ())
        self.row = row

    def use_up(self, timer: Timer) -> None:
        """Take a timer as gone, because it is the one that fires (`S9.4`)."""
        self._waiting = [waiting for waiting in self._waiting if waiting != timer]

    def _restored(self, transition: Transition[StateT], default: Way[StateT]) -> Way[StateT]:
        """The way back to what was recorded, this step's own exits included (`S4.2`)."""
        restoration: Any = transition.restoration
        recorded = self.updates.get(restoration.parent, self.history.get(restoration.parent))
        way = None if recorded is None else restoration.way(str(recorded))
        return default if way is None else transition.placed(way)

    def _change_timers(self, armed: Iterable[Timer], disarmed: Iterable[Timer]) -> None:
        """Keep the balance of all transitions of the step; a restart counts as armed (`S9.2`)."""
        for timer in disarmed:
            self._armed.pop(timer, None)
            if timer in self._waiting:
                self._disarmed[timer] = None
        for timer in armed:
            self._disarmed.pop(timer, None)
            self._armed[timer] = None

    def settle(self) -> Procedure[FSMError | None]:
        """Take automatic transitions round after round until none fires (`S7.1`); an error if they never end."""
        for rounds in range(MAXIMUM_ROUNDS + 1):
            if not self.row.automatic:
                return None
            if self.working is not None:
                self.evaluation.about(self.working.values)
            chosen = yield from select(self.evaluation, self.row.automatic)
            if not chosen:
                return None
            if rounds == MAXIMUM_ROUNDS:
                break
            for transition in chosen:
                self.take(transition)
        return AutoTransitionLoopError(
            f"automatic transitions from {str(self.row.state)!r} did not come to rest within "
            f"{MAXIMUM_ROUNDS} rounds; nothing of the step is kept"
        )

    def finished(self) -> TransitionResult[StateT]:
        """The result of a step that came to rest."""
        working = self._working()
        return TransitionResult(
            self.source,
            self.row.state,
            self.trigger,
            metadata=self._metadata(),
            steps=tuple(self.taken),
            changes=working.changes or NOTHING,
            removed=tuple(working.removed),
            history_updates=self.updates or NOTHING,
            armed=tuple(self._armed),
            disarmed=tuple(self._disarmed),
        )

    @property
    def is_ordinary(self) -> bool:
        """Whether nothing has happened so far that a result built beforehand would not tell."""
        return not (self.evaluation.errors or self.filled) and len(self._waiting) == len(self.row.delayed)

    def failed(self, error: FSMError, **metadata: Any) -> TransitionResult[StateT]:
        """The result of a step of which nothing is kept."""
        return TransitionResult(self.source, None, self.trigger, error, metadata={**self._metadata(), **metadata})

    def unfit(self, what: str, wrong: Sequence[str]) -> TransitionResult[StateT]:
        """The result of an event whose payload or context is not as declared."""
        error = refusals.unfit(self.trigger, what, wrong)
        return self.failed(error, reason=f"{what}_validation", errors=tuple(wrong))

    def _working(self) -> WorkingContext:
        if self.working is None:
            self.working = WorkingContext(self.evaluation.context, self._now)
            for key, value in self.filled.items():
                self.working.write(key, value)
        return self.working

    def _metadata(self) -> Mapping[str, Any]:
        errors = self.evaluation.errors
        return {"guard_errors": tuple(errors)} if errors else NOTHING


def decide(step: Step[StateT], payload: Mapping[str, Any] | None = None) -> Procedure[TransitionResult[StateT]]:
    """What a step's event does.

    Its context has the payload merged in already (`S8.3`); ``payload`` is given where it is known apart from it, and
    then has to be exactly what the trigger declares.
    """
    chart, row, trigger = step.chart, step.row, step.trigger
    refusal = refusals.before_guards(chart, row, trigger)
    if refusal is not None:
        return refusal
    declared = chart.payloads.get(trigger)
    if declared is not None:
        context = step.evaluation.context
        if filled := declared.missing(context):
            step.filled = filled
            step.evaluation.context = context = {**context, **filled}
        if payload is not None or not declared.fits(context):
            wrong = declared.problems(context if payload is None else payload, closed=payload is not None)
            if wrong:
                return step.unfit("payload", wrong)
    return (yield from _choose(step, row.on[trigger]))


def ring(step: Step[StateT], timer: Timer) -> Procedure[TransitionResult[StateT]]:
    """What ``timer`` does when it is due: only its own transition is asked, and it is used up (`S9.4`)."""
    step.use_up(timer)
    return (yield from _choose(step, step.row.delayed[timer]))


def _choose(step: Step[StateT], candidates: Candidates) -> Procedure[TransitionResult[StateT]]:
    """Check the context where the machine wants that, ask the guards, take what holds."""
    row, trigger = step.row, step.trigger
    if step.chart.validate_context or step.check is not None:  # or a procedure would be made for nothing
        refusal = yield from _misfit(step)
        if refusal is not None:
            return refusal
    chosen = yield from select(step.evaluation, candidates)
    if not chosen:
        verdicts = step.evaluation.verdicts
        error = refusals.guards_failed(row.state, trigger, verdicts)
        return step.failed(error, reason="guards_failed", guards=verdicts)
    taken = row.joined(chosen)
    if step.is_ordinary and taken.outcome is not None:
        return taken.outcome
    return (yield from complete(step, taken))


def fall_back(step: Step[StateT], payload: Mapping[str, Any]) -> Procedure[TransitionResult[StateT]]:
    """Take a row's way to the fallback state, in the place of an event that led nowhere (`S12.1`).

    What the event brings is kept, so it has to fit all the same (`S10.1`).
    """
    assert step.row.fallback is not None, "the caller has looked"
    declared = step.chart.payloads.get(step.trigger)
    if declared is not None and (wrong := declared.problems(payload, closed=True)):
        return step.unfit("payload", wrong)
    refusal = yield from _misfit(step)
    return refusal or (yield from complete(step, step.row.fallback))


def complete(step: Step[StateT], chosen: Transition[StateT]) -> Procedure[TransitionResult[StateT]]:
    """Take the chosen transition and come to rest; where that fails, nothing of the step is kept (`S8.2`)."""
    error: FSMError | None
    try:
        for transition in chosen.moves or (chosen,):
            step.take(transition)
        error = yield from step.settle()
    except GuardError:
        raise
    except Exception as failure:
        error = effect_failed(failure)
    return step.finished() if error is None else step.failed(error)


def enter(
    chart: Chart[StateT],
    guards: FunctionRegistry,
    row: Row[StateT],
    context: Mapping[str, Any],
    *,
    entity_id: str | None = None,
    now: Milliseconds | None = None,
) -> Procedure[TransitionResult[StateT]]:
    """What coming into being in ``row`` entails: its entry, then its automatic transitions (`S3.5`).

    ``context`` is what the caller gave; variables that it lacks are set to their defaults (`S10.3`), which the
    result tells among its ``changes``.
    """
    step = Step(chart, guards, row, Event(START_TRIGGER), context, entity_id=entity_id, now=now)
    step.filled = {key: value for key, value in chart.defaults().items() if key not in context}
    error: FSMError | None
    try:
        step.enter(row)
        error = yield from step.settle()
    except GuardError:
        raise
    except Exception as failure:
        error = effect_failed(failure)
    return step.finished() if error is None else step.failed(error)


def _misfit(step: Step[StateT]) -> Procedure[TransitionResult[StateT] | None]:
    """The refusal of an event in a context that does not fit the machine, or the validators (`S10.1`, `S10.2`)."""
    if step.chart.validate_context and (wrong := (yield from _context_problems(step))):
        return step.unfit("context", wrong)
    if step.check is not None and (wrong := step.check(step.row, step.trigger, step.evaluation.context)):
        return step.unfit("context", wrong)
    return None


def effect_failed(failure: Exception) -> ActionError:
    """The error of a step whose effect or condition raised (`S8.2`)."""
    error = ActionError(f"an effect failed, nothing of the step is kept: {type(failure).__name__}: {failure}")
    error.__cause__ = failure
    return error


def _context_problems(step: Step[Any]) -> Procedure[list[str]]:
    """What is wrong with the context by the variables' declarations and the invariants (`S10.1`)."""
    evaluation = step.evaluation
    wrong = fields.problems(step.chart.variables, evaluation.context)
    for name, guard in step.chart.invariants.items():
        verdict = yield from guard.ask(evaluation)
        if not verdict:
            wrong.append(f"invariant {name} {'could not be checked' if verdict is None else 'does not hold'}")
    return wrong
