"""How long bursts take by each strategy, against strict Route 53 on a virtual clock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3

from hub.runtime.model.names import RecordType
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.rate_limit import BUCKETS, CHANGES
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.hosted_zones import hosted_zone
from sandbox.aws.route53.state import Limits
from sandbox.bench.curves import svg
from sandbox.bench.figures import Figure
from sandbox.bench.pace import fewest_seconds
from sandbox.bench.scenarios import DOMAIN, REGION, REVERSE, scenarios
from sandbox.bench.strategies import STRATEGIES, Stage, change_of, txt_of
from sandbox.clock import moved_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.bench.curves import Curve
    from sandbox.bench.scenarios import Scenario

BURST, ROLLING = 10_000, 2_000
_CHANGES: Final = BUCKETS[CHANGES]
FIGURES: Final = {
    f"burst_{BURST}_seconds": "starts",
    f"burst_{BURST}_with_ptr_seconds": "starts with PTR",
    f"burst_{BURST}_ends_seconds": "ends",
    f"rolling_{ROLLING}_seconds": "rolling",
}
QUOTA: Final = "what the quota allows"
PICTURES: Final = Path(__file__).resolve().parents[2] / "docs" / "bench"


@dataclass(frozen=True, slots=True)
class Burst:
    """How many seconds a burst took and the buckets allow, its calls, and its curve: records done over seconds."""

    seconds: float
    limit: float
    calls: int
    reads: int
    changes: int
    curve: Curve


def burst(scenario: str, strategy: str, names: int, rolling: int, share: float = 1.0) -> Burst:
    """Run one scenario with one strategy and this share of both buckets, which are full at first."""
    with _stage(names + rolling) as (stage, zones):
        chosen = scenarios(names, rolling, zones)[scenario]
        _prepare(stage, chosen, strategy)
        stage.began = stage.clock.now()
        calls, reads = len(stage.route53.batches), stage.route53.calls["ListResourceRecordSets"]
        STRATEGIES[strategy](stage, chosen, share)
        seconds = stage.clock.now() - stage.began
        if any(batch.outcome != "INSYNC" for batch in stage.route53.batches) or stage.route53.throttled:
            raise AssertionError(f"{strategy} was throttled or refused")
        _check(stage, chosen, zones)
        made = stage.route53.batches[calls:]
        return Burst(
            seconds=seconds,
            limit=fewest_seconds(chosen.tokens, _CHANGES, share),
            calls=len(made),
            reads=stage.route53.calls["ListResourceRecordSets"] - reads,
            changes=sum(batch.changes for batch in made),
            curve=[(0.0, 0), *stage.curve],
        )


def limit_curve(records: int, tokens_a_record: int, share: float = 1.0) -> Curve:
    """The fastest that the bucket of changes allows: its whole content at once, then its refill rate."""
    at_once = int(_CHANGES[0] * share / tokens_a_record)
    return [(0.0, min(records, at_once)), (fewest_seconds(records * tokens_a_record, _CHANGES, share), records)]


@contextmanager
def _stage(records: int) -> Iterator[tuple[Stage, tuple[str, str]]]:
    limits = Limits(record_sets=4 * records + 10)
    with moved_clock() as clock, emulated_aws(), strict_route53(clock, limits=limits) as route53:
        make: Any = boto3.client
        keys = {"region_name": REGION, "aws_access_key_id": "a", "aws_secret_access_key": "s"}
        client, ec2 = make("route53", **keys), make("ec2", **keys)
        vpc = {"VPCRegion": REGION, "VPCId": ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]}
        made = [client.create_hosted_zone(Name=name, CallerReference=name, VPC=vpc) for name in (DOMAIN, REVERSE)]
        forward, reverse = (zone["HostedZone"]["Id"].rpartition("/")[2] for zone in made)
        clock.advance(3_600)
        yield Stage(clock, route53, client, "123456789012"), (forward, reverse)


def _prepare(stage: Stage, scenario: Scenario, strategy: str) -> None:
    """Publish what the scenario begins with, as the strategy would have left it."""
    for key, claim in scenario.before.items():
        wanted = [change_of("CREATE", claim, ours=strategy == "orgdns")]
        if "TXT" in strategy:
            wanted.append(txt_of("CREATE", claim))
        stage.clock.advance(1)
        stage.route53.change(stage.account, hosted_zone(key.zone_id), wanted)
    stage.clock.advance(3_600)


def _check(stage: Stage, scenario: Scenario, zones: Sequence[str]) -> None:
    published = {
        (zone_id, record_set.name, record_set.type, record_set.values)
        for zone_id in zones
        for record_set in stage.route53.record_sets(zone_id)
        if record_set.type in set(RecordType)
    }
    wanted = {
        (key.zone_id, record_set.fqdn, record_set.type.value, record_set.values)
        for key, claim in scenario.after.items()
        for record_set in desired_record_sets([claim])
    }
    if published != wanted:
        raise AssertionError(f"{len(published ^ wanted):,} records are not as they should be")


def figures() -> Iterator[Figure]:
    """How many seconds each burst takes with the account's whole quota, beside two other strategies.

    Draws the curves in docs/bench anew.
    """
    for name, scenario in FIGURES.items():
        ours, upserts, with_txt = measured = [burst(scenario, strategy, BURST, ROLLING) for strategy in STRATEGIES]
        others = {"batched_txt": with_txt.seconds}
        yield Figure(name, ours.seconds, "seconds", limit=ours.limit, naive=upserts.seconds, others=others)
        yield Figure(f"{name}_against_limit", ours.seconds / ours.limit, "times the limit", limit=1.1)
        _draw(name, scenario, {strategy: each.curve for strategy, each in zip(STRATEGIES, measured, strict=True)})
        if scenario == "starts":
            yield Figure("change_tokens_per_record", ours.changes / BURST, "tokens", limit=1.0, naive=2.0)
            yield Figure("route53_calls_per_1000_starts", ours.calls * 1_000 / BURST, "calls", limit=1, naive=1_000)
            yield Figure("route53_reads_per_1000_starts", ours.reads * 1_000 / BURST, "calls")
    share = load(example.CONFIG).network.route53_share
    ours = burst("starts", "orgdns", BURST, ROLLING, share)
    yield Figure(f"burst_{BURST}_seconds_at_share_{share}", ours.seconds, "seconds", limit=ours.limit)


def _draw(name: str, scenario: str, curves: Mapping[str, Curve]) -> None:
    records = curves["orgdns"][-1][1]
    limit = {QUOTA: limit_curve(records, 2 if scenario == "rolling" else 1)}
    title = f"{records:,} records, {scenario}: done over time"
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name.removesuffix('_seconds')}.svg"
    path.write_text(svg(title, "records done", {**curves, **limit}, QUOTA), encoding="utf-8")
