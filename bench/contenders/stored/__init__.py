"""The order machine again, its entities in a store: each module opens one and says what sends an event to it."""
