"""The twin: entities, states, time. Knows nothing of brokers, files or screens."""
