"""Which unreachable spokes keep their names until a person approves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.sweeper.withdrawals import awaits_approval

DAY = 86_400_000
GRACE = 7 * DAY
NOW = Millis(100 * DAY)
OVER = Millis(NOW - GRACE)


def status(
    number: int, *, account: int | None = None, since: int = NEVER, names: int = 3, withdrawn_at: int = NEVER
) -> SpokeStatus:
    """A spoke of an account of its own, unless another account is given."""
    return SpokeStatus(
        Spoke(f"{number if account is None else account:012}", f"eu-west-{number}"),
        names=names,
        fault_since=Millis(since),
        withdrawn=bool(withdrawn_at),
        withdrawn_at=Millis(withdrawn_at),
    )


def awaits(*others: SpokeStatus, reachable: int = 0, first: SpokeStatus | None = None) -> bool:
    """Whether a spoke whose grace period is over awaits approval, beside others and so many that are reachable."""
    this = first or status(1, since=OVER)
    healthy = [status(100 + number) for number in range(reachable)]
    return awaits_approval(this, (this, *others, *healthy), GRACE, NOW)


def test_more_than_a_tenth_of_the_spokes_await_approval() -> None:
    """Two of 20 spokes are a tenth, two of 19 are more."""
    assert awaits(status(2, since=OVER), reachable=17)
    assert not awaits(status(2, since=OVER), reachable=18)


def test_spokes_of_one_account_never_await_approval() -> None:
    """An account that is closed may have most of the spokes."""
    assert not awaits(status(2, account=1, since=OVER), status(3, account=1, since=OVER))
    assert awaits(status(2, account=1, since=OVER), status(3, since=OVER))


@pytest.mark.parametrize(("since", "counts"), [(OVER + DAY, True), (OVER + DAY + 1, False), (NEVER, False)])
def test_first_spoke_sees_those_that_follow_within_a_day(since: int, *, counts: bool) -> None:
    """Spokes pass their grace period one after the other, as they were swept. The first one must not go alone."""
    assert awaits(status(2, since=since)) is counts


@pytest.mark.parametrize(("withdrawn_at", "counts"), [(NOW - DAY + 1, True), (NOW - DAY, False)])
def test_names_that_were_withdrawn_count_for_a_day(withdrawn_at: int, *, counts: bool) -> None:
    """A slow change is not hidden by withdrawing one spoke after the other."""
    assert awaits(status(2, since=OVER, names=0, withdrawn_at=withdrawn_at)) is counts
    # They count as spokes with names, too: two of 20.
    assert not awaits(status(2, since=OVER, names=0, withdrawn_at=withdrawn_at), reachable=18)


def test_withdrawn_and_approved_spokes_do_not_count() -> None:
    """A person approved them, or they had no names: the time of the withdrawal is not set."""
    assert not awaits(replace(status(2, since=OVER), withdrawn=True))


def test_spokes_without_names_do_not_count() -> None:
    """They lose nothing, and do not hide that the others lose everything."""
    assert not awaits(status(2, since=OVER, names=0))
    empty = [status(100 + number, names=0) for number in range(50)]
    assert awaits(status(2, since=OVER), *empty)


def test_status_in_the_ledger_may_be_older_than_the_sweep() -> None:
    """With a grace period of nothing, the ledger does not say yet that the spoke is unreachable."""
    this = status(1, since=NOW)
    assert awaits_approval(this, (status(1), status(2, since=NOW)), 0, NOW)
    assert awaits_approval(this, (status(2, since=NOW),), 0, NOW)


STATUSES = st.lists(
    st.builds(
        status,
        st.integers(2, 40),
        since=st.sampled_from([NEVER, OVER, OVER + DAY, NOW]),
        names=st.integers(0, 2),
        withdrawn_at=st.sampled_from([NEVER, NOW, OVER]),
    ),
    max_size=40,
    unique_by=lambda found: found.spoke,
)


@given(STATUSES)
def test_more_unreachable_spokes_never_release_one(statuses: list[SpokeStatus]) -> None:
    """If a spoke awaits approval, it does so if further spokes become unreachable at the same time."""
    this = status(1, since=OVER)
    worse = [replace(other, fault_since=OVER) for other in statuses]
    if awaits_approval(this, statuses, GRACE, NOW):
        assert awaits_approval(this, worse, GRACE, NOW)
