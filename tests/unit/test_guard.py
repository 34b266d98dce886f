"""Which removals await approval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.guard import WINDOW, Guard, Removal

GUARD = Guard(share=0.3, names=10, grace=0)
A, B, C = "111111111111", "222222222222", "333333333333"


def of(account: str, *numbers: int, requested: bool = False) -> dict[str, Removal]:
    return {f"{account}/{number}": Removal(account, requested=requested) for number in numbers}


def awaiting(
    removals: dict[str, Removal],
    names: dict[str, int],
    approved: frozenset[str] = frozenset(),
    removed: tuple[Removal, ...] = (),
) -> frozenset[str]:
    return GUARD.awaiting_approval(removals, names, approved, removed)


@pytest.mark.parametrize("requested", [True, False])
@pytest.mark.parametrize(
    ("removed", "total", "pending_removals"),
    [(11, 36, True), (11, 37, False), (12, 40, False), (10, 10, False), (11, 11, True), (0, 0, False)],
)
def test_removals_above_both_limits_await_approval(
    removed: int, total: int, *, pending_removals: bool, requested: bool
) -> None:
    """Removals await approval if they exceed the number and the share."""
    removals = of(A, *range(removed), requested=requested)
    assert awaiting(removals, {A: total}) == (frozenset(removals) if pending_removals else frozenset())


def test_names_count_and_not_removals() -> None:
    """An instance with several names counts as often."""
    one = {"i-1": Removal(A, 6), "i-2": Removal(A, 5)}
    assert awaiting(one, {A: 20}) == {"i-1", "i-2"}
    assert awaiting(one | {"i-2": Removal(A, 4)}, {A: 20}) == frozenset()


def test_approved_removals_do_not_count() -> None:
    """Approved removals do not await approval, and do not count toward the limits."""
    removals = of(A, *range(22))
    approved = frozenset(list(removals)[:11])
    assert awaiting(removals, {A: 22}, approved) == frozenset(removals) - approved
    assert awaiting(removals, {A: 22}, frozenset(list(removals)[:12])) == frozenset()


@pytest.mark.parametrize("requested", [True, False])
def test_what_was_removed_counts(*, requested: bool) -> None:
    """Of 17 names, ten went one by one. The next one awaits approval; it would not if the ten did not count."""
    removed = (Removal(A, requested=requested),) * 10
    assert awaiting(of(A, 1, requested=requested), {A: 7}, removed=removed) == {f"{A}/1"}
    assert awaiting(of(A, 1, requested=requested), {A: 7}, removed=removed[1:]) == frozenset()
    # What was removed belongs to the total, too: 11 of 37 are not more than 30 %, and 11 of 27 are.
    assert awaiting(of(A, 1, requested=requested), {A: 27}, removed=removed) == frozenset()


def test_account_that_exceeds_the_limits_awaits_approval_alone() -> None:
    """One account would lose most of the zone, two others a little: they do not wait for it."""
    others = of(B, 1, 2, 3) | of(C, 1)
    assert awaiting(of(A, *range(11)) | others, {A: 11, B: 8, C: 8}) == frozenset(of(A, *range(11)))


def test_share_is_that_of_all_names_unless_the_account_requests_it() -> None:
    """An account loses all of its names, and they are few of all."""
    assert awaiting(of(A, *range(11)), {A: 11, B: 1_000}) == frozenset()


def test_accounts_that_exceed_the_limits_together_await_approval_together() -> None:
    """A wrong configuration takes a little from each account."""
    removals = of(A, *range(5)) | of(B, *range(5)) | of(C, 1)
    assert awaiting(removals, {A: 10, B: 10, C: 10}) == frozenset(removals)
    assert awaiting(of(A, *range(5)) | of(B, *range(5)), {A: 10, B: 10, C: 10}) == frozenset()


def test_what_a_held_account_lost_before_counts_for_the_others() -> None:
    """An account lost six names and awaits approval for six more. Of the others, only four may go."""
    before = (Removal(A),) * 6
    names = {A: 6, B: 6}
    assert awaiting(of(A, *range(6)) | of(B, *range(4)), names, removed=before) == frozenset(of(A, *range(6)))
    all_of_them = of(A, *range(6)) | of(B, *range(5))
    assert awaiting(all_of_them, names, removed=before) == frozenset(all_of_them)


def test_requests_are_judged_by_the_account_alone() -> None:
    """The share of an account's own names decides, whatever all others have."""
    removals = of(A, *range(11), requested=True)
    assert awaiting(removals, {A: 36, B: 1_000}) == frozenset(removals)
    assert awaiting(removals, {A: 37}) == frozenset()


def test_requests_do_not_count_for_what_the_configuration_removes() -> None:
    """Neither requests of an account nor those of others use up what the configuration may remove, nor the reverse."""
    requested = (Removal(A, requested=True),) * 10
    assert awaiting(of(A, *range(10)), {A: 10}, removed=requested) == frozenset()
    assert awaiting(of(A, *range(10), requested=True), {A: 10}, removed=(Removal(A),) * 10) == frozenset()
    held = of(A, *range(11), requested=True)
    assert awaiting(held | of(B, *range(5)), {A: 11, B: 5}, removed=requested) == frozenset(held)


ACCOUNTS = st.sampled_from([A, B, C])
REMOVALS = st.dictionaries(
    st.integers(0, 60), st.builds(Removal, ACCOUNTS, st.integers(1, 3), st.booleans()), max_size=40
).map(lambda drawn: {f"{removal.account}/{number}": removal for number, removal in drawn.items()})
NAMES = st.dictionaries(ACCOUNTS, st.integers(0, 60))
REMOVED = st.lists(st.builds(Removal, ACCOUNTS, st.integers(1, 3), st.booleans()), max_size=20).map(tuple)
GUARDS = st.builds(Guard, st.sampled_from([0.0, 0.1, 0.3, 1.0]), st.integers(0, 12), st.just(0))


@given(GUARDS, REMOVALS, NAMES, REMOVED, REMOVALS, NAMES, REMOVED)
def test_requests_of_an_account_depend_on_no_other_account(
    guard: Guard,
    removals: dict[str, Removal],
    names: dict[str, int],
    removed: tuple[Removal, ...],
    others: dict[str, Removal],
    other_names: dict[str, int],
    others_removed: tuple[Removal, ...],
) -> None:
    """Whatever other accounts request, have or lost, and whatever the configuration takes, the outcome is the same."""

    def outcome(also: dict[str, Removal], further_names: dict[str, int], further: tuple[Removal, ...]) -> set[str]:
        foreign = {f"other/{subject}": removal for subject, removal in also.items() if removal.account != A}
        not_mine = {account: number for account, number in further_names.items() if account != A}
        elsewhere = tuple(removal for removal in further if removal.account != A)
        of_a = {subject: removal for subject, removal in removals.items() if removal.account == A}
        mine = tuple(removal for removal in removed if removal.account == A)
        found = guard.awaiting_approval(
            of_a | foreign, {A: names.get(A, 0)} | not_mine, frozenset(), (*mine, *elsewhere)
        )
        return {subject for subject in found if subject in of_a and of_a[subject].requested}

    assert outcome(others, other_names, others_removed) == outcome({}, {}, ())


@given(GUARDS, REMOVALS, NAMES, REMOVED, st.data())
def test_approvals_release_what_was_approved(
    guard: Guard,
    removals: dict[str, Removal],
    names: dict[str, int],
    removed: tuple[Removal, ...],
    data: st.DataObject,
) -> None:
    """No approved removal awaits approval. When a person approves all that does, nothing else does."""
    pending = guard.awaiting_approval(removals, names, frozenset(), removed)
    assert guard.awaiting_approval(removals, names, pending, removed) == frozenset()
    approved = frozenset(data.draw(st.sets(st.sampled_from(sorted(removals))) if removals else st.just(set())))
    assert not guard.awaiting_approval(removals, names, approved, removed) & approved


@dataclass
class _Zone:
    """A zone that VPCs leave: who is in it, who is to leave, and who left when."""

    guard: Guard
    inside: dict[str, Removal]
    leaving: set[str] = field(default_factory=set)
    left: list[tuple[int, Removal]] = field(default_factory=list)
    now: int = 0

    def judge(self) -> None:
        """Let those go that need no approval."""
        lately = tuple(removal for at, removal in self.left if at > self.now - WINDOW)
        awaiting = self.guard.awaiting_approval(
            {vpc: self.inside[vpc] for vpc in self.leaving}, self.names(), frozenset(), lately
        )
        for vpc in self.leaving - awaiting:
            self.left.append((self.now, self.inside.pop(vpc)))
        self.leaving &= awaiting

    def names(self) -> Counter[str]:
        return Counter(removal.account for removal in self.inside.values())


@given(
    GUARDS,
    st.lists(st.builds(Removal, ACCOUNTS, st.just(1), st.booleans()), max_size=50),
    st.lists(st.tuples(st.sets(st.integers(0, 49), max_size=12), st.integers(0, WINDOW)), max_size=15),
)
def test_no_more_than_the_limits_leave_in_any_window(
    guard: Guard, vpcs: list[Removal], batches: list[tuple[set[int], int]]
) -> None:
    """Whatever the order and the size of batches, what leaves in 24 hours without approval is within the limits."""
    zone = _Zone(guard, {str(number): removal for number, removal in enumerate(vpcs)})
    everybody = Counter(removal.account for removal in vpcs)
    for batch, later in batches:
        zone.leaving |= {str(number) for number in batch} & zone.inside.keys()
        zone.judge()
        zone.now += later
    for end in {at for at, _ in zone.left}:
        gone_before = Counter(removal.account for at, removal in zone.left if at <= end - WINDOW)
        had = everybody - gone_before
        window = [removal for at, removal in zone.left if end - WINDOW < at <= end]
        limits = {account: max(guard.names, guard.share * had[account]) for account in had}
        by_request = Counter(removal.account for removal in window if removal.requested)
        assert all(number <= limits[account] for account, number in by_request.items())
        assert sum(not removal.requested for removal in window) <= max(guard.names, guard.share * had.total())


def test_a_removal_is_the_account_s_own_only_if_it_says_so() -> None:
    """Without a request, a removal is judged with all others."""
    assert not Removal(A).requested
    assert replace(Removal(A), requested=True) != Removal(A)
