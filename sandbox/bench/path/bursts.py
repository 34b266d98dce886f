"""How long bursts of starts take on the whole path, and which quota they would need how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.bench.pace import fewest_seconds
from sandbox.bench.path.hub import deployed
from sandbox.bench.path.services.parameters import Services
from sandbox.bench.path.services.quotas import exceeded
from sandbox.bench.path.traffic import NAME, PENDING_SECONDS, REGIONS, Traffic, config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.bench.path.hub import Hub

# The share of Route 53's quotas that orgdns takes by default.
SHARE: Final = 0.7
# A burst that takes longer than this many times its limit has failed.
_HOPELESS: Final = 20
# No name is handled in an hour.
_HOUR: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Burst:
    """How long a burst took, and what it needed.

    `limit` are the seconds that the share of the changes allows. `quotas` are the seconds that the calls that were made
    need by each quota: the largest one binds. `exceeded` are the tokens that were taken above the share.
    """

    seconds: float
    limit: float
    quotas: Mapping[str, float]
    changes_per_call: float
    calls_per_1000: float
    exceeded: float
    refused: int
    simulated: int


def burst(
    names: int, spokes: int, shards: int, *, share: float = SHARE, services: Services | None = None, tags: bool = True
) -> Burst:
    """Start so many instances at once in so many account-regions, each with its tags, which are reported before.

    Without `tags` they are not reported.
    """
    with deployed(config(share), services or Services(), shards) as hub:
        traffic = Traffic(hub)
        for number in range(names):
            account, region = spoke_of(number % spokes)
            if tags:
                traffic.create(account, region, {NAME: f"n{number}"})
            else:
                traffic.start(account, region, {NAME: f"n{number}"})
        began = hub.simulation.now + (PENDING_SECONDS if tags else 0.0)
        limit = limit_of(names, share)
        if not hub.simulation.run(max(_HOUR, _HOPELESS * limit), lambda: len(traffic.published) == names):
            raise AssertionError(f"{names - len(traffic.published):,} of {names:,} names are missing")
        return Burst(
            seconds=hub.simulation.now - began,
            limit=limit,
            quotas=needed(hub, share),
            changes_per_call=sum(tokens for _, tokens in hub.route53.changes) / len(hub.route53.changes),
            calls_per_1000=len(hub.route53.requests) * 1_000 / names,
            exceeded=share_exceeded(hub, share),
            refused=sum(hub.route53.refused.values()),
            simulated=hub.simulation.events,
        )


def spoke_of(number: int) -> tuple[str, str]:
    """Return the account and region of a spoke: each account has all regions."""
    return f"{100_000_000_000 + number // len(REGIONS)}", REGIONS[number % len(REGIONS)]


def limit_of(names: int, share: float, changes: int = 1, calls: float = 0.001) -> float:
    """Return the fewest seconds that a share of both buckets allows, with so many changes and calls for each name."""
    services = Services()
    of_quotas = ((services.route53_changes, names * changes), (services.route53_requests, names * calls))
    return max(fewest_seconds(taken, bucket, share) for bucket, taken in of_quotas)


def needed(hub: Hub, share: float = 1.0) -> dict[str, float]:
    """Return the seconds that the calls so far need by each quota."""
    services, calls = hub.services, hub.organization.calls
    described = max(hub.organization.described.values(), default=0)
    return {
        "changes": fewest_seconds(sum(tokens for _, tokens in hub.route53.changes), services.route53_changes, share),
        "requests": fewest_seconds(len(hub.route53.requests), services.route53_requests, share),
        "describe_instances": fewest_seconds(described, services.describes),
        "describe_account": fewest_seconds(calls["DescribeAccount"], services.describe_accounts),
    }


def share_exceeded(hub: Hub, share: float) -> float:
    """Return the most tokens of Route 53 that were taken above the share in any span of time."""
    services, route53 = hub.services, hub.route53
    return max(
        exceeded(sorted(calls), bucket[0] * share, bucket[1] * share)
        for calls, bucket in (
            (route53.requests, services.route53_requests),
            (route53.changes, services.route53_changes),
        )
    )
