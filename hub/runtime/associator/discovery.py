"""The sweep of a spoke's VPCs: what they resolve against what policy wants, over ports. No AWS, no log.

It changes nothing outside the ledger: what is to be done is asked of the associator, who looks a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import association_plan, cleanup_steps
from hub.runtime.chunks import chunks
from hub.runtime.membership import NotMember, Subject, member_account
from hub.runtime.model.tasks import VPCS_A_TASK, Associate
from hub.runtime.model.vpcs import VpcRow, VpcsStatus
from hub.runtime.ports import SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.associator.ports import SpokeLedger, VpcLedger, Vpcs
    from hub.runtime.model.names import Account, Fqdn, Spoke
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.model.vpcs import Vpc, VpcRef
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts, Clock, Tasks


@dataclass(frozen=True, slots=True)
class DiscoveryOutcome:
    """What came of it: how the spoke's VPCs are, and how many of them the associator was asked to see to.

    `kept` are the VPCs of a spoke that was let go in which something that orgdns associated is left.
    """

    status: VpcsStatus
    asked: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class VpcDiscovery:
    """Looks at the VPCs of spokes."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    vpcs: Vpcs
    rows: VpcLedger
    spokes: SpokeLedger
    tasks: Tasks
    clock: Clock

    def sweep(self, swept: SpokeStatus) -> DiscoveryOutcome:
        """Bring the ledger in line with the VPCs that a spoke shows, and ask for what is to be done.

        Nothing is asked for by a listing that failed. `swept` is the status that the sweep of the spoke's instances
        ended with. Where it says that the spoke's names were withdrawn, what orgdns associated there is only ended if
        its account is none of ours any more, whenever that comes to be; until then the status counts the VPCs, so that
        the spoke is swept on.

        Raises:
            LedgerUnavailable: When the ledger could not be read or written. A repeat is safe.
            TasksUnsent: When the associator could not be asked.
        """
        outcome = self._discover(swept.spoke, departed=swept.withdrawn)
        if outcome.kept != swept.kept_vpcs:
            self.spokes.keep_vpcs(swept.spoke, outcome.kept)
        return outcome

    def _discover(self, spoke: Spoke, *, departed: bool) -> DiscoveryOutcome:
        status = VpcsStatus(spoke, seen_at=self.clock())
        try:
            account = member_account(spoke, self.accounts, self.policy, Subject.VPCS)
        except NotMember as refused:
            return self._unseen(status, str(refused), gone=refused.cause.account_left, departed=departed)
        if departed:
            fault = "out of reach for too long: its VPCs keep what they have, unless its account leaves"
            return self._unseen(status, fault, departed=True)
        # First: what the ledger says was done by now, a look that starts later must show.
        rows = {row.ref: row for row in self.rows.vpc_rows(spoke)}
        try:
            seen = self.vpcs.seen(spoke)
        except SpokeUnreachable as unreachable:
            return self._unseen(status, str(unreachable))
        return self._compare(status, account, rows, seen)

    def _compare(
        self, status: VpcsStatus, account: Account, rows: dict[VpcRef, VpcRow], seen: tuple[Vpc, ...]
    ) -> DiscoveryOutcome:
        todo: list[str] = []
        blocked = 0
        for vpc in seen:
            row = rows.pop(vpc.ref, VpcRow(vpc.ref))
            found = association_plan(vpc, account, row, self.policy.association_policies, self.zone_ids)
            if (row.vpc, row.account, row.zones) != (vpc, account, found.zones):
                self.rows.put_vpc(vpc, account, found.zones)
            blocked += found.blocked
            if found.steps:
                todo.append(vpc.ref.id)
        # The others were there, and do not show: the associator takes a second look at exactly these.
        todo += [ref.id for ref in rows]
        status = replace(status, vpcs=len(seen), blocked=blocked)
        self._ask(status.spoke, todo)
        self.rows.put_vpcs_status(status)
        return DiscoveryOutcome(status, len(todo))

    def _unseen(
        self, status: VpcsStatus, fault: str, *, gone: bool = False, departed: bool = False
    ) -> DiscoveryOutcome:
        """Remember why the VPCs of a spoke cannot be seen; if they are none of ours any more, have them let go."""
        kept: list[str] = []
        if departed:
            owned = frozenset(self.zone_ids.values())
            rows = self.rows.vpc_rows(status.spoke)
            kept = [row.ref.id for row in rows if cleanup_steps(row, owned)]
        todo = kept if gone else []
        status = replace(status, fault=fault)
        self._ask(status.spoke, todo, abandon=True)
        self.rows.put_vpcs_status(status)
        return DiscoveryOutcome(status, len(todo), len(kept))

    def _ask(self, spoke: Spoke, vpc_ids: list[str], *, abandon: bool = False) -> None:
        self.tasks.ask((Associate(spoke, part, abandon), 0) for part in chunks(vpc_ids, VPCS_A_TASK))
