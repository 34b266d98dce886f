"""How each spoke and each zone is, what of it waits for a person, and what the sweeper is asked to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn, Millis, Spoke

# A spoke is swept once an hour; what was swept three times as long ago may be another ledger's, from before a restore.
SETTLED_MILLIS: Final = 3 * 3_600_000


@dataclass(frozen=True, slots=True)
class SpokeStatus:
    """How a spoke is.

    `policy` is the digest of the policy that the last complete sweep went by. `fault` says why the spoke could not be
    swept, and `fault_since` from when on it was out of reach, 0 when it is not: waiting helps against other faults.
    `withdrawn` when that lasted for longer than names are kept. `pending_removals` are the instances that the last
    sweep would have
    taken names from and did not, `approved` those of which a person said that it may. `event_at` is about when the last
    event of the spoke came: a quarter of an hour ago at most, it may be a later one. `kept_vpcs` is the number of VPCs
    of a spoke that was let go in which something that orgdns associated is left.
    """

    spoke: Spoke
    tried_at: Millis = NEVER
    swept_at: Millis = NEVER
    policy: str = ""
    instances: int = 0
    names: int = 0
    missed: int = 0
    missed_ever: int = 0
    fault: str = ""
    fault_since: Millis = NEVER
    withdrawn: bool = False
    pending_removals: tuple[str, ...] = ()
    pending_names: int = 0
    approved: frozenset[str] = frozenset()
    event_at: Millis = NEVER
    kept_vpcs: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing of orgdns is left in the spoke, so that nobody needs to look there any more."""
        return self.withdrawn and not self.kept_vpcs

    def settled(self, now: Millis) -> bool:
        """Whether the ledger knows all claims of the spoke's instances: they were all seen of late, or let go."""
        return self.withdrawn or now - self.swept_at <= SETTLED_MILLIS


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """The result of a zone's last audit: how many names differed, by kind; the rest as in a spoke's status.

    `pending_vpcs` are the VPCs, `<account>/<region>/<id>`, whose associations policy wants ended, and that wait for a
    person, `approved_vpcs` those of which a person said that they may be.
    """

    zone_id: str
    tried_at: Millis = NEVER
    audited_at: Millis = NEVER
    names: int = 0
    differences: tuple[tuple[str, int], ...] = ()
    fault: str = ""
    pending_removals: tuple[Fqdn, ...] = ()
    pending_names: int = 0
    approved: frozenset[str] = frozenset()
    pending_vpcs: tuple[str, ...] = ()
    approved_vpcs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ScheduleCursor:
    """Where the rounds have come to: the policy that spokes are swept by, since when, and after which spoke to go on.

    `ahead` is how many spokes are still to be asked at once, as policy is new. `at` is when the round was.
    """

    policy: str = ""
    since: Millis = NEVER
    after: str = ""
    ahead: int = 0
    at: Millis = NEVER
