"""The messages about VPCs and their associations."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message
from orgdns.reference.logs.of_sweeps import APPROVAL

_SWEEPER: Final = (Function.SWEEPER,)
_ASSOCIATOR: Final = (Function.ASSOCIATOR,)

OF_VPCS: Final = (
    Message(
        "VPCs described",
        Level.INFO,
        _SWEEPER,
        "blocked enqueued spoke vpcs",
        "A sweep described the VPCs of the spoke, and enqueued those that need a change.",
    ),
    Message(
        "VPCs not described",
        Level.WARNING,
        _SWEEPER,
        "enqueued reason spoke vpcs",
        "No VPC of the spoke gets or loses a zone by this sweep. See [vpcs-unknown](runbook/vpcs-unknown.md).",
    ),
    Message(
        "VPCs cannot be read",
        Level.WARNING,
        _SWEEPER,
        "enqueued first spoke unreadable vpcs",
        "These VPCs, or their rows in the ledger, cannot be read; they keep their associations.",
    ),
    Message(
        "VPCs described in part",
        Level.WARNING,
        _SWEEPER,
        "denied enqueued reasons spoke vpcs",
        "A policy denies calls, which `reasons` name: what else decides answers in these VPCs is not known.",
    ),
    Message(
        "VPC updated",
        Level.INFO,
        _ASSOCIATOR,
        "removed steps vpc",
        "The steps that were done. `removed` means that the VPC is gone and so is its row.",
    ),
    Message(
        "association refused",
        Level.WARNING,
        _ASSOCIATOR,
        "reason step steps vpc",
        "AWS or a limit refused the step. The next sweep tries again; `orgdns coverage` shows the reason.",
    ),
    Message(
        "end of an association refused",
        Level.WARNING,
        _ASSOCIATOR,
        "reason step steps vpc",
        "AWS refused to take a zone from the VPC. See [associations-refused](runbook/associations-refused.md).",
    ),
    Message(
        "an authorization is left",
        Level.WARNING,
        _ASSOCIATOR,
        "reason step steps vpc",
        "The association is made; its authorization could not be deleted, and the next change of the VPC tries again.",
    ),
    Message(
        "autodefined rules not disabled",
        Level.WARNING,
        _ASSOCIATOR,
        "reason step steps vpc",
        "AWS refused to disable the Resolver's own reverse rules of the VPC, which hide reverse zones.",
    ),
    Message(
        "association removed by others",
        Level.WARNING,
        _ASSOCIATOR,
        "steps times vpc zone_or_profile",
        "Someone else had ended the association. See [associations-removed](runbook/associations-removed.md).",
    ),
    Message(
        APPROVAL,
        Level.ERROR,
        _ASSOCIATOR,
        "steps vpc zones",
        "The VPC would lose these zones, together with many others.",
    ),
    Message(
        "VPC not changed",
        Level.INFO,
        _ASSOCIATOR,
        "reason steps vpc",
        "Changes are paused: no VPC gets or loses a zone. See [paused](runbook/paused.md).",
    ),
    Message(
        "VPC cannot be described",
        Level.WARNING,
        _ASSOCIATOR,
        "reason steps vpc",
        "The reader role of the account may not describe VPCs. See [vpcs-unknown](runbook/vpcs-unknown.md).",
    ),
    Message(
        "VPC not covered",
        Level.WARNING,
        _ASSOCIATOR,
        "reason steps vpc",
        "An event of a VPC in an account or region that is not covered.",
    ),
    Message(
        "VPC cannot be read",
        Level.WARNING,
        _ASSOCIATOR,
        "reason steps vpc",
        "The VPC, or its row in the ledger, cannot be read; it keeps its associations.",
    ),
    Message(
        "VPC will be retried",
        Level.WARNING,
        _ASSOCIATOR,
        "reason steps vpc",
        "AWS did not answer, or throttled. The task comes again after half an hour.",
    ),
    Message(
        "VPC damped",
        Level.WARNING,
        _ASSOCIATOR,
        "reason steps vpc",
        "What the policy wants for it changed too often; its events are ignored for a while. Ask the account's owner.",
    ),
)
