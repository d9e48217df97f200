"""The same application as a worker of Celery imports it: ``celery -A schedulers.eggs_of_celery worker``."""

from __future__ import annotations

from schedulers import eggs

orchestrator = eggs.make()
app = orchestrator.scheduler.app
