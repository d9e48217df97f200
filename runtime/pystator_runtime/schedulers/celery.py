"""A clock whose alarms are tasks of Celery: its workers fire the timers."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.logs import warn
from pystator_runtime.timers import Milliseconds, to_datetime, wall_clock
from pystator_runtime.waiting import Procedure, arun, run

try:
    from celery.signals import worker_ready
except ImportError as error:
    raise ConfigurationError(
        f"CeleryScheduler needs Celery: pip install 'pystator-runtime[celery]' ({error})"
    ) from error

if TYPE_CHECKING:
    from celery import Celery

SWEEP = 60.0
"""After how many seconds Celery's beat has the stores searched for what is due."""

_VISIBILITY = {"redis": 3600, "rediss": 3600, "sentinel": 3600, "sqs": 1800, "amqp": 1800, "amqps": 1800}
"""After how many seconds brokers deliver a task again that a worker has not taken up, where the settings don't say."""

_RETRY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.1}
"""A connection that has broken is made anew; a broker that is away must not hold up the sender for long."""

_apps: dict[Any, _Tasks] = {}  # they are few, and live as long as the process
_runners = threading.local()


class CeleryScheduler:
    """Has the workers of a Celery application fire the timers of orchestrators.

    A timer is a task with an ETA, ``pystator.ring``; a worker that gets it looks what is due by the store. Tasks may be
    lost, come twice or early. So ``pystator.run_due`` searches the store when a worker starts, and every ``sweep``
    seconds as far as Celery's beat runs; it also runs the actions that nobody is at.

    A broker delivers again what a worker keeps for longer than its visibility timeout. So a task waits for no longer
    than ``horizon`` seconds, half of that timeout if not given, and a timer that is due later is left to the search.

    The orchestrator has to be made in a module that the workers import, with a scheduler on the same ``app``: they know
    it by its machine's name.
    """

    def __init__(self, app: Celery, *, sweep: float = SWEEP, horizon: float | None = None) -> None:
        if sweep <= 0 or (horizon is not None and horizon <= 0):
            raise ConfigurationError("sweep and horizon have to be more than 0 seconds")
        self.app = app
        self.sweep = sweep
        self._horizon = horizon
        if app not in _apps:
            _apps[app] = _Tasks(app, sweep)
        self._tasks = _apps[app]
        if self._tasks.sweep != sweep:
            raise ConfigurationError(
                f"the workers of this Celery application search every {self._tasks.sweep:g} s already: one beat "
                f"serves all of its orchestrators, so give each scheduler on it the same sweep, not {sweep:g}"
            )

    @property
    def horizon(self) -> float:
        """For how many seconds a task may wait for its time in a worker."""
        if self._horizon is not None:
            return self._horizon
        conf: Any = self.app.conf
        transport = str(conf.broker_url or "amqp").partition(":")[0].partition("+")[0]
        options = conf.broker_transport_options or {}
        return float(options.get("visibility_timeout") or _VISIBILITY.get(transport, 1800)) / 2

    def serve(self, orchestrator: Any) -> None:
        """Belong to an orchestrator; called by its constructor.

        Raises:
            ConfigurationError: Another orchestrator of this machine is served on the same application.
        """
        self._tasks.add(orchestrator)

    def arm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """Send a task for a timer that is due at some moment, if that is near enough."""
        self._tasks.send_ring(orchestrator.machine.name, entity_id, due, self.horizon)

    async def aarm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """:meth:`arm`, in a thread: Celery can't be awaited."""
        await asyncio.to_thread(self.arm, orchestrator, entity_id, due)

    def start(self, orchestrator: Any) -> None:
        """Have a worker search the store for what is due."""
        self._tasks.add(orchestrator)
        try:
            self._tasks.run_due.apply_async(retry_policy=_RETRY)
        except Exception as error:  # the application goes on without its broker; the beat makes up for it
            warn(f"no worker could be told to search for timers of {orchestrator!r}: {error}", error)

    async def astart(self, orchestrator: Any) -> None:
        """:meth:`start`, in a thread."""
        await asyncio.to_thread(self.start, orchestrator)

    def stop(self, orchestrator: Any) -> None:
        """Serve an orchestrator no more in this process; tasks that were sent stay with the workers."""
        self._tasks.remove(orchestrator)

    async def astop(self, orchestrator: Any) -> None:
        """:meth:`stop`."""
        self.stop(orchestrator)


class _Tasks:
    """The tasks of an application, and the orchestrators that they serve in this process."""

    def __init__(self, app: Any, sweep: float) -> None:
        self._app = app
        self.sweep = sweep
        self._served: dict[str, Any] = {}
        # Acknowledged when it is done: one whose worker is killed is delivered again, and ringing twice does no harm.
        options: dict[str, Any] = {"ignore_result": True, "acks_late": True, "reject_on_worker_lost": True}
        options["shared"] = False  # else other applications of the process would have them, too

        def ring(machine: str, entity_id: str) -> None:
            self._ring(machine, entity_id)

        def run_due() -> None:
            self._run_due()

        self.ring = app.task(ring, name="pystator.ring", **options)
        self.run_due = app.task(run_due, name="pystator.run_due", **options)
        # Beat goes on while no worker is there; of its tasks only a fresh one is of use.
        app.add_periodic_task(sweep, self.run_due.s(), name="pystator.run_due", expires=sweep)
        worker_ready.connect(self._search_at_the_start, weak=False)

    def add(self, orchestrator: Any) -> None:
        name = orchestrator.machine.name
        if self._served.setdefault(name, orchestrator) is not orchestrator:
            raise ConfigurationError(
                f"this Celery application serves an orchestrator of {name!r} already, and its workers know them by "
                "that name: close() the other one first, or give it another application"
            )

    def remove(self, orchestrator: Any) -> None:
        name: str = orchestrator.machine.name
        if self._served.get(name) is orchestrator:
            del self._served[name]

    def send_ring(self, machine: str, entity_id: str, due: Milliseconds, horizon: float) -> None:
        if self._app.conf.task_always_eager:
            return  # it would run now, which is not its time; whoever has asked for that calls run_due()
        if due - wall_clock() <= horizon * 1000:
            eta = to_datetime(due)
            self.ring.apply_async((machine, entity_id), eta=eta, retry_policy=_RETRY)

    # -- in a worker -------------------------------------------------------------------------------------------

    def _ring(self, machine: str, entity_id: str) -> None:
        """Fire what is due of one entity, or ring again when something is."""
        orchestrator: Any = self._served.get(machine)
        if orchestrator is None:
            raise ConfigurationError(
                f"this worker has no orchestrator of {machine!r}: make it with a CeleryScheduler on this application, "
                "in a module that the worker imports (its `include` setting, or `-A`)"
            )
        pause = _done(orchestrator, partial(orchestrator.ringer.answer_alarm, entity_id))
        if pause is not None and pause > 0:  # it came early; what is due and can't fire is left to the search
            self.send_ring(machine, entity_id, wall_clock() + pause, orchestrator.scheduler.horizon)

    def _run_due(self) -> None:
        """Fire what is due, and run what nobody is at, of all orchestrators."""
        for orchestrator in tuple(self._served.values()):
            _done(orchestrator, partial(orchestrator.fire_due, None))

    def _search_at_the_start(self, sender: Any, **_: object) -> None:
        """What was due while no worker was there fires when one is, also without a beat."""
        if sender.app is self._app:
            self.run_due.apply_async(retry_policy=_RETRY)


def _done(orchestrator: Any, procedure: Callable[..., Procedure[Any]]) -> Any:
    """Run a procedure; it is awaited only where it has to be, for some of Celery's pools have no room for that."""
    if not orchestrator.is_async:
        return run(procedure(is_async=False))
    return _runner().run(arun(procedure(is_async=True)))


def _runner() -> asyncio.Runner:
    """An event loop for this thread of this process, whose connections outlive the task."""
    if getattr(_runners, "process", None) != os.getpid():
        _runners.process, _runners.runner = os.getpid(), asyncio.Runner()
    runner: asyncio.Runner = _runners.runner
    return runner
