"""The messages about events and instances."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message

_OBSERVER: Final = (Function.OBSERVER,)
_LOOKING: Final = (Function.OBSERVER, Function.SWEEPER)

OF_INSTANCES: Final = (
    Message(
        "instance recorded",
        Level.INFO,
        _LOOKING,
        "instance reason dns_names",
        "The facts or claims of the instance changed in the ledger; it now claims these names. From the sweeper: a "
        "sweep found the difference.",
    ),
    Message(
        "instance unchanged",
        Level.INFO,
        _LOOKING,
        "instance reason",
        "The ledger had it already, or the reason says why it stays as it is.",
    ),
    Message(
        "instance unreadable",
        Level.WARNING,
        _LOOKING,
        "instance reason",
        "It keeps its names. See [unreadable](runbook/unreadable.md).",
    ),
    Message(
        "instance damped",
        Level.WARNING,
        _LOOKING,
        "instance reason",
        "Its names changed too often; its events are ignored for a while. Ask its owner what keeps changing it.",
    ),
    Message(
        "name refused",
        Level.INFO,
        _LOOKING,
        "dns_name instance reason rule",
        "A rule of the policy applies to the instance and did not give the name; the reason says why.",
    ),
    Message(
        "name not requested",
        Level.DEBUG,
        _LOOKING,
        "dns_name instance reason rule",
        "The rule needs a tag that the instance does not have, or a tag declines the name.",
    ),
    Message(
        "event will be retried",
        Level.WARNING,
        _OBSERVER,
        "instance reason",
        "The instance could not be described, or EC2 does not show yet what the event reports. It comes again after "
        "twelve minutes, five times in all. See [looks-failing](runbook/looks-failing.md).",
    ),
    Message(
        "event will be retried",
        Level.WARNING,
        (Function.OBSERVER, Function.ASSOCIATOR),
        "reason spoke",
        "The ledger did not take that an event of the spoke came, or that a call requests a sweep.",
    ),
    Message(
        "event dropped",
        Level.WARNING,
        _OBSERVER,
        "instance reason",
        "The instance does not exist, or its account or region is not covered.",
    ),
    Message(
        "event dropped",
        Level.DEBUG,
        _OBSERVER,
        "instance reason",
        "The instance is damped.",
    ),
    Message(
        "event dropped",
        Level.WARNING,
        _OBSERVER,
        "message_id reason",
        "The message is not an event of orgdns, or its parts contradict each other. Find out who writes to the queue.",
    ),
    Message(
        "events will be delivered again",
        Level.WARNING,
        _OBSERVER,
        "reason",
        "Further messages of a burst could not be received or deleted. That does no harm.",
    ),
    Message(
        "health not recorded",
        Level.WARNING,
        (Function.OBSERVER, Function.PUBLISHER),
        "reason what",
        "The ledger did not take what `orgdns status` is to show. The work went on. If it lasts, look at the table.",
    ),
)
