"""`make bench`: what orgdns costs, one line of JSON a figure: its value, the limit or goal, and a naive way's value.

Counts come from the simulated organization, so they are the same at each run; the one figure that is a time is a ratio
of two measured in turn, as machines differ and drift.
"""

from __future__ import annotations

import compileall
import io
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from moto.dynamodb.models import dynamodb_backends

from hub import config as configuration
from hub.ops.changes import name_changes
from hub.package import package
from hub.runtime import contract
from hub.runtime.claims import desired_record_sets
from hub.runtime.model import Claim, ConflictRule, Fqdn, InstanceRef, Millis, NameKey, RecordType
from hub.runtime.plan import NameChange, batches, changes
from sandbox import example
from sandbox.burst import burst
from sandbox.clock import moved_clock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.package import Package
    from sandbox.world import World

STARTS: Final = 50
PAIRS: Final = 15
RUNS: Final = 5
BURST: Final = 10_000
CLAIMS, NAMES = 100_000, 20_000
LISTING: Final = "ListResourceRecordSets"
# The module that Lambda imports.
HANDLERS: Final = contract.OBSERVER_HANDLER.rpartition(".")[0]


def show(figure: str, value: float, unit: str, limit: float | None = None, naive: float | None = None) -> None:
    """One line for one figure."""
    line = {"figure": figure, "value": round(value, 3), "unit": unit, "limit": limit, "naive": naive}
    print(json.dumps(line), flush=True)  # noqa: T201 - the lines are the output


def main() -> None:
    """All figures."""
    planned()
    config = configuration.load(example.CONFIG)
    built = package(config.compiled_policy())
    show("package_bytes", len(built.content), "bytes", limit=2_000_000)
    ratio, unit = cold_import_ratio, "times importing boto3"
    show("cold_import_ratio", ratio(built, bytecode=True), unit, limit=1.5)
    show("cold_import_ratio_without_bytecode", ratio(built, bytecode=False), unit)
    bursts()
    with moved_clock() as clock, world(config, clock) as made:
        starts(made)
        life(made)


def bursts() -> None:
    """How many seconds ten thousand new names take, by all that Route 53 lets an account do and by the usual share."""
    for share in (1.0, configuration.load(example.CONFIG).network.route53_share):
        measured = burst(BURST, share)
        figure = f"burst_{BURST}_names_seconds_at_share_{share}"
        show(figure, measured.seconds, "seconds", limit=measured.limit, naive=measured.naive)
        show(f"{figure}_against_limit", measured.seconds / measured.limit, "times the limit", limit=1.1)


def planned() -> None:
    """How many claims a second one process turns into full change batches.

    The baseline groups the same claims by name and sorts each group by age, and does nothing else: no record sets, no
    comparison with what is held, no batches. Both are the best of several in turn, as other work on the machine only
    ever makes either slower.
    """
    claims = _claims()
    seconds: dict[Callable[[list[Claim]], int], list[float]] = {_planned_names: [], _grouped_and_sorted: []}
    for _ in range(RUNS):
        for way, took in seconds.items():
            start = time.perf_counter()
            names = way(claims)
            took.append(time.perf_counter() - start)
            if names != NAMES:
                raise AssertionError(f"{names:,} names came of claims on {NAMES:,}")
    ours, baseline = (len(claims) / min(took) for took in seconds.values())
    show("claims_planned_a_second", ours, "claims a second", naive=baseline)
    show("planning_against_grouping_and_sorting", baseline / ours, "times the time")
    start = time.perf_counter()
    differences = len(name_changes((), claims))
    if differences != NAMES:
        raise AssertionError(f"{differences:,} names differ, not {NAMES:,}")
    show(
        "claims_a_second_of_orgdns_plan", len(claims) / (time.perf_counter() - start), "claims a second", naive=baseline
    )


def _claims() -> list[Claim]:
    """Claims on names, five each, in no order."""
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
    random.Random(1).shuffle(claims)  # noqa: S311 - an order, no secret
    return claims


def _planned_names(claims: list[Claim]) -> int:
    """Work out every name's record sets, what is to change, and the batches; how many names are in them."""
    by_name: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.key].append(claim)
    to_change = []
    for key, on_name in by_name.items():
        desired = desired_record_sets(on_name)
        to_change.append(NameChange(key, desired, changes((), desired)))
    return sum(len(batch) for batch in batches(to_change))


def _grouped_and_sorted(claims: list[Claim]) -> int:
    by_name: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.key].append(claim)
    return len([sorted(on_name, key=lambda claim: (claim.launched_at, claim.instance)) for on_name in by_name.values()])


def cold_import_ratio(built: Package, *, bytecode: bool) -> float:
    """The processor time of importing the handlers, against importing boto3 alone: the median of pairs in turn.

    boto3 has its bytecode, as in Lambda's runtime. With `bytecode` the package has it too, so that like is compared
    with like; without, it is as a function finds it, which cannot write any beside its read-only package.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
            archive.extractall(folder)
        if bytecode:
            compileall.compile_dir(folder, quiet=2)
        handlers = f"import sys; sys.path.insert(0, {folder!r}); import {HANDLERS}"
        ratios = []
        for _ in range(PAIRS):
            start = _processor_seconds("pass")
            ratios.append((_processor_seconds(handlers) - start) / (_processor_seconds("import boto3") - start))
    return statistics.median(ratios)


def _processor_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # -B: what has no bytecode shall not get it by being measured.
    subprocess.run([sys.executable, "-B", "-c", code], check=True, cwd=tempfile.gettempdir())  # noqa: S603 - our own code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def starts(made: World) -> None:
    """Many instances at once in six account-regions."""
    account = made.route53.account(made.config.network.account)
    records, calls, tokens = _records(made), len(made.route53.batches), account.changes.tokens
    reads = made.route53.calls[LISTING]
    spokes = [(account_id, region) for account_id in (PAYMENTS, SEARCH) for region in made.config.spokes.regions]
    for number in range(STARTS):
        made.launch(*spokes[number % len(spokes)], f"n{number}")
    made.settle()
    created = _records(made) - records
    show(f"route53_calls_per_{STARTS}_starts", len(made.route53.batches) - calls, "calls", limit=4, naive=created)
    show(f"route53_reads_per_{STARTS}_starts", made.route53.calls[LISTING] - reads, "calls")
    # The naive way is an UPSERT each, which takes two tokens.
    show("change_tokens_per_record", (tokens - account.changes.tokens) / created, "tokens", limit=1, naive=2)


def life(made: World) -> None:
    """One instance with three names in two zones, from its start to its end."""
    written, calls = _ledger_writes(made), len(made.route53.batches)
    events: list[dict[str, object]] = []

    def count(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        events.append(event)
        return (event,)

    made.router.tamper = count
    (instance,) = made.launch(PAYMENTS, made.config.hub.region, "life")
    made.settle()
    made.end(PAYMENTS, made.config.hub.region, instance)
    made.settle()
    show("events_per_instance_life", len(events), "events")
    show("ledger_writes_per_instance_life", _ledger_writes(made) - written, "rows")
    show("route53_calls_per_instance_life", len(made.route53.batches) - calls, "calls")


def _records(made: World) -> int:
    return sum(len(made.owners(domain)) for domain in made.zone_ids)


def _ledger_writes(made: World) -> int:
    """How many rows were written so far: each write is one record of the table's stream."""
    table = dynamodb_backends[made.config.hub.account][made.config.hub.region].tables[contract.LEDGER_TABLE]
    return len(table.stream_shard.items)


if __name__ == "__main__":
    main()
