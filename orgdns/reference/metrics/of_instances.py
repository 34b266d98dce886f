"""The metrics of events, instances, sweeps, audits and VPCs."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.metrics.metric import Metric

_OBSERVER: Final = (Function.OBSERVER,)
_LOOKING: Final = (Function.OBSERVER, Function.SWEEPER)
_SWEEPER: Final = (Function.SWEEPER,)
_ASSOCIATOR: Final = (Function.ASSOCIATOR,)

OF_INSTANCES: Final = (
    Metric("EventsRetried", _OBSERVER, "Events that come again, because the look or the ledger failed."),
    Metric(
        "EventsNotNoted",
        (Function.OBSERVER, Function.ASSOCIATOR),
        "Events that come again, because the ledger could not store when the last event of the spoke came.",
    ),
    Metric(
        "FurtherMessagesFailed",
        (Function.OBSERVER, Function.PUBLISHER),
        "Runs that could not receive, or delete, further messages of their queue.",
    ),
    Metric("EventsDropped", _OBSERVER, "Events that never succeed: not readable, or the instance does not exist."),
    Metric("EventsNotCovered", _OBSERVER, "Events of accounts or regions that are not covered."),
    Metric(
        "EventsDamped",
        (Function.OBSERVER, Function.ASSOCIATOR),
        "Events of damped instances and VPCs, which are ignored for a while.",
    ),
    Metric("InstancesRecorded", _LOOKING, "Instances whose claims or facts changed in the ledger."),
    Metric("InstancesDamped", _LOOKING, "How often damping of an instance began."),
    Metric("InstancesUnreadable", _LOOKING, "Looks at instances that cannot be read, or whose rows cannot."),
    Metric("NamesRefused", _LOOKING, "Names that a rule of the policy applies to and that an instance did not get."),
)

OF_SWEEPS: Final = (
    Metric("SpokesSwept", _SWEEPER, "Complete sweeps."),
    Metric("SpokesNotSwept", _SWEEPER, "Sweeps that are not complete."),
    Metric("EventsMissed", _SWEEPER, "Changes that sweeps found and that an event should have reported."),
    Metric("ZonesAudited", _SWEEPER, "Complete audits."),
    Metric("ZonesNotAudited", _SWEEPER, "Audits that are not complete."),
    Metric("AuditsScheduled", _SWEEPER, "Runs of the daily schedule that enqueued audits of all zones."),
    Metric("NamesThatDiffer", _SWEEPER, "Names that audits found to differ from the ledger."),
    Metric("LedgerRowsRepaired", _SWEEPER, "Rows of the ledger that audits repaired."),
    Metric("NamesChangedByOthers", _SWEEPER, "Names whose records someone else changed, repaired or not."),
    Metric("ChangesUnreadable", _SWEEPER, "Changes in events of Route 53 whose names cannot be read."),
    Metric(
        "ScheduleFaults", _SWEEPER, "Stack instances, spokes, zones and approvals that a run of the schedule left out."
    ),
    Metric("TasksRetried", (Function.SWEEPER, Function.ASSOCIATOR, Function.REPORTER), "Tasks that come again."),
    Metric(
        "TasksDropped",
        (Function.SWEEPER, Function.ASSOCIATOR, Function.REPORTER),
        "Messages that are neither tasks nor events of orgdns.",
    ),
)

OF_VPCS: Final = (
    Metric("VpcsNotDescribed", _SWEEPER, "Sweeps that could not describe the VPCs of their spoke."),
    Metric("ZonesBlockedInVpcs", _SWEEPER, "Zones that the policy wants in VPCs and that something else blocks there."),
    Metric(
        "VpcsUnreadable", (Function.SWEEPER, Function.ASSOCIATOR), "VPCs that cannot be read, or whose rows cannot."
    ),
    Metric("AssociationsChanged", _ASSOCIATOR, "Steps towards making or ending an association."),
    Metric("AssociationsRefused", _ASSOCIATOR, "Steps that AWS or a limit refused."),
    Metric("AssociationEndsRefused", _ASSOCIATOR, "Ends of associations that AWS refused."),
    Metric("AuthorizationsLeft", _ASSOCIATOR, "Authorizations that were used and could not be deleted."),
    Metric("AutodefinedRulesLeft", _ASSOCIATOR, "VPCs whose autodefined reverse rules could not be disabled."),
    Metric(
        "AssociationsRemovedByOthers",
        _ASSOCIATOR,
        "Associations that someone else had ended, and that orgdns made again.",
        alarm="associations-removed",
    ),
    Metric("ZonesFullOfVpcs", _ASSOCIATOR, "VPCs that a quota kept from a zone or a Profile.", alarm="vpcs-full"),
    Metric("VpcsDenied", _ASSOCIATOR, "Events of VPCs that the account's reader role may not describe."),
    Metric("VpcsNotChangedWhilePaused", _ASSOCIATOR, "VPCs that keep their associations because changes are paused."),
    Metric("VpcsNotCovered", _ASSOCIATOR, "Events of VPCs in accounts or regions that are not covered."),
    Metric("VpcsDamped", _ASSOCIATOR, "How often damping of a VPC began."),
)
