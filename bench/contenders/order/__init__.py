"""Six states on one level: flat events, payloads, guards, effects, creation, memory."""
