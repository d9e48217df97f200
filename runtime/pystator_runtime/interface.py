"""What generated modules import, and the number of this interface.

A generated module says which number it was made for. A runtime serves its own number and those before it, as far
back as :data:`OLDEST`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pystator_runtime.actions import ActionFunction as ActionFunction
from pystator_runtime.actions import ActionSpec as ActionSpec
from pystator_runtime.chart import Chart as Chart
from pystator_runtime.effects import Append as Append
from pystator_runtime.effects import Clear as Clear
from pystator_runtime.effects import Compute as Compute
from pystator_runtime.effects import Increment as Increment
from pystator_runtime.effects import SetFields as SetFields
from pystator_runtime.effects import Timestamp as Timestamp
from pystator_runtime.effects import When as When
from pystator_runtime.errors import ConfigurationError
from pystator_runtime.events import EngineContext as EngineContext
from pystator_runtime.fields import ANY as ANY
from pystator_runtime.fields import ARRAY as ARRAY
from pystator_runtime.fields import BOOLEAN as BOOLEAN
from pystator_runtime.fields import DATE as DATE
from pystator_runtime.fields import DATETIME as DATETIME
from pystator_runtime.fields import DECIMAL as DECIMAL
from pystator_runtime.fields import INTEGER as INTEGER
from pystator_runtime.fields import NUMBER as NUMBER
from pystator_runtime.fields import OBJECT as OBJECT
from pystator_runtime.fields import STRING as STRING
from pystator_runtime.fields import UUID as UUID
from pystator_runtime.fields import Field as Field
from pystator_runtime.fields import Payload as Payload
from pystator_runtime.fields import application_type as application_type
from pystator_runtime.fields import dict_of as dict_of
from pystator_runtime.fields import list_of as list_of
from pystator_runtime.fields import one_of as one_of
from pystator_runtime.fields import optional as optional
from pystator_runtime.guards import AllOf as AllOf
from pystator_runtime.guards import AnyOf as AnyOf
from pystator_runtime.guards import Condition as Condition
from pystator_runtime.guards import GuardAnswerT_co as GuardAnswerT_co
from pystator_runtime.guards import GuardFunction as GuardFunction
from pystator_runtime.guards import Named as Named
from pystator_runtime.guards import Not as Not
from pystator_runtime.guards import VerdictT_co as VerdictT_co
from pystator_runtime.guards import condition as condition
from pystator_runtime.lazy import lazily
from pystator_runtime.machine import StateMachine as StateMachine
from pystator_runtime.results import Timer as Timer
from pystator_runtime.results import TransitionResult as TransitionResult
from pystator_runtime.rows import Restoration as Restoration
from pystator_runtime.rows import Row as Row
from pystator_runtime.rows import Transition as Transition
from pystator_runtime.rows import Way as Way
from pystator_runtime.session import EntitySession as EntitySession
from pystator_runtime.stored import AnswerT as AnswerT
from pystator_runtime.stored import StoredEntities as StoredEntities
from pystator_runtime.stored import StoredEvents as StoredEvents

if TYPE_CHECKING:
    from pystator_runtime.configuration import ParallelStateConfig as ParallelStateConfig
    from pystator_runtime.regions import Container as Container
    from pystator_runtime.regions import Region as Region
    from pystator_runtime.views import StateView as StateView

INTERFACE = 1
OLDEST = 1

__getattr__, __dir__ = lazily(  # what only machines with parallel states need, or views: others do not pay for it
    __name__,
    {
        "Container": "pystator_runtime.regions",
        "ParallelStateConfig": "pystator_runtime.configuration",
        "Region": "pystator_runtime.regions",
        "StateView": "pystator_runtime.views",
    },
)


def require(interface: int, module: str) -> None:
    """Make sure that this runtime serves modules made for ``interface``.

    Raises:
        ConfigurationError: It does not; the message says what to do.
    """
    if interface > INTERFACE:
        raise ConfigurationError(
            f"{module} was generated for runtime interface {interface}, but the installed pystator-runtime has "
            f"{INTERFACE}: upgrade it (pip install -U pystator-runtime)"
        )
    if interface < OLDEST:
        raise ConfigurationError(
            f"{module} was generated for runtime interface {interface}, which the installed pystator-runtime no "
            f"longer serves: generate it again with a current pystator-gen"
        )
