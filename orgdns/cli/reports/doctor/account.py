"""Checks of the credentials, the region, this machine's clock, and what the account allows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.doctor.finding import Verdict, problem

if TYPE_CHECKING:
    from hub.runtime.installation import Names
    from orgdns.cli.reports.doctor.facts import Capacity, Identity, Place, Source

# Seconds. AWS refuses requests whose time differs by more than five minutes ("Troubleshoot AWS API requests",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html). A clock that differs by a minute
# runs free, and will get there.
SKEW_SECONDS: Final = 60


def credentials(identity: Identity, names: Names) -> Verdict:
    """The credentials belong to the hub account."""
    if identity.hub:
        return Verdict(f"{identity.arn}, in the hub account {identity.account}")
    return problem(
        f"{identity.arn} is in the account {identity.account}, which has no role {names.observer_role}: use "
        "credentials of the hub account (--profile), name its installation (--installation), or deploy the hub template"
    )


def clock(skew: float) -> Verdict:
    """This machine and AWS have the same time."""
    if abs(skew) <= SKEW_SECONDS:
        return Verdict(f"differs by {abs(skew):.0f} s from AWS's")
    ahead = "ahead of" if skew > 0 else "behind"
    return problem(
        f"this machine is {abs(skew):,.0f} s {ahead} AWS, which refuses requests from 300 s on: set the clock"
    )


def region(place: Place, names: Names) -> Verdict:
    """The hub's functions are in the region."""
    if place.present:
        return Verdict(f"{place.region} has the hub's functions")
    return problem(
        f"{place.region} has no function {names.observer_function}: use the hub's region (--region) and "
        "installation (--installation), or deploy the hub template"
    )


def concurrency(found: tuple[Capacity, tuple[Source, ...]]) -> Verdict:
    """Lambda may run as many functions at a time as the event source mappings start, and one for the ledger's stream.

    A new account may run ten in all ("Lambda quotas",
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). No function of the hub reserves any.
    """
    capacity, sources = found
    needed = sum(source.concurrency for source in sources) + 1
    seen = f"{capacity.unreserved:,} unreserved of {capacity.total:,} runs at a time; the hub uses {needed:,} at most"
    if capacity.unreserved >= needed:
        return Verdict(seen)
    return problem(f"{seen}: request a higher quota of concurrent executions for Lambda in the region")
