"""Whether the writer role may read and change a zone, without a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.pace.calls import LONGEST_WAIT
from hub.runtime.model.names import Action, Change, Fqdn, RecordSet, RecordType
from hub.runtime.names.labels import is_reverse
from hub.runtime.ports import BatchRefused, ZoneUnavailable

if TYPE_CHECKING:
    from hub.runtime.aws.zones import WriterZones

# The name below a zone, and the owner, of the record set that nobody has.
NOBODYS: Final = f"{contract.SERVICE}-check"
# Addresses and names that nobody has: RFC 5737 and RFC 6761.
_VALUES: Final = {RecordType.A: "192.0.2.1", RecordType.PTR: f"{NOBODYS}.invalid."}


@dataclass(frozen=True, slots=True)
class ZoneChecks:
    """Checks of zones, through the writer role."""

    zones: WriterZones

    def check(self, zone_id: str, domain: Fqdn, *, writes: bool = True) -> None:
        """Return if the role may read and change the zone. Nothing changes.

        In a dry run, nothing that could write is called, so it is not tried whether the role may change the zone.

        The change is the deletion of a record set that nobody has. AWS checks permissions before Route 53 refuses it.

        Raises:
            NoTurn: if others take all turns for a while.
            ZoneClosed: if the zone does not exist, or the role may not read or change it.
            ZoneUnavailable: if Route 53 does not answer, or refuses the call for another reason.
        """
        name, of_type = Fqdn(f"{NOBODYS}.{domain}"), RecordType.PTR if is_reverse(domain) else RecordType.A
        deletion = Change(Action.DELETE, RecordSet(name, of_type, 0, (_VALUES[of_type],), NOBODYS))
        try:
            self.zones.record_sets(zone_id, [name], LONGEST_WAIT)
            if writes:
                self.zones.change(zone_id, [deletion], wait=LONGEST_WAIT)
        except BatchRefused as refused:
            if not refused.known:
                raise ZoneUnavailable(f"{zone_id}: {refused}") from refused
