"""The names of one zone as a zone file (RFC 1035, section 5). Pure.

A zone file needs an SOA and an NS record, and those of Route 53 are of no use elsewhere: its servers answer only in
VPCs. These records name `ns.invalid.`, which exists nowhere (RFC 2606, section 2). Whoever serves the file replaces
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.model.names import Fqdn, Millis
    from orgdns.cli.reports.inventory.row import InventoryRow

_SERVER: Final = "ns.invalid."
_MAIL: Final = "hostmaster.invalid."
_SERIALS: Final = 2**32


def zone_file(rows: Iterable[InventoryRow], domain: Fqdn, exported_at: str, now: Millis) -> Iterator[str]:
    """The lines: the header, and a line for each value of each plain record set. The serial is the time in seconds."""
    yield f"; Names that orgdns publishes in {domain}, as of {exported_at}\n"
    yield f"; The SOA and NS records are placeholders: {_SERVER} does not exist.\n"
    yield f"$ORIGIN {domain}\n$TTL 60\n"
    yield f"@ 900 IN SOA {_SERVER} {_MAIL} {now // 1000 % _SERIALS} 7200 900 1209600 60\n"
    yield f"@ 900 IN NS {_SERVER}\n"
    for row in rows:
        for value in row.name.values:
            yield f"{row.name.fqdn} {row.name.ttl} IN {row.name.type} {value}\n"
