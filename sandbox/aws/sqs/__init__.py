"""SQS: which messages its queues return."""
