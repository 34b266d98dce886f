from dataclasses import dataclass

import pytest

from sandbox.aws.route53.limits import AccountLimits, BusyZones, TokenBucket, change_tokens, check_size
from sandbox.aws.route53.rules import Action, Change, InvalidChangeBatch, ResourceRecordSet


@dataclass
class Hand:
    """A clock that the test moves."""

    time: float = 0.0

    def now(self) -> float:
        return self.time


def change(action: Action, values: int, length: int = 8) -> Change:
    return Change(action, ResourceRecordSet("a.corp.internal.", "TXT", 60, ("x" * length,) * values))


@pytest.mark.parametrize(("action", "most"), [(Action.CREATE, 1_000), (Action.DELETE, 1_000), (Action.UPSERT, 500)])
def test_request_has_at_most_a_thousand_records(action: Action, most: int) -> None:
    """Counted over all changes; an UPSERT counts twice."""
    check_size([change(action, most // 2)] * 2)
    with pytest.raises(InvalidChangeBatch) as refused:
        check_size([*[change(action, most // 2)] * 2, change(Action.CREATE, 1)])
    assert str(refused.value) == "[Number of records limit of 1000 exceeded.]"


@pytest.mark.parametrize(
    ("action", "most"), [(Action.CREATE, 32_000), (Action.DELETE, 32_000), (Action.UPSERT, 16_000)]
)
def test_request_has_at_most_32_000_characters(action: Action, most: int) -> None:
    """Counted over all values of all changes; an UPSERT counts twice."""
    check_size([change(action, 1, most // 2)] * 2)
    with pytest.raises(InvalidChangeBatch) as refused:
        check_size([*[change(action, 1, most // 2)] * 2, change(Action.CREATE, 1, 1)])
    assert str(refused.value) == "[RDATA character limit of 32000 exceeded.]"


def test_upsert_takes_two_change_tokens() -> None:
    """An UPSERT counts as a DELETE and a CREATE, whatever the number of values."""
    assert change_tokens([change(Action.CREATE, 3), change(Action.DELETE, 1), change(Action.UPSERT, 5)]) == 4


def test_bucket_has_burst_and_refill() -> None:
    """A bucket never exceeds its capacity, and a refusal takes nothing."""
    clock = Hand()
    bucket = TokenBucket(5, 2, clock)
    assert bucket.take(5)
    assert not bucket.take(1)
    clock.time = 0.4
    assert not bucket.take(1)
    clock.time = 0.5
    assert bucket.take(1)
    clock.time = 1_000
    assert not bucket.take(6)
    assert bucket.take(5)


def test_clock_set_back_does_not_change_a_bucket() -> None:
    """The tokens stay as they are."""
    clock = Hand(100)
    bucket = TokenBucket(5, 2, clock)
    assert bucket.take(3)
    clock.time = 50
    assert bucket.tokens == 2


def test_account_makes_fifty_calls_and_ten_a_second() -> None:
    """All operations share this bucket."""
    clock = Hand()
    limits = AccountLimits(clock)
    assert sum(limits.admits(f"Get{number % 3}") for number in range(60)) == 50
    clock.time = 1
    assert sum(limits.admits("ListHostedZones") for _ in range(60)) == 10


def test_associations_have_their_own_bucket() -> None:
    """When it is empty, other calls still pass, and its refusals take nothing from them."""
    limits = AccountLimits(Hand())
    assert sum(limits.admits("AssociateVPCWithHostedZone") for _ in range(100)) == 20
    assert sum(limits.admits("GetHostedZone") for _ in range(100)) == 30


def test_change_bucket_holds_1_500_and_refills_by_100() -> None:
    """A full batch of a thousand changes fits once, but not twice at once."""
    clock = Hand()
    changes = AccountLimits(clock).changes
    assert changes.take(1_000)
    assert not changes.take(1_000)
    clock.time = 5
    assert changes.take(1_000)


def test_zone_is_busy_for_its_time() -> None:
    """Other zones are not affected."""
    clock = Hand()
    busy = BusyZones(clock)
    busy.occupy("Z1", 2)
    assert busy.is_busy("Z1")
    assert not busy.is_busy("Z2")
    clock.time = 2
    assert not busy.is_busy("Z1")
