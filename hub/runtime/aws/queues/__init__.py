"""The queues of the hub: sending tasks, and receiving more events than a batch has."""
