"""What a machine answers about its parallel states, statelessly (`S6.8`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from pystator_runtime.errors import UndefinedStateError
from pystator_runtime.guards import GuardAnswerT_co
from pystator_runtime.rows import acting

if TYPE_CHECKING:
    from pystator_runtime.actions import ActionSpec
    from pystator_runtime.chart import Chart
    from pystator_runtime.configuration import ParallelStateConfig
    from pystator_runtime.regions import Configuration, Regions
    from pystator_runtime.results import TransitionResult

    ConfigT = TypeVar("ConfigT", bound=ParallelStateConfig)
else:  # a bound in quotes would be compiled whenever an application starts
    ConfigT = TypeVar("ConfigT")

StateT = TypeVar("StateT", bound=Any)
ContextT = TypeVar("ContextT", bound=Mapping[str, object])
TriggerNameT = TypeVar("TriggerNameT", bound=str)


class ParallelStates(Generic[StateT, ContextT, TriggerNameT, ConfigT, GuardAnswerT_co]):
    """The part of a machine that is about parallel states; one without any refuses all of it."""

    chart: ClassVar[Chart[Any]]

    def enter_parallel_state(self, name: str) -> ConfigT:
        """The config in which the parallel state ``name`` is entered: all regions at their initial states (`S6.1`).

        Raises:
            UndefinedStateError: There is no such parallel state.
        """
        return cast("ConfigT", self._entered(name).state)

    def process_parallel(
        self: ParallelStates[StateT, ContextT, TriggerNameT, ConfigT, bool],
        config: ConfigT,
        trigger: TriggerNameT,
        context: ContextT,
        *,
        history: Mapping[str, object] | None = None,
    ) -> tuple[ConfigT, TransitionResult[StateT | ConfigT]]:
        """:meth:`process` for an entity in a parallel state: what is active then, and the result.

        Where the event leads out of all parallel states, that is the config that was left, and the result's
        ``target_state`` tells where the entity rests.
        """
        machine: Any = self
        result: TransitionResult[Any] = machine.process(config, trigger, context, history=history)
        target = result.target_state
        return (config if target is None or isinstance(target, str) else cast("ConfigT", target)), result

    def get_parallel_enter_actions(self, name: str) -> tuple[ActionSpec, ...]:
        """The actions of entering the parallel state ``name`` and its regions, in order (`S6.1`).

        Those planned under a condition are among them: only an event can ask that.

        Raises:
            UndefinedStateError: There is no such parallel state.
        """
        entered = self._entered(name)
        return acting(entered.container.on_enter + entered.inner_entry)

    def get_parallel_exit_actions(self, config: ConfigT) -> tuple[ActionSpec, ...]:
        """The actions of leaving a parallel state from ``config``: its regions, the last first, then itself (`S6.5`).

        Those planned under a condition are among them: only an event can ask that.

        Raises:
            UndefinedStateError: The machine has no such configuration.
        """
        left: Any = self._regions().row(config)
        return acting(left.inner_exit + left.container.on_exit)

    def _entered(self, name: str) -> Configuration:
        regions = self._regions()
        regions.container(str(name))  # or it is another kind of state
        return cast("Configuration", regions.row(str(name)))

    def _regions(self) -> Regions:
        if self.chart.regions is None:
            raise UndefinedStateError(f"{self.chart.name} has no parallel states")
        return self.chart.regions
