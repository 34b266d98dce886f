"""How much a changed policy would change, in numbers. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgdns.cli.reports.plan.changes import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from orgdns.cli.reports.plan.changes import PolicyChange
    from orgdns.cli.reports.plan.vpcs import AssociationChange


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of names, of refusals and lost claims, and of VPCs that gain or lose a zone.

    `unknown` are the instances and rows that the plan cannot decide. Blocked names are among the others.
    """

    created: int
    deleted: int
    changed: int
    handed_over: int
    blocked: int
    refused: int
    lost: int
    vpcs_gained: int
    vpcs_lost: int
    unknown: int

    def __str__(self) -> str:
        names = (
            f"creates {self.created:,}, deletes {self.deleted:,}, changes {self.changed:,}, "
            f"hands over {self.handed_over:,}"
        )
        others = [
            f"{number:,} {text}"
            for number, text in (
                (self.blocked, "of them blocked"),
                (self.refused, "newly refused"),
                (self.lost, "newly lost"),
                (self.vpcs_gained, "VPCs gain a zone"),
                (self.vpcs_lost, "VPCs lose a zone"),
                (self.unknown, "unknown"),
            )
            if number
        ]
        return f"Summary: {'; '.join((names, *others))}"


def totals(change: PolicyChange, associations: Collection[AssociationChange], unreadable: int) -> Totals:
    """The numbers of a plan that leaves out `unreadable` rows."""
    kinds = Counter(name.kind for name in change.names)
    undecided = change.undecided
    return Totals(
        created=kinds[Kind.CREATED],
        deleted=kinds[Kind.DELETED],
        changed=kinds[Kind.CHANGED],
        handed_over=kinds[Kind.HANDED_OVER],
        blocked=sum(name.blocked is not None for name in change.names),
        refused=len(change.refused),
        lost=len(change.lost),
        vpcs_gained=sum(len(each.gained) for each in associations),
        vpcs_lost=sum(len(each.lost) for each in associations),
        unknown=undecided.not_covered + undecided.without_facts + unreadable,
    )
