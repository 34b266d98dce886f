"""Checks of what the organization grants the hub account, and of the rollout. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.coverage import CURRENT, UNLISTED
from orgdns.cli.reports.doctor.finding import Unknown, Verdict, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import Spoke
    from orgdns.cli.reports.coverage import StackInstance
    from orgdns.cli.reports.doctor.facts import Administrators, OptIn
    from orgdns.cli.reports.doctor.finding import Fact
    from orgdns.cli.reports.status.overview import Overview

# The service principal of StackSets in Organizations ("AWS CloudFormation StackSets and AWS Organizations",
# https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudformation.html).
STACK_SETS_PRINCIPAL: Final = "member.org.stacksets.cloudformation.amazonaws.com"
_OPT_IN_NOT_REQUIRED: Final = "opt-in-not-required"


def trusted_access(status: str) -> Verdict:
    """StackSets may work in the accounts of the organization."""
    if status == "ENABLED":
        return Verdict("StackSets has trusted access to the organization")
    return problem(
        f"StackSets' trusted access to the organization is {status}: aws cloudformation "
        "activate-organizations-access, with credentials of the management account"
    )


def administrator(found: Administrators) -> Verdict:
    """The hub account is a delegated administrator of StackSets."""
    if found.account in found.listed:
        return Verdict(f"{found.account} is a delegated administrator of StackSets")
    others = f" ({', '.join(sorted(found.listed))} are)" if found.listed else ""
    return problem(
        f"{found.account} is not a delegated administrator of StackSets{others}: aws organizations "
        f"register-delegated-administrator --account-id {found.account} --service-principal "
        f"{STACK_SETS_PRINCIPAL}, with credentials of the management account"
    )


def stack_sets(found: tuple[Mapping[Spoke, StackInstance], Fact[Overview]]) -> Verdict:
    """The stacks of the rollout are current.

    Those of accounts or regions that are closed to orgdns do not count, nor those of the management account, which no
    StackSet lists: whether these work is a matter of their sweeps.
    """
    every, state = found
    stacks = {spoke: each for spoke, each in every.items() if each.status != UNLISTED}
    closed: set[Spoke] = set() if isinstance(state, Unknown) else {status.spoke for status in state.closed}
    failing = sorted(str(spoke) for spoke, each in stacks.items() if each.status != CURRENT and spoke not in closed)
    if not stacks:
        return problem("the rollout has no stacks: deploy the rollout template, or look at its operations")
    seen = f"{len(stacks) - len(failing):,} of {len(stacks):,} stacks of the rollout are current"
    if not failing:
        return Verdict(seen)
    return problem(f"{seen}, {failing[0]} is not: orgdns coverage says why, and what to do")


def opt_in_regions(found: tuple[Mapping[Spoke, StackInstance], OptIn]) -> Verdict:
    """In each covered region that somebody has to enable, the rollout works in some account.

    What counts is whether the region is enabled in the management account and in the member accounts. The hub's
    credentials see neither. A region in which no stack of the rollout is current is enabled in none of them, as far as
    StackSets can tell. The hub account itself does not need the region: EventBridge delivers from there, and what calls
    AWS there has credentials of the member account.
    """
    stacks, opt_in = found
    statuses: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for spoke, each in stacks.items():
        statuses[spoke.region][each.status == CURRENT] += 1
    optional = {region: counts for region, counts in statuses.items() if opt_in.get(region, "") != _OPT_IN_NOT_REQUIRED}
    dead = sorted(region for region, counts in optional.items() if not counts[True])
    problems = tuple(
        f"the rollout works in no account in {region}, which has to be enabled: enable it in the management account "
        "and in the accounts that use it (docs/operate.md, Opt-in regions), then deploy the rollout again"
        for region in dead
    )
    if not optional:
        return Verdict(f"none of the {len(statuses):,} covered regions has to be enabled")
    return Verdict(f"{', '.join(sorted(optional))} have to be enabled, and the rollout works there", problems)
