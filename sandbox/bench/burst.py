"""How long bursts take: the publisher beside two other ways of working, against strict Route 53 on a virtual clock.

Each way paces itself to both of the account's buckets and is never throttled. The publisher is the runtime's own, fed
as Lambda feeds it from the ledger's stream: a thousand changes a run, one run after the other.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
from moto import mock_aws

from hub.runtime.aws.zones import REGION, WriterZones, wire_of
from hub.runtime.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    NEVER,
    Claim,
    ConflictRule,
    Fqdn,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    RecordType,
    Spoke,
)
from hub.runtime.names.labels import reverse_name
from hub.runtime.publisher.batches import MAX_ELEMENTS
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from hub.runtime.rate_limit import CHANGES, Pace
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.hosted_zones import hosted_zone
from sandbox.aws.route53.state import Limits
from sandbox.clock import moved_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sandbox.aws.route53.state import StrictRoute53
    from sandbox.clock import MovedClock

DOMAIN, REVERSE = "burst.internal", "10.in-addr.arpa"
SPOKES: Final = 200
# What one invocation of the publisher is given of the ledger's stream, and how long it may take.
NAMES_A_RUN: Final = 1_000
RUN_SECONDS: Final = 300.0
# What Route 53 takes of the bucket of changes, and counts of a batch's elements.
UPSERT: Final = 2
Curve = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was published before, and what is claimed now, of each name."""

    before: Mapping[NameKey, Claim]
    after: Mapping[NameKey, Claim]

    @property
    def keys(self) -> list[NameKey]:
        """The names, in the order in which their claims change."""
        return list({**self.before, **self.after})

    @property
    def tokens(self) -> int:
        """How many change tokens the records cost that must go, and those that must come."""
        return len(self.before) + len(self.after)


@dataclass(frozen=True, slots=True)
class Burst:
    """How long a burst took, what the buckets allow, and how it went: records done over seconds."""

    seconds: float
    limit: float
    calls: int
    reads: int
    changes: int
    curve: Curve


@dataclass(slots=True)
class Stage:
    """Route 53 with the scenario's zones, and a clock that only waiting moves."""

    clock: MovedClock
    route53: StrictRoute53
    client: Any
    account: str
    began: float = 0.0
    curve: Curve = field(default_factory=list)

    def done(self, records: int) -> None:
        """Note that so many records more are as they are to be."""
        total = self.curve[-1][1] if self.curve else 0
        self.curve.append((self.clock.now() - self.began, total + records))

    def until(self, end: float) -> float:
        """How many seconds are left until then."""
        return end - self.clock.now()

    def change(self, pace: Pace, zone_id: str, changes: list[dict[str, Any]]) -> None:
        """Make a call as soon as both buckets let it; a strategy that is throttled would not be paced well."""
        tokens = sum(UPSERT if change["Action"] == "UPSERT" else 1 for change in changes)
        if delay := pace.delay(tokens, self.clock.now()):
            # As the buckets count whole calls: a little more, so that rounding never leaves one short.
            self.clock.advance(delay + 0.001)
        pace.take(tokens, self.clock.now())
        self.route53.admit(self.account, "ChangeResourceRecordSets")
        self.route53.change(self.account, hosted_zone(zone_id), changes)


def scenarios(names: int, rolling: int, zones: tuple[str, str]) -> dict[str, Scenario]:
    """Starts in 200 account-regions, with and without PTR, ends, and a rolling replacement."""
    forward = {_key(zones[0], number): _claim(_key(zones[0], number), number) for number in range(names)}
    pointers = {}
    for number, claim in enumerate(forward.values()):
        key = NameKey(zones[1], reverse_name(_address(number)))
        pointers[key] = Claim(
            key, claim.instance, ((RecordType.PTR, (claim.key.fqdn,)),), 60, claim.conflict, claim.rule, Millis(number)
        )
    old = {key: forward[key] for key in list(forward)[:rolling]}
    new = {key: _claim(key, names + number) for number, key in enumerate(old)}
    return {
        "starts": Scenario({}, forward),
        "starts with PTR": Scenario({}, forward | pointers),
        "ends": Scenario(forward, {}),
        "rolling": Scenario(old, new),
    }


def orgdns(stage: Stage, scenario: Scenario, share: float) -> None:
    """The runtime's publisher."""
    ledger = _Ledger(scenario.after, {key: Published(desired_record_sets([of])) for key, of in scenario.before.items()})
    pace = Pace(share, stage.clock.now())
    zones = WriterZones(_OneClient(stage.client), "", pace, _now, time.sleep)  # type: ignore[arg-type]  # stands for AssumedClients
    publisher = Publisher(ledger, _Nothing(), zones, _now)
    waiting = scenario.keys
    while waiting:
        deadline = Deadline(partial(stage.until, stage.clock.now() + RUN_SECONDS))
        outcomes = publisher.publish(dict.fromkeys(waiting[:NAMES_A_RUN], NEVER), (), deadline)
        again = [outcome.key for outcome in outcomes if outcome.result is NameResult.RETRY]
        if any(outcome.result not in {NameResult.PUBLISHED, NameResult.RETRY} for outcome in outcomes):
            raise AssertionError("some of the names could not be published")
        waiting = again + waiting[NAMES_A_RUN:]
        stage.done(len(outcomes) - len(again))


def one_upsert_an_event(stage: Stage, scenario: Scenario, share: float) -> None:
    """What the small tools do: a call for each event and record, as soon as the buckets let it."""
    pace = Pace(share, stage.clock.now())
    for key in scenario.keys:
        action, claim = ("UPSERT", scenario.after[key]) if key in scenario.after else ("DELETE", scenario.before[key])
        stage.change(pace, key.zone_id, [_change(action, claim)])
        stage.done(1)


def batched_upsert_with_txt(stage: Stage, scenario: Scenario, share: float) -> None:
    """What external-dns does: full batches of UPSERTs, and beside each record a TXT record that says whose it is."""
    pace = Pace(share, stage.clock.now())
    upserts = bool(scenario.after)
    # A record and its TXT record, each counted twice where it is an UPSERT.
    size = MAX_ELEMENTS // (4 if upserts else 2)
    for zone_id in sorted({key.zone_id for key in scenario.keys}):
        for part in chunks([key for key in scenario.keys if key.zone_id == zone_id], size):
            claims = [(scenario.after if upserts else scenario.before)[key] for key in part]
            action = "UPSERT" if upserts else "DELETE"
            changes = [change for claim in claims for change in (_change(action, claim), _txt(action, claim))]
            stage.change(pace, zone_id, changes)
            stage.done(len(part))


STRATEGIES: Final[Mapping[str, Callable[[Stage, Scenario, float], None]]] = {
    "orgdns": orgdns,
    "one UPSERT an event": one_upsert_an_event,
    "batched UPSERT with TXT": batched_upsert_with_txt,
}


def burst(scenario: str, strategy: str, names: int, rolling: int, share: float = 1.0) -> Burst:
    """One scenario by one strategy, with this share of both buckets, which are full at first."""
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
            limit=max(0.0, chosen.tokens - CHANGES[0] * share) / (CHANGES[1] * share),
            calls=len(made),
            reads=stage.route53.calls["ListResourceRecordSets"] - reads,
            changes=sum(batch.changes for batch in made),
            curve=[(0.0, 0), *stage.curve],
        )


def limit_curve(records: int, tokens_a_record: int, share: float = 1.0) -> Curve:
    """What the bucket of changes allows: all that is in it at once, and then what comes in."""
    at_once = int(CHANGES[0] * share / tokens_a_record)
    end = max(0.0, (records * tokens_a_record - CHANGES[0] * share) / (CHANGES[1] * share))
    return [(0.0, min(records, at_once)), (end, records)]


@contextmanager
def _stage(records: int) -> Iterator[tuple[Stage, tuple[str, str]]]:
    limits = Limits(record_sets=4 * records + 10)
    with moved_clock() as clock, mock_aws(), strict_route53(clock, limits=limits) as route53:
        make: Any = boto3.client
        keys = {"region_name": REGION, "aws_access_key_id": "a", "aws_secret_access_key": "s"}
        client, ec2 = make("route53", **keys), make("ec2", **keys)
        vpc = {"VPCRegion": REGION, "VPCId": ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]}
        made = [client.create_hosted_zone(Name=name, CallerReference=name, VPC=vpc) for name in (DOMAIN, REVERSE)]
        forward, reverse = (one["HostedZone"]["Id"].rpartition("/")[2] for one in made)
        clock.advance(3_600)
        yield Stage(clock, route53, client, "123456789012"), (forward, reverse)


def _prepare(stage: Stage, scenario: Scenario, strategy: str) -> None:
    """Have what is published before in the zones, as the strategy would have left it."""
    for key, claim in scenario.before.items():
        wanted = [_change("CREATE", claim, ours=strategy == "orgdns")]
        if "TXT" in strategy:
            wanted.append(_txt("CREATE", claim))
        stage.clock.advance(1)
        stage.route53.change(stage.account, hosted_zone(key.zone_id), wanted)
    stage.clock.advance(3_600)


def _check(stage: Stage, scenario: Scenario, zones: Sequence[str]) -> None:
    held = {
        (zone_id, one.name, one.type, one.values)
        for zone_id in zones
        for one in stage.route53.record_sets(zone_id)
        if one.type in set(RecordType)
    }
    wanted = {
        (key.zone_id, one.fqdn, one.type.value, one.values)
        for key, claim in scenario.after.items()
        for one in desired_record_sets([claim])
    }
    if held != wanted:
        raise AssertionError(f"{len(held ^ wanted):,} records are not as they should be")


@dataclass(slots=True)
class _Ledger:
    claims: Mapping[NameKey, Claim]
    published: dict[NameKey, Published]

    def name(self, key: NameKey) -> NameState:
        claims = (self.claims[key],) if key in self.claims else ()
        return NameState(key, claims, self.published.get(key, Published()))

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        self.published.update(published)


class _Nothing:
    """Nothing is paused, and no spoke matters: the ledger knows all claims."""

    def paused(self) -> None:
        return None

    def settled(self, _spokes: Collection[Spoke]) -> frozenset[Spoke]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class _OneClient:
    """The writer role's client, without the roles around it."""

    made: Any

    def client(self, _role_arn: str, _region: str) -> Any:  # noqa: ANN401 - as the clients that it stands for
        return self.made

    def forget_if_denied(self, _role_arn: str, _error: Exception) -> bool:
        return False


def _change(action: str, claim: Claim, *, ours: bool = False) -> dict[str, Any]:
    (record_set,) = desired_record_sets([claim])
    simple = RecordSet(record_set.fqdn, record_set.type, record_set.ttl, record_set.values, "")
    return {"Action": action, "ResourceRecordSet": wire_of(record_set if ours else simple)}


def _txt(action: str, claim: Claim) -> dict[str, Any]:
    told = {"Name": f"a-{claim.key.fqdn}", "Type": "TXT", "TTL": 300}
    # An UPSERT and the DELETE of it must say the same of one owner.
    return {"Action": action, "ResourceRecordSet": told | {"ResourceRecords": [{"Value": '"heritage=external-dns"'}]}}


def _key(zone_id: str, number: int) -> NameKey:
    return NameKey(zone_id, Fqdn(f"n{number}.{DOMAIN}."))


def _address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _claim(key: NameKey, number: int) -> Claim:
    spoke = number % SPOKES
    return Claim(
        key=key,
        instance=InstanceRef(f"{spoke // 2:012}", ("eu-central-1", "eu-west-1")[spoke % 2], f"i-{number:017x}"),
        values=((RecordType.A, (_address(number),)),),
        ttl=60,
        conflict=ConflictRule.NEWEST,
        rule="everybody",
        launched_at=Millis(number),
    )


def _now() -> Millis:
    return Millis(int(time.time() * 1000))
