"""How many claims a second the planner turns into change batches, and how that compares with octoDNS."""

from __future__ import annotations

import gc
import logging
import random
import statistics
import time
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

from hub.runtime.model.names import Claim, ConflictRule, Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType
from hub.runtime.publisher.batches import NameChange, batches, changes
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.reports.plan.changes import name_changes
from sandbox.example import PAYMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

from sandbox.bench.figures import Figure

CLAIMS, NAMES = 100_000, 20_000
RUNS: Final = 5
ZONE, TTL = "corp.internal.", 60
# Of a zone that is planned again, one name in ten has another address.
CHANGED: Final = 10
# The addresses by name: by its label for octoDNS.
Addresses = dict[str, tuple[str, ...]]


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
    yield planned_against_octodns()


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


class _InMemory(BaseProvider):  # type: ignore[misc]  # octoDNS has no types
    """octoDNS's own provider over a zone in memory: everything but the calls of a service."""

    SUPPORTS: ClassVar = {"A"}
    SUPPORTS_GEO: ClassVar = False
    log = logging.getLogger(__name__)

    def __init__(self, zone: Addresses) -> None:
        super().__init__("memory")
        self._zone = zone

    def populate(self, zone: Zone, *, target: bool = False, lenient: bool = False) -> bool:
        """Fill octoDNS's zone; whether the zone exists."""
        del target
        for name, values in self._zone.items():
            described = {"type": "A", "ttl": TTL, "values": values}
            zone.add_record(Record.new(zone, name, described, source=self, lenient=lenient), lenient=lenient)
        return True


def _planned_by_octodns(desired: Addresses, current: Addresses) -> int:
    """Build the zones and compare them, as octoDNS does before it changes anything; the number of changed names."""
    zone = Zone(ZONE, [])
    _InMemory(desired).populate(zone)
    return len(_InMemory(current).plan(zone).changes)


def _planned_by_orgdns(claims: Mapping[NameKey, Sequence[Claim]], current: Addresses) -> int:
    """Plan record sets, changes and batches of the same names; the number of changed names."""
    return sum(len(batch) for batch in batches(_changed_names(claims, current)))


def _changed_names(claims: Mapping[NameKey, Sequence[Claim]], current: Addresses) -> Iterator[NameChange]:
    for key, on_name in claims.items():
        (claim,) = on_name
        values = current.get(key.fqdn)
        published = (RecordSet(key.fqdn, RecordType.A, TTL, values, str(claim.instance)),) if values else ()
        desired = desired_record_sets(on_name)
        if needed := changes(published, desired):
            yield NameChange(key, desired, needed)


def planned_against_octodns(names: int = NAMES, runs: int = RUNS) -> Figure:
    """How many times as fast as octoDNS the same names are planned; both build what is desired and what is there.

    The median of pairs of runs in turn, in processor time. All names are new; a zone that is planned again has them
    already, and one in ten has another address.
    """
    # octoDNS's warning that nobody chose its validators: it takes its own.
    logging.getLogger("Record").setLevel(logging.ERROR)
    desired: Addresses = {f"n{number}": (f"10.0.{number >> 8}.{number & 255}",) for number in range(names)}
    again = desired | dict.fromkeys(list(desired)[::CHANGED], ("10.9.9.9",))
    claims = {
        NameKey("Z0CORPINTERNAL0EXAMPL", Fqdn(f"{name}.{ZONE}")): (
            Claim(
                key=NameKey("Z0CORPINTERNAL0EXAMPL", Fqdn(f"{name}.{ZONE}")),
                instance=InstanceRef(PAYMENTS, "eu-central-1", f"i-{number:017x}"),
                values=((RecordType.A, values),),
                ttl=TTL,
                conflict=ConflictRule.NEWEST,
                rule="short-names",
                launched_at=Millis(number),
            ),
        )
        for number, (name, values) in enumerate(desired.items())
    }
    ratios: dict[str, float] = {}
    for zone, current, number in (("again", again, names // CHANGED), ("new", {}, names)):
        pairs = []
        absolute = {f"{name}.{ZONE}": values for name, values in current.items()}
        for _ in range(runs):
            theirs = _processor_seconds(partial(_planned_by_octodns, desired, current), number)
            ours = _processor_seconds(partial(_planned_by_orgdns, claims, absolute), number)
            pairs.append(theirs / ours)
        ratios[zone] = statistics.median(pairs)
    return Figure(
        "planning_against_octodns", ratios["new"], "times as fast", limit=8, others={"again": ratios["again"]}
    )


def _processor_seconds(plan: Callable[[], int], expected: int) -> float:
    gc.collect()
    start = time.process_time()
    if (names := plan()) != expected:
        raise AssertionError(f"{names:,} names change, not {expected:,}")
    return time.process_time() - start
