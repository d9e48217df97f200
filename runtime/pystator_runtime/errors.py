"""Every error the runtime raises or puts into a result.

A caller's bug is raised; an event that does not apply is a result that carries one of these (`S2.4`), to be
raised by :meth:`~pystator_runtime.results.TransitionResult.raise_if_failed`.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """What kind of error it is, for programs: stable, and safe to store."""

    CONFIGURATION = "configuration"
    INVALID_TRANSITION = "invalid_transition"
    UNDEFINED_TRIGGER = "undefined_trigger"
    UNDEFINED_STATE = "undefined_state"
    TERMINAL_STATE = "terminal_state"
    GUARD_FAILED = "guard_failed"
    ACTION_FAILED = "action_failed"
    AUTO_TRANSITION_LOOP = "auto_transition_loop"
    RESERVED_KEY = "reserved_key"
    STALE_VERSION = "stale_version"
    STALE_VIEW = "stale_view"
    SNAPSHOT = "snapshot"
    STORE = "store"
    IDEMPOTENCY = "idempotency"


class FSMError(Exception):
    """Base of all errors of this package; :attr:`code` says which kind."""

    code: ErrorCode = ErrorCode.CONFIGURATION


class ConfigurationError(FSMError):
    """The machine is not usable as it was put together: a name without a function, a runtime too old (`S5.4`)."""

    code = ErrorCode.CONFIGURATION


class InvalidTransitionError(FSMError):
    """The trigger is known, but leads nowhere from here now (`S2.4`)."""

    code = ErrorCode.INVALID_TRANSITION


class TerminalStateError(InvalidTransitionError):
    """The entity is final: no trigger moves it any more (`S1.3`)."""

    code = ErrorCode.TERMINAL_STATE


class UndefinedTriggerError(FSMError):
    """The machine has no such trigger, or it is not one that may be sent (`S2.6`)."""

    code = ErrorCode.UNDEFINED_TRIGGER


class UndefinedStateError(FSMError):
    """The machine has no such state (`S2.5`)."""

    code = ErrorCode.UNDEFINED_STATE


class ReservedKeyError(FSMError, ValueError):
    """A key starting with ``_`` was passed in a context or payload; those are the engine's (`S2.5`, `S8.4`)."""

    code = ErrorCode.RESERVED_KEY


class GuardError(FSMError):
    """A guard can't be asked this way: it is async on a sync path, or it sent an event itself (`S5.5`, `S8.8`)."""

    code = ErrorCode.GUARD_FAILED


class ActionError(FSMError):
    """An effect failed and the step with it (`S8.2`), or an action could not be run (`S8.6`)."""

    code = ErrorCode.ACTION_FAILED


class AutoTransitionLoopError(FSMError):
    """Automatic transitions did not come to rest within 100 rounds (`S7.2`)."""

    code = ErrorCode.AUTO_TRANSITION_LOOP


class StaleVersionError(FSMError):
    """The stored entity was changed by somebody else meanwhile."""

    code = ErrorCode.STALE_VERSION


class StaleViewError(FSMError):
    """A view was used after its state had been left; the message says where the entity is now."""

    code = ErrorCode.STALE_VIEW


class SnapshotError(FSMError):
    """A snapshot does not fit this machine, or a context can't be written as one; the message says what."""

    code = ErrorCode.SNAPSHOT


class StoreError(FSMError):
    """A stored entity does not fit this machine, or the store refused it (`S13.3`)."""

    code = ErrorCode.STORE


class IdempotencyError(FSMError):
    """An event id came again with another trigger or payload (`S13.1`)."""

    code = ErrorCode.IDEMPOTENCY
