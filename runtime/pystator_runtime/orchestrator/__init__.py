"""Stored entities: load, decide, commit, act."""

from __future__ import annotations

from pystator_runtime.orchestrator.entities import AuditEntry as AuditEntry
from pystator_runtime.orchestrator.entities import FailedAction as FailedAction
from pystator_runtime.orchestrator.entities import StoredEntity as StoredEntity
from pystator_runtime.orchestrator.orchestrator import Orchestrator as Orchestrator
