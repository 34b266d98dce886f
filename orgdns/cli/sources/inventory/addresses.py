"""The instances that have an address, or had it last, found without the rows of all others."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.names import read_observation
from hub.runtime.aws.ledger.rows import spoke_pk
from hub.runtime.boundary.schema import ATTRIBUTE
from hub.runtime.model.observation import MOST_HELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.names import Spoke
    from hub.runtime.model.observation import Observation
    from orgdns.cli.sources.inventory.pages import Pages

# The interfaces in which DynamoDB looks for the address. Few instance types can have more (Amazon EC2 User Guide,
# "Maximum IP addresses per network interface"), and the rows of such instances are all read.
_INTERFACES: Final = 15
_COLUMNS: Final = (
    contract.PARTITION_KEY,
    contract.SORT_KEY,
    ATTRIBUTE,
    "observed_at",
    "ended",
    "settled",
    "version",
    "facts",
    "claims",
    "withdrawing",
    "held",
)


def observations_with(
    pages: Pages, address: str, spokes: Iterable[Spoke] | None = None
) -> Iterator[Observation | Unreadable]:
    """The instances that may have an address or may have had it last, of some spokes or of all.

    Without spokes the whole table is read, in parallel. DynamoDB returns only the rows with an IPv4 address. It knows
    one spelling of an IPv6 address only, so all rows of instances are compared here.

    Raises:
        LedgerUnavailable: if the ledger cannot be read.
    """
    if spokes is not None:
        for spoke in spokes:
            yield from map(read_observation, pages.query(spoke_pk(spoke), contract.INSTANCE_PREFIX, _COLUMNS))
        return
    condition, values = f"begins_with({contract.SORT_KEY}, :instance)", {":instance": contract.INSTANCE_PREFIX}
    if ip_address(address).version == 4:  # noqa: PLR2004 - the version of the protocol
        places = [
            *(f"contains(facts.interfaces[{place}].ipv4, :address)" for place in range(_INTERFACES)),
            *(f"contains(held[{place}], :address)" for place in range(MOST_HELD)),
            f"attribute_exists(facts.interfaces[{_INTERFACES}])",
        ]
        condition += f" AND ({' OR '.join(places)})"
        values |= {":address": address}
    for _, rows in pages.scan(_COLUMNS, condition, values):
        yield from map(read_observation, rows)
