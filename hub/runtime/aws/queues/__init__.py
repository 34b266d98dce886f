"""The queues of the hub: sending tasks, and receiving more events than a batch has."""

from typing import Final

# SQS API Reference, SendMessageBatch, ReceiveMessage and DeleteMessageBatch: up to ten messages.
MESSAGES_A_CALL: Final = 10
