"""What a worker of Celery imports: `celery -A examples.order_reminders.tasks worker`, with SHOP the shop's folder."""

from __future__ import annotations

import os
from pathlib import Path

from examples.order_reminders.shop import open_shop

app, orders = open_shop(Path(os.environ["SHOP"]))
