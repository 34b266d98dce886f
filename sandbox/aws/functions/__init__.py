"""The Lambda service: execution environments, and the pollers of queues and streams."""
