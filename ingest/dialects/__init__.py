"""One message dialect per module: ``(topic, payload)`` to measured values, pure."""
