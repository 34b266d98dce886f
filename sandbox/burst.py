"""How long a burst of new names takes: the publisher against strict Route 53, on a clock that only waiting moves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
from moto import mock_aws

from hub.runtime.aws.route53 import REGION, WriterZones
from hub.runtime.model import (
    Claim,
    ConflictRule,
    Fqdn,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordType,
    Spoke,
)
from hub.runtime.pace import CHANGES, REQUESTS, Pace
from hub.runtime.publish import Ending, Publisher
from sandbox.clock import moved_clock
from sandbox.route53.bridge import strict_route53
from sandbox.route53.state import Limits

if TYPE_CHECKING:
    from collections.abc import Collection

DOMAIN: Final = "burst.internal"
# What one invocation of the publisher is given of the ledger's stream.
NAMES_A_RUN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Burst:
    """How many seconds a burst took, how many the account's buckets ask for, and the calls that Route 53 refused."""

    seconds: float
    limit: float
    naive: float
    throttled: int


@dataclass(slots=True)
class _Ledger:
    """The claims on the names of the burst, one each."""

    claims: dict[NameKey, Claim]
    published: dict[NameKey, Published] = field(default_factory=dict)

    def name(self, key: NameKey) -> NameState:
        return NameState(key, (self.claims[key],), self.published.get(key, Published()))

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        self.published.update(published)


class _Nothing:
    """Nothing is paused, and no spoke matters: there is one claim on each name."""

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


def burst(names: int, share: float = 1.0) -> Burst:
    """Publish so many new names of one address each, in a zone that is empty, with this share of the buckets.

    The limit is what the buckets ask for when nothing else is asked of them; the naive way is one UPSERT a name, one
    request each, as fast as the bucket of requests refills.
    """
    with moved_clock() as clock, mock_aws(), strict_route53(clock, limits=Limits(record_sets=2 * names)) as route53:
        client = boto3.client("route53", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s")
        zone: Any = {"VPCRegion": REGION, "VPCId": _vpc()}
        made = client.create_hosted_zone(Name=DOMAIN, CallerReference="burst", VPC=zone)
        zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
        clock.advance(60)
        keys = [NameKey(zone_id, Fqdn(f"n{number}.{DOMAIN}.")) for number in range(names)]
        zones = WriterZones(_OneClient(client), "", Pace(share, clock.now()), _now, time.sleep)  # type: ignore[arg-type]  # stands for AssumedClients
        ledger = _Ledger({key: _claim(key, number) for number, key in enumerate(keys)})
        publisher = Publisher(ledger, _Nothing(), zones, _no_end)
        began = clock.now()
        for start in range(0, names, NAMES_A_RUN):
            outcomes = publisher.publish(keys[start : start + NAMES_A_RUN])
            if any(outcome.ending is not Ending.PUBLISHED for outcome in outcomes):
                raise AssertionError(f"some of the names from {start:,} on were not published")
        throttled = sum(batch.outcome != "INSYNC" for batch in route53.batches)
        return Burst(
            seconds=clock.now() - began,
            limit=max(0.0, names - CHANGES[0] * share) / (CHANGES[1] * share),
            naive=max(0.0, names - REQUESTS[0] * share) / (REQUESTS[1] * share),
            throttled=throttled,
        )


def _vpc() -> str:
    vpc = boto3.client("ec2", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s")
    vpc_id: str = vpc.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc_id


def _claim(key: NameKey, number: int) -> Claim:
    return Claim(
        key=key,
        instance=InstanceRef(f"{number % 100:012}", "eu-central-1", f"i-{number:017x}"),
        values=((RecordType.A, (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",)),),
        ttl=60,
        conflict=ConflictRule.NEWEST,
        rule="everybody",
        launched_at=Millis(number),
    )


def _now() -> Millis:
    return Millis(int(time.time() * 1000))


def _no_end() -> float:
    return float("inf")
