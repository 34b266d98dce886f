"""The figures of the whole path. The scenarios are independent of each other, so they run in two processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final

from sandbox.bench.figures import Figure
from sandbox.bench.path.bursts import SHARE, burst, limit_of
from sandbox.bench.path.services.parameters import Services
from sandbox.bench.path.strangers import Attack, vpc_waits, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.bench.path.bursts import Burst
    from sandbox.bench.path.strangers import Waits

NAMES: Final = 10_000
SPOKES: Final = 200
SHARDS: Final = 4
MANY_SHARDS: Final = 16
PROCESSES: Final = 2
# The goals.
AGAINST_LIMIT: Final = 1.05
OWN_SECONDS: Final = 0.2
STRANGER_SECONDS: Final = 10.0
VPC_SECONDS: Final = 60.0

FLIPS: Final = Attack(500)
ALIAS_FLIPS: Final = Attack(16, 32)


def _burst(name: str, names: int, spokes: int, shards: int, *, tags: bool = True) -> list[Figure]:
    """Return how long a burst takes, beside the other strategies, and what it needs of each quota."""
    measured = burst(names, spokes, shards, tags=tags)
    others = {
        "batched_txt": limit_of(names, SHARE, changes=4, calls=0.004),
        **{f"{quota}_need": seconds for quota, seconds in measured.quotas.items()},
    }
    naive = limit_of(names, SHARE, changes=2, calls=1)
    found = [Figure(f"{name}_seconds", measured.seconds, "seconds", limit=measured.limit, naive=naive, others=others)]
    against = measured.seconds / measured.limit
    found.append(Figure(f"{name}_against_limit", against, "times the limit", limit=AGAINST_LIMIT))
    return [*found, *_calls(name, measured)]


def _calls(name: str, measured: Burst) -> list[Figure]:
    return [
        Figure(f"{name}_changes_per_call", measured.changes_per_call, "changes", limit=1_000, naive=1),
        Figure(f"{name}_route53_calls_per_1000_starts", measured.calls_per_1000, "calls", naive=1_000),
        Figure(f"{name}_quota_share_exceeded", measured.exceeded, "tokens", limit=0),
    ]


# Each process measures the idle system once.
_idle: Final = cache(waits)


def _event_to_record() -> list[Figure]:
    """Return how long a single start waits for orgdns alone, and until its record is there."""
    own = waits(SHARDS, services=Services.instant())
    warm, cold = _idle(SHARDS), waits(SHARDS, cold=True)
    others = {
        "warm_median": warm.quantile(0.5),
        "warm_p99": warm.quantile(0.99),
        "cold_median": cold.quantile(0.5),
        "cold_p99": cold.quantile(0.99),
    }
    return [
        Figure("event_to_record_seconds", own.quantile(0.99), "seconds", limit=OWN_SECONDS),
        Figure("event_to_record_with_services_seconds", warm.quantile(0.99), "seconds", others=others),
    ]


def _strangers(name: str, shards: int, attack: Attack | None, names: int) -> list[Figure]:
    """Return how long strangers wait for what others do: longer than in an idle system."""
    return _waits(f"stranger_wait_{name}", _idle(shards), waits(shards, attack, names))


def _waits(name: str, idle: Waits, busy: Waits) -> list[Figure]:
    usual = idle.quantile(0.5)
    others = {"median": busy.quantile(0.5) - usual, "longest": busy.seconds[-1] - usual}
    waited = busy.quantile(0.99) - usual
    return [
        Figure(f"{name}_seconds", waited, "seconds", limit=STRANGER_SECONDS, others=others),
        Figure(f"{name}_quota_share_exceeded", busy.exceeded, "tokens", limit=0),
    ]


def _vpcs() -> list[Figure]:
    """Return how long VPCs of others wait for what an account does with its own."""
    idle, busy = vpc_waits(flipping=0, seconds=600), vpc_waits()
    usual = idle.quantile(0.5)
    waited = busy.quantile(0.99) - usual
    return [
        Figure("stranger_wait_vpcs_seconds", waited, "seconds", limit=VPC_SECONDS),
        Figure("stranger_wait_vpcs_quota_share_exceeded", busy.exceeded, "tokens", limit=0),
    ]


# Each scenario, the longest ones first.
SCENARIOS: Final[tuple[tuple[Callable[..., list[Figure]], tuple[object, ...], dict[str, object]], ...]] = (
    (_burst, ("path_burst_100000", 100_000, SPOKES, SHARDS), {"tags": False}),
    (_strangers, ("attack_and_burst_16_shards", MANY_SHARDS, FLIPS, NAMES), {}),
    (_strangers, ("attack", SHARDS, FLIPS, 0), {}),
    (_burst, ("path_burst_10000", NAMES, SPOKES, SHARDS), {}),
    (_burst, ("path_burst_10000_1_shard", NAMES, SPOKES, 1), {}),
    (_burst, ("path_burst_10000_16_shards", NAMES, SPOKES, MANY_SHARDS), {}),
    (_burst, ("path_burst_10000_one_spoke", NAMES, 1, SHARDS), {}),
    (_strangers, ("burst", SHARDS, None, NAMES), {}),
    (_strangers, ("alias_attack", SHARDS, ALIAS_FLIPS, 0), {}),
    (_vpcs, (), {}),
    (_event_to_record, (), {}),
)


def figures() -> Iterator[Figure]:
    """All figures of the whole path."""
    context = multiprocessing.get_context("spawn")
    exceeded = 0.0
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        for running in [pool.submit(measure, *given, **named) for measure, given, named in SCENARIOS]:
            for figure in running.result():
                if figure.name.endswith("quota_share_exceeded"):
                    exceeded = max(exceeded, figure.value)
                else:
                    yield figure
    yield Figure("quota_share_exceeded", exceeded, "tokens", limit=0)
