"""The ledger's rows of VPCs: each as last described, and the associations that orgdns made.

All rows are in one partition, so that one query reads them. The description and the associations are separate
attributes, which are written separately: a sweep never overwrites what the associator recorded meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import account_of, account_row
from hub.runtime.guard import WINDOW, Cause
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.resolver import FirewallAction, FirewallRule, ProfileZone, ResolverRule, RuleKind
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationMethod,
    AssociationRecord,
    SharedVpc,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.names import Account

# A row has 400 KB (DynamoDB Developer Guide, "Constraints": item size), of which tags can take 80 KB. An account can
# associate its VPC with any number of private zones and with 2,000 Resolver rules. The rest is left out: it is for
# people only, as all decisions are made by the VPC as it was just described.
MAX_CHARACTERS: Final = 60_000
# A row that was written before orgdns recorded it does not say whether a VPC is a default VPC. All of these have this
# CIDR block ("Default VPCs", https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html).
_DEFAULT_CIDR: Final = "172.31.0.0/16"
_CUT: Final = "the VPC has more zones or Resolver rules than the ledger has room for"


class DynamoVpcs:
    """The rows about VPCs. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        """The rows of a spoke's VPCs."""
        return tuple(map(vpc_row_of, self._table.query(contract.VPCS_KEY, f"{spoke}/")))

    def account_vpc_rows(self, account_id: str) -> tuple[VpcRow, ...]:
        """The rows of an account's VPCs in all regions."""
        return tuple(vpc_row_of(row) for row in self._table.query(contract.VPCS_KEY, f"{account_id}/") if _is_vpc(row))

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        """The rows of all VPCs, read page by page."""
        return (vpc_row_of(row) for row in self._table.query(contract.VPCS_KEY) if _is_vpc(row))

    def vpcs_statuses(self) -> tuple[VpcsStatus, ...]:
        """The result of the last discovery of each spoke's VPCs."""
        return tuple(_status_of(row) for row in self._table.query(contract.VPCS_KEY) if not _is_vpc(row))

    def vpcs_status(self, spoke: Spoke) -> VpcsStatus:
        """The result of the last discovery of a spoke's VPCs; a new status if there was none."""
        row = self._table.get(_key(spoke))
        return _status_of(row) if row else VpcsStatus(spoke)

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...]) -> None:
        """Record the description of a VPC and the state of its zones. The association records do not change."""
        described = {
            "seen_at": self._table.now(),
            "vpc": _vpc_row(vpc, {zone.zone_id for zone in zones}),
            "account": account_row(account),
            "zones": [_zone_row(zone) for zone in zones],
        }
        # The row may be what remains of a VPC whose account was not covered for a while.
        self._table.update(_key(vpc.ref), described, (contract.EXPIRES,))

    def put_zones(self, ref: VpcRef, zones: tuple[ZoneInVpc, ...]) -> None:
        """Record the state of the zones in a VPC that cannot be described any more."""
        self._table.update(_key(ref), {"zones": [_zone_row(zone) for zone in zones]})

    def put_association(self, ref: VpcRef, target: str, record: AssociationRecord) -> None:
        """Record the association of a VPC with one zone, or with the Profile."""
        attribute = f"{contract.ASSOCIATION_PREFIX}{target}"
        if record == AssociationRecord():
            self._table.update(_key(ref), {}, (attribute,))
        else:
            self._table.update(_key(ref), {attribute: _record_row(record)})

    def forget_vpc(self, ref: VpcRef, ended: Mapping[str, AssociationRecord] | None = None) -> None:
        """Delete the row of a VPC. If the guard must count ended associations, only these stay for a while."""
        if not ended:
            self._table.delete(_key(ref))
            return
        rows = {f"{contract.ASSOCIATION_PREFIX}{target}": _record_row(record) for target, record in ended.items()}
        self._table.put(_key(ref) | rows | {contract.EXPIRES: self._table.expiry(WINDOW)})

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        """Record the result of a discovery of a spoke's VPCs."""
        row = {"tried_at": status.seen_at, "blocked": status.blocked, "fault": status.fault}
        # While the VPCs cannot be described, the last description stays.
        shared = [[vpc.id, vpc.owner] for vpc in status.shared]
        row |= {} if status.fault else {"seen_at": status.seen_at, "vpcs": status.vpcs, "shared": shared}
        self._table.update(_key(status.spoke), row)


def _key(vpc_or_spoke: VpcRef | Spoke) -> Row:
    return {contract.PARTITION_KEY: contract.VPCS_KEY, contract.SORT_KEY: str(vpc_or_spoke)}


def _is_vpc(row: Mapping[str, Any]) -> bool:
    return "/vpc-" in row[contract.SORT_KEY]


def vpc_row_of(row: Mapping[str, Any]) -> VpcRow:
    """The row of a VPC."""
    ref = VpcRef.parse(row[contract.SORT_KEY])
    return VpcRow(
        ref=ref,
        seen_at=Millis(int(row.get("seen_at", NEVER))),
        vpc=_vpc_of(ref, row["vpc"]) if "vpc" in row else None,
        account=account_of(ref.account, row["account"]) if "account" in row else None,
        zones=tuple(_zone_of(zone) for zone in row.get("zones", ())),
        records={
            name.removeprefix(contract.ASSOCIATION_PREFIX): _record_of(record)
            for name, record in row.items()
            if name.startswith(contract.ASSOCIATION_PREFIX)
        },
    )


def _record_row(record: AssociationRecord) -> Row:
    return {
        "managed": record.managed,
        "in_progress": record.in_progress,
        "fault": record.fault,
        "awaiting_approval": record.awaiting_approval,
        "left_at": record.left_at,
        "left_for": record.left_for.value if record.left_for else "",
        "removed_by_others": record.removed_by_others,
        "removed_at": record.removed_at,
    }


def _record_of(row: Mapping[str, Any]) -> AssociationRecord:
    return AssociationRecord(
        managed=row["managed"],
        in_progress=row["in_progress"],
        fault=row["fault"],
        awaiting_approval=row["awaiting_approval"],
        left_at=Millis(int(row.get("left_at", NEVER))),
        left_for=Cause(row["left_for"]) if row.get("left_for") else None,
        removed_by_others=int(row.get("removed_by_others", 0)),
        removed_at=Millis(int(row.get("removed_at", NEVER))),
    )


def _zone_row(zone: ZoneInVpc) -> Row:
    return {
        "zone_id": zone.zone_id,
        "domain": zone.domain,
        "wanted": zone.wanted.value if zone.wanted else "",
        "method": zone.method.value if zone.method else "",
        "managed": zone.managed,
        "blocked": zone.blocked,
        "notes": list(zone.notes),
        "leaving": zone.leaving.value if zone.leaving else "",
        "removed_by_others": zone.removed_by_others,
    }


def _zone_of(row: Mapping[str, Any]) -> ZoneInVpc:
    return ZoneInVpc(
        zone_id=row["zone_id"],
        domain=Fqdn(row["domain"]),
        wanted=AssociationMethod(row["wanted"]) if row["wanted"] else None,
        method=AssociationMethod(row["method"]) if row["method"] else None,
        managed=row["managed"],
        blocked=row["blocked"],
        notes=tuple(row["notes"]),
        leaving=Cause(row["leaving"]) if row.get("leaving") else None,
        removed_by_others=row.get("removed_by_others", False),
    )


def _vpc_row(vpc: Vpc, own: Collection[str]) -> Row:
    """The row of a VPC. `own` are the ids of the zones that orgdns associates, which come first."""
    zones = sorted(vpc.zones, key=lambda zone: zone.id not in own)
    kept_zones = _room([zone.id, zone.domain, zone.owner] for zone in zones)
    rules = _room([rule.id, rule.domain, rule.kind.value, rule.profile] for rule in vpc.rules)
    return {
        "cidrs": list(vpc.cidrs),
        "tags": [list(tag) for tag in vpc.tags],
        "default": vpc.default,
        "dns_support": vpc.dns_support,
        "dns_hostnames": vpc.dns_hostnames,
        "zones": kept_zones,
        "rules": rules,
        "profiles": list(vpc.profiles),
        "autodefined_rules": vpc.autodefined_rules,
        "profile": vpc.profile,
        "profile_zones": list(vpc.profile_zones),
        "profile_coming": vpc.profile_coming,
        "dhcp_options": vpc.dhcp_options,
        "dns_servers": list(vpc.dns_servers),
        "resolver_address": vpc.resolver_address,
        "firewall": [_firewall_row(rule) for rule in vpc.firewall],
        "others_zones": [[zone.profile, zone.zone_id, zone.domain] for zone in vpc.others_zones],
        "unknown": [*vpc.unknown, *((_CUT,) if len(kept_zones) < len(zones) or len(rules) < len(vpc.rules) else ())],
    }


def _firewall_row(rule: FirewallRule) -> Row:
    return {
        "id": rule.id,
        "action": rule.action.value,
        "domains": list(rule.domains),
        "complete": rule.complete,
        "query_type": rule.query_type,
        "profile": rule.profile,
    }


def _firewall_of(row: Mapping[str, Any]) -> FirewallRule:
    return FirewallRule(
        id=row["id"],
        action=FirewallAction(row["action"]),
        domains=tuple(row["domains"]),
        complete=row["complete"],
        query_type=row["query_type"],
        profile=row["profile"],
    )


def _room(rows: Iterable[list[str]]) -> list[list[str]]:
    """The first rows, as many as there is room for."""
    kept: list[list[str]] = []
    left = MAX_CHARACTERS
    for row in rows:
        left -= sum(map(len, row))
        if left < 0:
            break
        kept.append(row)
    return kept


def _vpc_of(ref: VpcRef, row: Mapping[str, Any]) -> Vpc:
    return Vpc(
        ref=ref,
        cidrs=tuple(row["cidrs"]),
        tags=tuple((key, value) for key, value in row["tags"]),
        default=row.get("default", _DEFAULT_CIDR in row["cidrs"]),
        dns_support=row["dns_support"],
        dns_hostnames=row["dns_hostnames"],
        zones=tuple(sorted(AssociatedZone(zone_id, Fqdn(domain), owner) for zone_id, domain, owner in row["zones"])),
        rules=tuple(_rule_of(*rule) for rule in row["rules"]),
        profiles=tuple(row["profiles"]),
        autodefined_rules=row["autodefined_rules"],
        profile=row["profile"],
        profile_zones=tuple(row.get("profile_zones", ())),
        profile_coming=row.get("profile_coming", False),
        dhcp_options=row.get("dhcp_options", ""),
        # Unknown until the next description, if the row was written before these facts were read.
        dns_servers=tuple(row.get("dns_servers", ())),
        resolver_address=row.get("resolver_address", ""),
        firewall=tuple(_firewall_of(rule) for rule in row.get("firewall", ())),
        others_zones=tuple(ProfileZone(profile, id_, Fqdn(name)) for profile, id_, name in row.get("others_zones", ())),
        unknown=tuple(row.get("unknown", ())),
    )


def _rule_of(rule_id: str, domain: str, kind: str = RuleKind.FORWARD, profile: str = "") -> ResolverRule:
    """The rule in a row, which may have been written before rules had a kind and a Profile."""
    return ResolverRule(rule_id, Fqdn(domain), RuleKind(kind), profile)


def _status_of(row: Mapping[str, Any]) -> VpcsStatus:
    account, region = row[contract.SORT_KEY].split("/")
    return VpcsStatus(
        spoke=Spoke(account, region),
        seen_at=Millis(int(row.get("seen_at", NEVER))),
        vpcs=int(row.get("vpcs", 0)),
        blocked=int(row.get("blocked", 0)),
        fault=row.get("fault", ""),
        shared=tuple(SharedVpc(id_, owner) for id_, owner in row.get("shared", ())),
    )
