"""All functions of the deployed path call Route 53 at one pace, which the ledger keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.functions.streams import SHARDS
from sandbox.aws.route53.limits import CHANGES, REQUESTS, TokenBucket
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"
SHARE = load(example.CONFIG).network.route53_share
PACE = {contract.PARTITION_KEY: {"S": contract.CONTROL_KEY}, contract.SORT_KEY: {"S": contract.PACE_KEY}}


@pytest.fixture(scope="module")
def shards() -> int:
    """As many as a new table has: all publish at one pace."""
    return SHARDS


@pytest.fixture
def quota_of_the_share(made: World, clock: MovedClock) -> Iterator[None]:
    """Route 53 grants the networking account no more than the configured share of its quotas."""
    clock.advance(3_600)
    account = made.route53.account(NETWORK)
    before = account.requests, account.changes
    # Times in the ledger are whole milliseconds.
    account.requests, account.changes = (
        TokenBucket(capacity * SHARE + 0.1, refill * SHARE, clock) for capacity, refill in (REQUESTS, CHANGES)
    )
    yield
    account.requests, account.changes = before


@pytest.mark.usefixtures("quota_of_the_share")
def test_publisher_and_audits_together_stay_within_the_share(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """A Route 53 that grants only the share throttles nobody, although each function alone could take all of it."""
    throttled, called, began = made.route53.throttled.total(), made.route53.calls.total(), clock.now()
    for number in range(30):
        made.launch(PAYMENTS, REGION, f"paced-{number}")
        made.converge()
        made.audit()
    requests = made.route53.calls.total() - called
    assert made.route53.throttled.total() == throttled
    # They took all that there is: the bucket and what it gained. Audits leave half of the bucket.
    assert requests >= 0.5 * REQUESTS[0] * SHARE + 0.8 * REQUESTS[1] * SHARE * (clock.now() - began)
    assert requests > REQUESTS[0] * SHARE
    assert all(made.resolve(f"paced-{number}.{CORP}", remote_vpc) for number in range(30))


def test_lost_pace_counts_as_full_buckets(made: World, remote_vpc: Vpc) -> None:
    """Publishing goes on without the row, and with one that cannot be read, and writes it again."""
    table = made.client("dynamodb", HUB)
    table.delete_item(TableName=NAMES.ledger_table, Key=PACE)
    for name, odd in (("lost", {}), ("garbled", {"tokens": {"S": "many"}, "version": {"N": "3"}})):
        table.put_item(TableName=NAMES.ledger_table, Item={**PACE, **odd})
        made.launch(PAYMENTS, REGION, f"pace-{name}")
        made.converge()
        assert made.resolve(f"pace-{name}.{CORP}", remote_vpc)
        row = table.get_item(TableName=NAMES.ledger_table, Key=PACE)["Item"]
        assert "M" in row["tokens"]
        assert int(row["version"]["N"]) > 0


def rate(made: World) -> int:
    """The rate that the last turn stored, in thousandths."""
    table = made.client("dynamodb", HUB)
    return int(table.get_item(TableName=NAMES.ledger_table, Key=PACE)["Item"]["rate"]["N"])


def test_repeated_calls_slow_the_pace_only_if_the_account_is_throttled(made: World, clock: MovedClock) -> None:
    """Botocore repeats both calls with success; a zone that processes another change does not concern the quota."""
    for _ in range(25):
        made.audit()
        clock.advance(30)
    assert rate(made) == 1_000
    outcomes = len(made.route53.batches)
    made.route53.limits.busy_seconds = 0.4
    try:
        for number in range(3):
            made.launch(PAYMENTS, REGION, f"busy-{number}")
            made.converge()
    finally:
        made.route53.limits.busy_seconds = 0.0
    made.audit()
    assert "PriorRequestNotComplete" in {batch.outcome for batch in made.route53.batches[outcomes:]}
    assert rate(made) == 1_000
    account = made.route53.account(NETWORK)
    while account.requests.take(1):
        pass
    throttled = made.route53.throttled.total()
    made.launch(PAYMENTS, REGION, "throttled")
    made.converge()
    made.audit()
    assert made.route53.throttled.total() > throttled
    assert rate(made) < 1_000
