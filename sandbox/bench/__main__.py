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
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.client import BaseClient
from moto.dynamodb.models import dynamodb_backends

from hub.package import package
from hub.runtime import contract
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Claim, ConflictRule, Fqdn, InstanceRef, Millis, NameKey, RecordType
from hub.runtime.model.status import ScheduleCursor
from hub.runtime.publisher.batches import NameChange, batches, changes
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.reports.plan import name_changes
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.bridge import replaced
from sandbox.bench.association_burst import associations
from sandbox.bench.burst import STRATEGIES, burst, limit_curve
from sandbox.bench.curves import svg
from sandbox.clock import moved_clock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.package import Package
    from sandbox.clock import MovedClock
    from sandbox.world import World

STARTS: Final = 50
LONE_STARTS: Final = 100
IDLE_SECONDS: Final = 10
PAIRS: Final = 15
RUNS: Final = 5
BURST, ROLLING = 10_000, 2_000
VPCS, ACCOUNTS = 1_000, 200
FEW, MANY = 1_000, 100_000
PICTURES: Final = Path(__file__).resolve().parents[2] / "docs" / "bench"
CLAIMS, NAMES = 100_000, 20_000
LISTING: Final = "ListResourceRecordSets"
# The module that Lambda imports.
HANDLERS: Final = contract.OBSERVER_HANDLER.rpartition(".")[0]


def show(
    figure: str, value: float, unit: str, limit: float | None = None, naive: float | None = None, **others: float
) -> None:
    """One line for one figure; `others` are further ways of working."""
    figures = {"value": value, "limit": limit, "naive": naive} | others
    rounded = {name: None if number is None else round(number, 3) for name, number in figures.items()}
    line = {"figure": figure, "unit": unit} | rounded
    print(json.dumps(line), flush=True)  # noqa: T201 - the lines are the output


def main() -> None:
    """All figures."""
    planned()
    config = load(example.CONFIG)
    built = package(config.compiled_policy())
    show("package_bytes", len(built.content), "bytes", limit=2_000_000)
    ratio, unit = cold_import_ratio, "times importing boto3"
    show("cold_import_ratio", ratio(built, bytecode=True), unit, limit=1.5)
    show("cold_import_ratio_without_bytecode", ratio(built, bytecode=False), unit)
    large()
    bursts()
    associated()
    with moved_clock() as clock, world(config, clock) as made:
        starts(made)
        life(made)
        swept(made, clock)
        idle(made, clock)


def associated() -> None:
    """How many seconds it takes to associate VPCs of many accounts, by all that Route 53 lets the zone's owner do."""
    found = associations(VPCS, ACCOUNTS)
    show(f"associate_{VPCS}_vpcs_seconds", found.seconds, "seconds", limit=found.limit)
    show("owners_calls_per_association", found.owners_calls / VPCS, "calls", limit=2)


def large() -> None:
    """The peak of memory of a sweep and of an audit of very many, against that of few: what is read is not kept."""
    for what, of in (("sweep", "instances"), ("audit", "names")):
        few, many = (_peak(what, number) for number in (FEW, MANY))
        show(f"{what}_{MANY}_{of}_peak_bytes", many, "bytes", naive=few * MANY / FEW)
        show(f"{what}_{MANY}_against_{FEW}_peak", many / few, "times the memory", limit=1.25)


def _peak(what: str, number: int) -> int:
    command = [sys.executable, "-m", "sandbox.bench.large", what, str(number)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - our own code


def bursts() -> None:
    """How many seconds bursts take beside two other ways of working, by all that Route 53 lets an account do.

    The curves are drawn anew in docs/bench.
    """
    for figure, scenario in (
        (f"burst_{BURST}_seconds", "starts"),
        (f"burst_{BURST}_with_ptr_seconds", "starts with PTR"),
        (f"burst_{BURST}_ends_seconds", "ends"),
        (f"rolling_{ROLLING}_seconds", "rolling"),
    ):
        ours, *others = measured = [burst(scenario, strategy, BURST, ROLLING) for strategy in STRATEGIES]
        upserts, with_txt = others
        show(figure, ours.seconds, "seconds", limit=ours.limit, naive=upserts.seconds, batched_txt=with_txt.seconds)
        show(f"{figure}_against_limit", ours.seconds / ours.limit, "times the limit", limit=1.1)
        curves = {name: one.curve for name, one in zip(STRATEGIES, measured, strict=True)}
        records = ours.curve[-1][1]
        curves["what the quota allows"] = limit_curve(records, 2 if scenario == "rolling" else 1)
        title = f"{records:,} records, {scenario}: done over time"
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{figure.removesuffix('_seconds')}.svg"
        path.write_text(svg(title, "records done", curves, "what the quota allows"), encoding="utf-8")
        if scenario == "starts":
            show("change_tokens_per_record", ours.changes / BURST, "tokens", limit=1.0, naive=2.0)
            show("route53_calls_per_1000_starts", ours.calls * 1_000 / BURST, "calls", limit=1, naive=1_000)
            show("route53_reads_per_1000_starts", ours.reads * 1_000 / BURST, "calls")
    share = load(example.CONFIG).network.route53_share
    ours = burst("starts", "orgdns", BURST, ROLLING, share)
    show(f"burst_{BURST}_seconds_at_share_{share}", ours.seconds, "seconds", limit=ours.limit)


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
    made.converge()
    created = _records(made) - records
    show(f"route53_calls_per_{STARTS}_starts", len(made.route53.batches) - calls, "calls", limit=4, naive=created)
    show(f"route53_reads_per_{STARTS}_starts", made.route53.calls[LISTING] - reads, "calls")
    # The naive way is an UPSERT each, which takes two tokens.
    show("change_tokens_per_record_on_the_whole_path", (tokens - account.changes.tokens) / created, "tokens", limit=1)


def life(made: World) -> None:
    """One instance with three names in two zones, from its start to its end."""
    written, calls = _ledger_writes(made), len(made.route53.batches)
    events: list[dict[str, object]] = []

    def count(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        events.append(event)
        return (event,)

    made.router.tamper = count
    (instance,) = made.launch(PAYMENTS, made.config.hub.region, "life")
    made.converge()
    made.end(PAYMENTS, made.config.hub.region, instance)
    made.converge()
    show("events_per_instance_life", len(events), "events")
    show("ledger_writes_per_instance_life", _ledger_writes(made) - written, "rows")
    show("route53_calls_per_instance_life", len(made.route53.batches) - calls, "calls")


def swept(made: World, clock: MovedClock) -> None:
    """How many calls of AWS a sweep of a spoke takes in which nothing has changed."""
    spokes = {status.spoke for status in _statuses(made, clock).spoke_statuses()}
    for _ in range(2):
        # The first time roles are assumed, and what is new is written.
        counted: Counter[str] = Counter()
        with _calls_counted(made, counted):
            _statuses(made, clock).put_cursor(ScheduleCursor())
            made.sweep()
            clock.advance(60)
            made.converge()
        spokes = {status.spoke for status in _statuses(made, clock).spoke_statuses()}
    show("sweep_calls_per_spoke", counted.total() / len(spokes), "calls", limit=20)


def idle(made: World, clock: MovedClock) -> None:
    """What lone starts on an idle system wait for of ours: batching windows, and what the functions sleep."""
    hub = made.client("lambda", made.config.hub.account)
    windows = 0
    for function in (contract.OBSERVER_FUNCTION, contract.PUBLISHER_FUNCTION):
        (mapping,) = hub.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        windows += mapping.get("MaximumBatchingWindowInSeconds", 0)
    waits = []
    for number in range(LONE_STARTS):
        # Idle: what the start before took of Route 53's buckets has come back.
        clock.advance(IDLE_SECONDS)
        before = clock.now()
        made.launch(PAYMENTS, made.config.hub.region, f"idle-{number}")
        made.converge()
        waits.append(windows + clock.now() - before)
    show("event_to_record_seconds", sorted(waits)[LONE_STARTS * 99 // 100 - 1], "seconds", limit=2)


def _statuses(made: World, clock: MovedClock) -> DynamoStatuses:
    client = made.client("dynamodb", made.config.hub.account)
    return DynamoStatuses(Table(client, contract.LEDGER_TABLE, lambda: Millis(int(clock.now() * 1000)), clock.advance))


@contextmanager
def _calls_counted(made: World, counted: Counter[str]) -> Iterator[None]:
    """Count the calls that the functions make."""
    client: Any = BaseClient
    call = client._make_api_call

    def counting(of: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own
        if made.guard._guarded_role(of) is not None:
            counted[operation] += 1
        return call(of, operation, parameters)

    with replaced(BaseClient, _make_api_call=counting):
        yield


def _records(made: World) -> int:
    return sum(len(made.owners(domain)) for domain in made.zone_ids)


def _ledger_writes(made: World) -> int:
    """How many rows were written so far: each write is one record of the table's stream."""
    table = dynamodb_backends[made.config.hub.account][made.config.hub.region].tables[contract.LEDGER_TABLE]
    return len(table.stream_shard.items)


if __name__ == "__main__":
    main()
