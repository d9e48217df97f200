"""Two regions that are active at once: one event that both take."""
