"""A row of the inventory: a name that an instance has, claims or was refused, and the instance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER
from hub.runtime.names.labels import reverse_network

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from hub.runtime.model.names import Fqdn, InstanceRef, Interface, Millis


class NameStatus(StrEnum):
    """What is the case with a name of an instance."""

    PUBLISHED = "published"
    WAITING = "waiting"
    CONFLICT = "conflict"
    NOT_HELD = "not held"
    DRY_RUN = "dry run"
    REFUSED = "refused"


# What `list` shows unless statuses are selected: a refused name is nobody's.
NAMES: Final = frozenset(NameStatus) - {NameStatus.REFUSED}
CONFLICTS: Final = frozenset({NameStatus.CONFLICT, NameStatus.NOT_HELD})


@dataclass(frozen=True, slots=True)
class NameRow:
    """A record set in the zone or claimed, of one type, or a refused name, which has neither a type nor values.

    `instance` is None for a record of another tool that orgdns is about to replace. `zone_id` is empty for a refused
    name outside every zone. `reason` says why the status is not simply `published`. `holders` counts the instances
    that hold the name and type in the zone. `recorded_at` is when the ledger recorded last what the zone holds.
    """

    zone_id: str
    fqdn: Fqdn
    type: str
    values: tuple[str, ...]
    ttl: int
    status: NameStatus
    instance: InstanceRef | None
    rule: str = ""
    reason: str = ""
    note: str = ""
    holders: int = 0
    recorded_at: Millis = NEVER

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """The addresses that the name leads to, or that lead to it: those of its values, or of a PTR name."""
        if self.type == "PTR":
            network = reverse_network(self.fqdn)
            return (network[0],) if network is not None and network.num_addresses == 1 else ()
        return tuple(found for value in self.values if (found := _address(value)) is not None)


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """An instance as last described. Of one that has ended, only `ended` and `seen_at` are known.

    `state` is then empty. `units` are the root and the organizational units of its account, from the root down.
    """

    ref: InstanceRef
    seen_at: Millis
    ended: bool = False
    state: str = ""
    launched_at: Millis = NEVER
    az: str = ""
    interfaces: tuple[Interface, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    label: str = ""
    units: tuple[str, ...] = ()

    @property
    def vpcs(self) -> tuple[str, ...]:
        """The VPCs of its interfaces, that of the primary interface first."""
        return tuple(dict.fromkeys(each.vpc_id for each in self.interfaces))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its interfaces, the primary private IPv4 address first."""
        return tuple(address for each in self.interfaces for address in (*each.ipv4, *each.ipv6))


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A name with the domain of its zone, and its instance; None if the ledger has no row of the instance."""

    name: NameRow
    domain: Fqdn | None = None
    facts: InstanceFacts | None = None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
