"""How many claims a second the planner turns into change batches."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Claim, ConflictRule, Fqdn, InstanceRef, Millis, NameKey, RecordType
from hub.runtime.publisher.batches import NameChange, batches, changes
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.reports.plan import name_changes
from sandbox.example import PAYMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

from sandbox.bench.figures import Figure

CLAIMS, NAMES = 100_000, 20_000
RUNS: Final = 5


def figures() -> Iterator[Figure]:
    """How many claims a second one process turns into full change batches, and how many `orgdns plan` compares.

    The baseline groups the same claims by name and sorts each group by age, and does nothing else: no record sets, no
    comparison with what is published, no batches. Both figures are the best of several runs in turn, because other work
    on the machine only ever slows a run down.
    """
    claims = _claims()
    seconds: dict[Callable[[list[Claim]], int], list[float]] = {_planned_names: [], _grouped_and_sorted: []}
    for _ in range(RUNS):
        for plan, times in seconds.items():
            start = time.perf_counter()
            names = plan(claims)
            times.append(time.perf_counter() - start)
            if names != NAMES:
                raise AssertionError(f"{names:,} names came of claims on {NAMES:,}")
    ours, baseline = (len(claims) / min(times) for times in seconds.values())
    yield Figure("claims_planned_a_second", ours, "claims a second", naive=baseline)
    yield Figure("planning_against_grouping_and_sorting", baseline / ours, "times the time")
    start = time.perf_counter()
    differences = len(name_changes((), claims))
    rate = len(claims) / (time.perf_counter() - start)
    if differences != NAMES:
        raise AssertionError(f"{differences:,} names differ, not {NAMES:,}")
    yield Figure("claims_a_second_of_orgdns_plan", rate, "claims a second", naive=baseline)


def _claims() -> list[Claim]:
    """Five claims on each name, in random order."""
    names = [NameKey("Z0CORPINTERNAL0EXAMPL", Fqdn(f"n{number}.corp.internal.")) for number in range(NAMES)]
    claims = [
        Claim(
            key=names[number % NAMES],
            instance=InstanceRef(PAYMENTS, "eu-central-1", f"i-{number:017x}"),
            values=((RecordType.A, (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",)),),
            ttl=60,
            conflict=(ConflictRule.NEWEST, ConflictRule.OLDEST, ConflictRule.SHARE)[number % NAMES % 3],
            rule="short-names",
            launched_at=Millis(number * 7919 % 100_003),
        )
        for number in range(CLAIMS)
    ]
    random.Random(1).shuffle(claims)  # noqa: S311 - an order, not a secret
    return claims


def _planned_names(claims: list[Claim]) -> int:
    """Plan every name's record sets, changes and batches; the number of names in the batches."""
    by_name: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.key].append(claim)
    to_change = []
    for key, on_name in by_name.items():
        desired = desired_record_sets(on_name)
        to_change.append(NameChange(key, desired, changes((), desired)))
    return sum(len(batch) for batch in batches(to_change))


def _grouped_and_sorted(claims: list[Claim]) -> int:
    """Group the claims by name and sort each group; the number of names."""
    by_name: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.key].append(claim)
    return len([sorted(on_name, key=lambda claim: (claim.launched_at, claim.instance)) for on_name in by_name.values()])
