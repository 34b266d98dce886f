"""Read the whole ledger, or the rows of an instance, and what a configuration would change of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.labels import label_of_row
from hub.runtime.aws.ledger.names import name_state, read_observation
from hub.runtime.aws.ledger.rows import Row, instance_of_row, name_key_of, observation_of
from hub.runtime.boundary.schema import read_row
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import NameKey
from hub.runtime.model.observation import Observation
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.reports.plan.changes import PolicyChange, policy_change
from orgdns.cli.reports.plan.quotas import VpcDemand, vpc_demands
from orgdns.cli.reports.plan.vpcs import AssociationChange, association_changes
from orgdns.cli.sources.deployed import zone_ids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import InstanceRef, NameState
    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.sources.hub_account import HubAccount
    from orgdns.config.load import Config

# Called after each page with the number of rows read so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances, names and labels in the ledger. Rows written while it is read may be missing.

    `unreadable` are the rows that cannot be read; a name with such a row says so itself.
    """

    observations: tuple[Observation, ...]
    names: dict[NameKey, NameState]
    labels: tuple[HeldLabel, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def snapshot(table: Table, progress: Progress) -> Snapshot:
    """The whole ledger, to the last page.

    Raises:
        LedgerUnavailable: if a page cannot be read.
    """
    observations: list[Observation] = []
    of_names: defaultdict[NameKey, list[Row]] = defaultdict(list)
    labels: list[HeldLabel] = []
    unreadable: list[Unreadable] = []
    for row in _rows(table, progress):
        partition, sort = row[contract.PARTITION_KEY], row[contract.SORT_KEY]
        if sort.startswith(contract.INSTANCE_PREFIX):
            parse: Callable[[Mapping[str, Any]], Observation | HeldLabel] = observation_of
        elif partition == contract.LABELS_KEY:
            parse = label_of_row
        else:
            key = readable(name_key_of, partition, partition)
            if isinstance(key, NameKey) and (sort == contract.PUBLISHED_KEY or sort.startswith(contract.CLAIM_PREFIX)):
                of_names[key].append(row)
            continue
        match read_row(parse, row, f"{partition} / {sort}"):
            case Unreadable() as fault:
                unreadable.append(fault)
            case Observation() as observed:
                observations.append(observed)
            case held:
                labels.append(held)
    names = {key: name_state(key, rows) for key, rows in sorted(of_names.items())}
    unreadable += [
        replace(fault, what=f"{key.fqdn} / {fault.what}") for key in names for fault in names[key].unreadable
    ]
    return Snapshot(tuple(sorted(observations, key=lambda row: row.ref)), names, tuple(labels), tuple(unreadable))


def observations_of_id(
    table: Table, instance_id: str, progress: Progress
) -> dict[InstanceRef, Observation | Unreadable]:
    """The observations of all instances with an id, in any account and region.

    This reads the whole table, as DynamoDB applies filters after reading (API Reference, Scan,
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).

    Raises:
        LedgerUnavailable: if a page cannot be read.
    """
    instance = {":instance": f"{contract.INSTANCE_PREFIX}{instance_id}"}
    rows = _rows(table, progress, f"{contract.SORT_KEY} = :instance", instance)
    found = {instance_of_row(row): read_observation(row) for row in rows}
    return dict(sorted(found.items()))


def observations(table: Table, progress: Progress) -> Iterator[Observation | Unreadable]:
    """The observations of all instances, page by page. An unreadable one says its account, region and id.

    Raises:
        LedgerUnavailable: if a page cannot be read.
    """
    condition = f"begins_with({contract.SORT_KEY}, :instance)"
    for row in _rows(table, progress, condition, {":instance": contract.INSTANCE_PREFIX}):
        yield read_row(observation_of, row, instance_of_row(row))


def _rows(
    table: Table, progress: Progress, condition: str = "", values: Mapping[str, object] | None = None
) -> Iterator[Row]:
    try:
        yield from table.scan(condition, values, progress)
    except LedgerUnavailable as error:
        raise LedgerUnavailable(f"the ledger {table.name} cannot be read completely: {error}") from error


def unreadable_vpcs(rows: Iterable[VpcRow]) -> tuple[Unreadable, ...]:
    """The rows of VPCs that cannot be read."""
    return tuple(Unreadable(str(row.ref), row.row_fault) for row in rows if row.row_fault)


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes for names, VPCs and quotas, and the rows of the ledger that nobody can read."""

    change: PolicyChange
    associations: tuple[AssociationChange, ...]
    demands: tuple[VpcDemand, ...]
    unreadable: tuple[Unreadable, ...]


def effect_of(config: Config, account: HubAccount, progress: Progress) -> Effect:
    """What the deployed hub would change with this configuration.

    Raises:
        HubUnknown: if the hub cannot be found or read.
        LedgerUnavailable: if the ledger cannot be read.
    """
    hub = account.ledger()
    current = snapshot(hub.table, progress)
    zone_ids = zone_ids_of(config, hub.deployed)
    policy = config.compiled_policy()
    names = [state for state in current.names.values() if not state.unreadable]
    rows = tuple(hub.vpcs.all_vpc_rows())
    return Effect(
        policy_change(current.observations, names, policy, zone_ids, current.labels),
        tuple(association_changes(rows, policy.association_policies, zone_ids)),
        tuple(vpc_demands(rows, policy.association_policies, zone_ids, config.guards.limits)),
        (*current.unreadable, *unreadable_vpcs(rows)),
    )
