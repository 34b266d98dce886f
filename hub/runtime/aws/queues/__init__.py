"""The queues of the hub: sending tasks."""
