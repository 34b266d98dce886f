"""Which accounts and regions orgdns works on, and why it does not work on others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.membership import Cause, NotMember, member_account
from hub.runtime.model.names import Account, Spoke
from hub.runtime.policy.coverage import Coverage
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import PAYMENTS, RESEARCH, ROOT_UNIT, WORKLOADS, covering
from tests.support.memory import MemoryOrganization

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
ELSEWHERE = Spoke(PAYMENTS.id, "sa-east-1")
COVERAGE = replace(covering("eu-central-1"), units=frozenset({WORKLOADS}))


def checked(spoke: Spoke = SPOKE, coverage: Coverage = COVERAGE, account: Account | None = PAYMENTS) -> Account | Cause:
    """The account, or the cause of the refusal."""
    organization = MemoryOrganization({account.id: account} if account else {})
    try:
        return member_account(spoke, organization, coverage)
    except NotMember as refused:
        return refused.cause


def test_active_account_in_a_covered_unit_and_region_is_a_member() -> None:
    """The account comes as Organizations describes it."""
    assert checked() == PAYMENTS


def test_account_that_left_is_not_a_member() -> None:
    """An unknown account and an inactive one are refused."""
    assert checked(account=None) is Cause.ACCOUNT_UNKNOWN
    assert checked(account=replace(PAYMENTS, active=False)) is Cause.ACCOUNT_INACTIVE


def test_region_that_is_not_covered_is_refused_without_a_call() -> None:
    """No account is read for a region outside the configuration."""
    assert checked(ELSEWHERE, account=None) is Cause.REGION_NOT_COVERED


@pytest.mark.parametrize(
    ("units", "member"),
    [
        ((ROOT_UNIT, WORKLOADS), True),
        ((ROOT_UNIT, WORKLOADS, RESEARCH), True),
        ((ROOT_UNIT,), False),
        ((ROOT_UNIT, RESEARCH), False),
    ],
)
def test_units_decide(units: tuple[str, ...], *, member: bool) -> None:
    """An account is covered below a covered unit, at any depth, and nowhere else."""
    account = replace(PAYMENTS, units=units)
    assert checked(account=account) == (account if member else Cause.ACCOUNT_NOT_COVERED)


def test_root_covers_all_accounts() -> None:
    """The root stands for the whole organization."""
    account = replace(PAYMENTS, units=(ROOT_UNIT, "ou-ab12-anywhere"))
    assert checked(coverage=covering("eu-central-1"), account=account) == account


def test_accounts_are_included_and_excluded_by_name() -> None:
    """An exclusion wins over everything else, an inclusion over the units."""
    outside = replace(PAYMENTS, units=(ROOT_UNIT,))
    included = replace(COVERAGE, included=frozenset({PAYMENTS.id}))
    excluded = replace(COVERAGE, excluded=frozenset({PAYMENTS.id}))
    assert checked(coverage=included, account=outside) == outside
    assert checked(coverage=excluded) is Cause.ACCOUNT_NOT_COVERED
    assert checked(coverage=replace(included, excluded=excluded.excluded)) is Cause.ACCOUNT_NOT_COVERED


def test_inactive_account_without_units_has_left() -> None:
    """What is permanent is reported before what may pass."""
    assert checked(account=replace(PAYMENTS, active=False, units=())) is Cause.ACCOUNT_INACTIVE


class Throttled:
    def account(self, _account_id: str) -> Account:
        raise SpokeUnreachable("Organizations: TooManyRequestsException")


def test_organization_that_does_not_answer_is_temporary() -> None:
    """The message of Organizations is kept, and only a cause that may pass without a person is temporary."""
    with pytest.raises(NotMember, match=r"^Organizations: TooManyRequestsException$") as raised:
        member_account(SPOKE, Throttled(), COVERAGE)
    assert raised.value.cause is Cause.ORGANIZATION_UNREACHABLE
    assert [cause for cause in Cause if cause.temporary] == [Cause.ORGANIZATION_UNREACHABLE]


@pytest.mark.parametrize(
    ("spoke", "account", "message"),
    [
        (ELSEWHERE, PAYMENTS, "the configuration does not cover the region sa-east-1"),
        (SPOKE, None, "the organization has no account 444444444444"),
        (SPOKE, replace(PAYMENTS, active=False), "the account 444444444444 is not active"),
        (SPOKE, replace(PAYMENTS, units=(ROOT_UNIT,)), "the configuration does not cover the account 444444444444"),
    ],
)
def test_message_names_the_place(spoke: Spoke, account: Account | None, message: str) -> None:
    """Each refusal says which account or region it is about."""
    organization = MemoryOrganization({account.id: account} if account else {})
    with pytest.raises(NotMember) as raised:
        member_account(spoke, organization, COVERAGE)
    assert str(raised.value) == message


UNITS = st.lists(st.sampled_from([WORKLOADS, RESEARCH, "ou-ab12-outside1"]), unique=True)
ACCOUNTS = st.frozensets(st.sampled_from([PAYMENTS.id, "1" * 12]))


@given(
    units=UNITS,
    covered=st.frozensets(st.sampled_from([ROOT_UNIT, WORKLOADS, RESEARCH])),
    lists=st.tuples(ACCOUNTS, ACCOUNTS),
)
def test_member_is_covered_by_its_units_or_by_name(
    units: list[str], covered: frozenset[str], lists: tuple[frozenset[str], frozenset[str]]
) -> None:
    """Whatever the units and lists, exactly the accounts that the configuration gives are members."""
    included, excluded = lists
    account = replace(PAYMENTS, units=(ROOT_UNIT, *units))
    coverage = Coverage(frozenset({"eu-central-1"}), covered, included, excluded)
    member = account.id not in excluded and (account.id in included or bool(covered & {ROOT_UNIT, *units}))
    assert (checked(coverage=coverage, account=account) == account) is member
