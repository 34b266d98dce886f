"""The rows of VPCs in the ledger, and what they say. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import account_of, damping_of
from hub.runtime.aws.ledger.status_rows import spoke_of
from hub.runtime.boundary.schema import flag, number, read_row, text, texts
from hub.runtime.boundary.texts import bounded, storable
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.guard import Cause
from hub.runtime.model.names import NEVER, Fqdn, Millis
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
    from hub.runtime.model.names import Spoke

# A row has 400 KB (DynamoDB Developer Guide, "Constraints": item size), of which tags can take 80 KB. An account can
# associate its VPC with any number of private zones and with 2,000 Resolver rules. The rest is left out: it is for
# people only, as all decisions are made by the VPC as it was just described. Bytes of each list.
MAX_BYTES: Final = 30_000
# Bytes of the tags, and of the notes on all zones: in a large organization a VPC may have notes on dozens of zones.
MAX_TAG_BYTES: Final = 80_000
MAX_NOTE_BYTES: Final = 40_000
# Characters of one reason or note: a row has one or more for each zone of orgdns.
MAX_REASON: Final = 300
# A row that was written before orgdns recorded it does not say whether a VPC is a default VPC. All of these have this
# CIDR block ("Default VPCs", https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html).
_DEFAULT_CIDR: Final = "172.31.0.0/16"
_CUT: Final = "the VPC has more zones or Resolver rules than the ledger has room for"


def vpcs_key(vpc_or_spoke: VpcRef | Spoke) -> Row:
    """The key of the row of a VPC, or of the status of a spoke's VPCs."""
    return {contract.PARTITION_KEY: contract.VPCS_KEY, contract.SORT_KEY: str(vpc_or_spoke)}


def is_vpc(row: Mapping[str, Any]) -> bool:
    """Whether a row is that of a VPC, and not that of a spoke."""
    return "/vpc-" in row[contract.SORT_KEY]


def vpc_rows_of(rows: Iterable[Row]) -> Iterator[VpcRow]:
    """The rows of VPCs among these. One whose key is not that of a VPC belongs to none."""
    found = (readable(vpc_row_of, row, "") for row in rows if is_vpc(row))
    return (row for row in found if isinstance(row, VpcRow))


def vpc_row_of(row: Mapping[str, Any]) -> VpcRow:
    """The row of a VPC. Of one that cannot be read, only that is known."""
    ref = VpcRef.parse(row[contract.SORT_KEY])
    found = read_row(_vpc_row_of, row, ref)
    return VpcRow(ref, row_fault=found.reason) if isinstance(found, Unreadable) else found


def _vpc_row_of(row: Mapping[str, Any]) -> VpcRow:
    ref = VpcRef.parse(row[contract.SORT_KEY])
    return VpcRow(
        ref=ref,
        seen_at=Millis(number(row.get("seen_at", NEVER))),
        vpc=_vpc_of(ref, row["vpc"]) if "vpc" in row else None,
        account=account_of(ref.account, row["account"]) if "account" in row else None,
        zones=tuple(_zone_of(zone) for zone in row.get("zones", ())),
        records={
            name.removeprefix(contract.ASSOCIATION_PREFIX): _record_of(record)
            for name, record in row.items()
            if name.startswith(contract.ASSOCIATION_PREFIX)
        },
        damping=damping_of(row),
    )


def record_row(record: AssociationRecord) -> Row:
    """The attribute of the association of a VPC with one zone, or with the Profile."""
    return {
        "managed": record.managed,
        "in_progress": record.in_progress,
        "fault": bounded(record.fault, MAX_REASON),
        "awaiting_approval": record.awaiting_approval,
        "left_at": record.left_at,
        "left_for": record.left_for.value if record.left_for else "",
        "removed_by_others": record.removed_by_others,
        "removed_at": record.removed_at,
    }


def _record_of(row: Mapping[str, Any]) -> AssociationRecord:
    return AssociationRecord(
        managed=flag(row["managed"]),
        in_progress=flag(row["in_progress"]),
        fault=text(row["fault"]),
        awaiting_approval=flag(row["awaiting_approval"]),
        left_at=Millis(number(row.get("left_at", NEVER))),
        left_for=Cause(row["left_for"]) if row.get("left_for") else None,
        removed_by_others=number(row.get("removed_by_others", 0)),
        removed_at=Millis(number(row.get("removed_at", NEVER))),
    )


def zone_rows(zones: Iterable[ZoneInVpc]) -> list[Row]:
    """The state of zones, with as many notes as there is room for."""
    rows: list[Row] = []
    left = MAX_NOTE_BYTES
    for zone in zones:
        row = _zone_row(zone)
        left -= sum(len(note.encode()) for note in row["notes"])
        rows.append(row if left >= 0 else row | {"notes": []})
    return rows


def _zone_row(zone: ZoneInVpc) -> Row:
    return {
        "zone_id": zone.zone_id,
        "domain": zone.domain,
        "wanted": zone.wanted.value if zone.wanted else "",
        "method": zone.method.value if zone.method else "",
        "managed": zone.managed,
        "blocked": bounded(zone.blocked, MAX_REASON),
        "notes": [bounded(note, MAX_REASON) for note in zone.notes],
        "leaving": zone.leaving.value if zone.leaving else "",
        "removed_by_others": zone.removed_by_others,
        **({"withheld": True} if zone.withheld else {}),
    }


def _zone_of(row: Mapping[str, Any]) -> ZoneInVpc:
    return ZoneInVpc(
        zone_id=text(row["zone_id"]),
        domain=Fqdn(text(row["domain"])),
        wanted=AssociationMethod(row["wanted"]) if row["wanted"] else None,
        method=AssociationMethod(row["method"]) if row["method"] else None,
        managed=flag(row["managed"]),
        blocked=text(row["blocked"]),
        notes=texts(row["notes"]),
        leaving=Cause(row["leaving"]) if row.get("leaving") else None,
        removed_by_others=flag(row.get("removed_by_others", False)),
        withheld=flag(row.get("withheld", False)),
    )


def vpc_row(vpc: Vpc, own: Collection[str]) -> Row:
    """The row of a VPC. `own` are the ids of the zones that orgdns associates, which come first."""
    zones = sorted(vpc.zones, key=lambda zone: zone.id not in own)
    kept_zones = _room([zone.id, zone.domain, zone.owner] for zone in zones)
    rules = _room([rule.id, rule.domain, rule.kind.value, rule.profile] for rule in vpc.rules)
    return {
        "cidrs": list(vpc.cidrs),
        "tags": _room((list(tag) for tag in vpc.tags), MAX_TAG_BYTES),
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
        id=text(row["id"]),
        action=FirewallAction(row["action"]),
        domains=texts(row["domains"]),
        complete=flag(row["complete"]),
        query_type=text(row["query_type"]),
        profile=text(row["profile"]),
    )


def _room(rows: Iterable[list[str]], most: int = MAX_BYTES) -> list[list[str]]:
    """The first rows, as many as there is room for in so many bytes."""
    kept: list[list[str]] = []
    left = most
    for row in rows:
        left -= sum(len(storable(part).encode()) for part in row)
        if left < 0:
            break
        kept.append(row)
    return kept


def _vpc_of(ref: VpcRef, row: Mapping[str, Any]) -> Vpc:
    return Vpc(
        ref=ref,
        cidrs=texts(row["cidrs"]),
        tags=tuple((text(key), text(value)) for key, value in row["tags"]),
        default=flag(row.get("default", _DEFAULT_CIDR in row["cidrs"])),
        dns_support=flag(row["dns_support"]),
        dns_hostnames=flag(row["dns_hostnames"]),
        zones=tuple(sorted(_associated_zone(*map(text, zone)) for zone in row["zones"])),
        rules=tuple(_rule_of(*map(text, rule)) for rule in row["rules"]),
        profiles=texts(row["profiles"]),
        autodefined_rules=flag(row["autodefined_rules"]),
        profile=text(row["profile"]),
        profile_zones=texts(row.get("profile_zones", ())),
        profile_coming=flag(row.get("profile_coming", False)),
        dhcp_options=text(row.get("dhcp_options", "")),
        # Unknown until the next description, if the row was written before these facts were read.
        dns_servers=texts(row.get("dns_servers", ())),
        resolver_address=text(row.get("resolver_address", "")),
        firewall=tuple(_firewall_of(rule) for rule in row.get("firewall", ())),
        others_zones=tuple(_profile_zone(*map(text, zone)) for zone in row.get("others_zones", ())),
        unknown=texts(row.get("unknown", ())),
    )


def _associated_zone(zone_id: str, domain: str, owner: str) -> AssociatedZone:
    return AssociatedZone(zone_id, Fqdn(domain), owner)


def _profile_zone(profile: str, zone_id: str, domain: str) -> ProfileZone:
    return ProfileZone(profile, zone_id, Fqdn(domain))


def _rule_of(rule_id: str, domain: str, kind: str = RuleKind.FORWARD, profile: str = "") -> ResolverRule:
    """The rule in a row, which may have been written before rules had a kind and a Profile."""
    return ResolverRule(rule_id, Fqdn(domain), RuleKind(kind), profile)


def vpcs_status_of(row: Mapping[str, Any]) -> VpcsStatus:
    """The result of the last discovery of a spoke's VPCs. Of one that cannot be read, only that is known.

    Raises:
        ValueError: if the row is not that of a spoke.
    """
    spoke = spoke_of(row)
    found = read_row(partial(_vpcs_status_of, spoke), row, spoke)
    return VpcsStatus(spoke, fault=f"its row in the ledger: {found.reason}") if isinstance(found, Unreadable) else found


def _vpcs_status_of(spoke: Spoke, row: Mapping[str, Any]) -> VpcsStatus:
    return VpcsStatus(
        spoke=spoke,
        seen_at=Millis(number(row.get("seen_at", NEVER))),
        vpcs=number(row.get("vpcs", 0)),
        blocked=number(row.get("blocked", 0)),
        fault=text(row.get("fault", "")),
        shared=tuple(SharedVpc(text(id_), text(owner)) for id_, owner in row.get("shared", ())),
        unreadable=number(row.get("unreadable", 0)),
        unreadable_first=tuple(Unreadable(text(id_), text(reason)) for id_, reason in row.get("unreadable_first", ())),
    )
