"""The ledger as an operator reads and writes it: spokes, zones, VPCs and pauses."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.aws.ledger.health.path import DynamoPath
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.model.names import InstanceRef, Millis, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.vpcs import VpcRef, VpcRow
from orgdns.cli.reports.instance_vpcs import KnownVpcs
from orgdns.cli.reports.nearest import nearest
from orgdns.cli.reports.status.overview import Overview, SubjectUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from hub.runtime.model.status import ZoneStatus
    from orgdns.cli.sources.deployed import Deployed

# Stands for the account of a VPC whose owner is not known.
UNKNOWN_OWNER: Final = "unknown"
_SPOKE: Final = re.compile(r"([0-9]{12})/([a-z]{2,3}(?:-[a-z]+)+-[0-9]+)")


@dataclass(frozen=True, slots=True)
class HubLedger:
    """The deployed hub and its ledger: the table, and the parts of it that an operator needs."""

    deployed: Deployed
    table: Table
    statuses: DynamoStatuses
    ledger: DynamoLedger
    vpcs: DynamoVpcs

    @classmethod
    def of(cls, deployed: Deployed, client: DynamoDBClient) -> HubLedger:
        """The ledger of a deployed hub."""
        table = Table(client, deployed.table, now, time.sleep)
        return cls(deployed, table, DynamoStatuses(table), DynamoLedger(table), DynamoVpcs(table))


def overview(hub: HubLedger, listed: Callable[[], Collection[Spoke]] = frozenset) -> Overview:
    """The state of all spokes and zones now.

    `listed` lists the spokes that have a stack of the rollout. It is called only if the names of some spoke were
    withdrawn, as nothing else depends on it, and a large organization takes a call for each hundred spokes.

    Raises:
        LedgerUnavailable: if the ledger cannot be read.
    """
    statuses = hub.statuses
    spokes = statuses.spoke_statuses()
    # As in the metrics: the ledger may have the status of a zone that the configuration no longer has.
    zone_ids = frozenset(hub.deployed.zone_ids.values())
    return Overview(
        now=now(),
        pause=statuses.pause_state(),
        cursor=statuses.cursor(),
        spokes=spokes,
        zones=tuple(zone for zone in statuses.zone_statuses() if zone.zone_id in zone_ids),
        zone_ids=hub.deployed.zone_ids,
        listed=frozenset(listed()) if any(status.withdrawn for status in spokes) else frozenset(),
        limits=hub.deployed.limits,
        path=DynamoPath(hub.table).state(),
        names=hub.deployed.names,
    )


def names_of(hub: HubLedger, subject: SpokeStatus | ZoneStatus, instance_id: str) -> str:
    """Comma-separated names that an instance of a spoke claims; empty if the ledger has no row for the instance.

    Raises:
        LedgerUnavailable: if the ledger cannot be read.
    """
    if not isinstance(subject, SpokeStatus):
        return ""
    ref = InstanceRef(subject.spoke.account, subject.spoke.region, instance_id)
    row = hub.ledger.observation(ref)
    return ", ".join(claim.key.fqdn.removesuffix(".") for claim in row.claims) if isinstance(row, Observation) else ""


def instances_of(hub: HubLedger, spokes: Iterable[Spoke]) -> Iterator[Observation | None]:
    """The rows of the instances of these spokes, read page by page; None for one that this version cannot read.

    Raises:
        LedgerUnavailable: if the ledger cannot be read.
    """
    for spoke in spokes:
        for row in hub.ledger.observations_of(spoke):
            yield row if isinstance(row, Observation) else None


def known_vpcs(hub: HubLedger, covered: Collection[Spoke]) -> KnownVpcs:
    """What the ledger knows about VPCs; `covered` are the accounts and regions that orgdns covers."""
    return KnownVpcs.of(hub.vpcs.all_vpc_rows(), hub.vpcs.vpcs_statuses(), covered)


def vpc_row(hub: HubLedger, text: str) -> VpcRow:
    """The row of a VPC, given its id or `ACCOUNT/REGION/ID`.

    For a VPC of an account that orgdns does not cover, but in which it knows instances, the row has no description.

    Raises:
        SubjectUnknown: if the ledger has no such VPC.
        LedgerUnavailable: if the ledger cannot be read.
    """
    rows = tuple(hub.vpcs.all_vpc_rows())
    found = [row for row in rows if text in {row.ref.id, str(row.ref)}]
    found = found or list(_vpcs_seen_by_others(hub, text.rpartition("/")[2]))
    if not found:
        meant = nearest(text, (str(row.ref) if "/" in text else row.ref.id for row in rows))
        raise SubjectUnknown(
            f"the ledger does not have the VPC {text}{meant}: it may be less than an hour old, its account or region "
            "may not be covered, or no zone has 'resolved_by'"
        )
    return found[0]


def _vpcs_seen_by_others(hub: HubLedger, vpc_id: str) -> Iterator[VpcRow]:
    """A VPC that its owner shares with a spoke, or in which instances of a spoke run."""
    for status in hub.vpcs.vpcs_statuses():
        for shared in status.shared:
            if shared.id == vpc_id:
                yield VpcRow(VpcRef(shared.owner, status.spoke.region, vpc_id))
                return
    spokes = [status.spoke for status in hub.statuses.spoke_statuses()]
    for seen in instances_of(hub, spokes):
        if seen and seen.instance and any(each.vpc_id == vpc_id for each in seen.instance.interfaces):
            yield VpcRow(VpcRef(UNKNOWN_OWNER, seen.ref.region, vpc_id))
            return


def spoke_of(text: str) -> Spoke:
    """The spoke `ACCOUNT/REGION`.

    Raises:
        SubjectUnknown: if the text does not have this form.
    """
    match = _SPOKE.fullmatch(text)
    if match is None:
        raise SubjectUnknown(f"{text!r} is not a spoke: write ACCOUNT/REGION, such as 444444444444/eu-central-1")
    return Spoke(*match.groups())


def now() -> Millis:
    """The current time."""
    return Millis(int(time.time() * 1000))
