"""Views: a session seen as the state it rests in, with the triggers that this state accepts and no others.

A view holds nothing but its session and the result that led to it. Whether its state is still active is asked within
the turn of the step, so that whoever else sends events meanwhile can't make a view answer something its type rules out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, cast

SessionT_co = TypeVar("SessionT_co", bound=Any, covariant=True)
StateT_co = TypeVar("StateT_co", bound=Any, covariant=True)
ResultT_co = TypeVar("ResultT_co", bound=Any, covariant=True)
ViewT = TypeVar("ViewT")
Views: TypeAlias = Mapping[str, Callable[..., Any]]
"""The classes of a machine's views, by the state that each shows."""


class StateView(Generic[SessionT_co, StateT_co, ResultT_co]):
    """Base of every generated view; ``order.view()`` gives the one of the state that the entity rests in.

    The type parameters are the session, the state (or the config of the parallel state) and the result. A view is good
    as long as the entity is in the state it shows; afterwards, all but ``session`` and ``result`` raises
    :class:`~pystator_runtime.errors.StaleViewError`.
    """

    __slots__ = ("_result", "_session")

    _shows: ClassVar[str]

    def __init__(self, session: SessionT_co, result: ResultT_co | None = None) -> None:
        self._session = session
        self._result = result

    @property
    def session(self) -> SessionT_co:
        """The session that is seen."""
        return self._session

    @property
    def state(self) -> StateT_co:
        """The state that is shown; of a parallel state, what is active in its regions now.

        Raises:
            StaleViewError: It has been left.
        """
        session: Any = self._session
        return cast("StateT_co", session._standing_in(self._shows).state)

    @property
    def result(self) -> ResultT_co:
        """What the event did that led to this view.

        Raises:
            AttributeError: No event did: it is what ``view()`` gave.
        """
        if self._result is None:
            raise AttributeError(
                f"{self!r} is what view() gave, so there is no result: those of triggers are on the views they return"
            )
        return self._result

    # What these return is what the generated method says: the generator has found out where the trigger may lead. What
    # they take is not looked at by type checkers, who would do so again in each method of each view: the payload is a
    # Mapping[str, Any], whose fields the method declares, and the rest is Views.
    def _send(self, trigger: str, payload: Any, views: Any) -> ViewT:  # type: ignore[type-var]
        """Send a trigger, and show where that leads: the same state if the event was refused (`S2.4`).

        Raises:
            StaleViewError: The entity is not in the state that is shown: nothing was decided.
            GuardError: A guard is async: use ``asend``.
            FSMError: In a strict session, the error of an event that is refused.
        """
        session: Any = self._session
        return cast("ViewT", self._after(session._send_shown(self._shows, trigger, payload), views))

    async def _asend(self, trigger: str, payload: Any, views: Any) -> ViewT:  # pyright: ignore[reportInvalidTypeVarUse]
        """:meth:`_send`, awaiting async guards and actions and the end of other tasks' steps."""
        session: Any = self._session
        return cast("ViewT", self._after(await session._asend_shown(self._shows, trigger, payload), views))

    def _after(self, result: Any, views: Views) -> Any:
        """The view of where the step came to rest; others, or an action, may have moved the entity on since."""
        rests = self._shows if result.target_state is None else result.target_state
        return views[getattr(rests, "parallel_state", rests)](self._session, result)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._session!r}>"
