"""Which accounts and regions orgdns works on, and why it does not work on others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.membership import Cause, NotMember, Subject, member_account
from hub.runtime.model.names import Account, Spoke
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import CORP, PAYMENTS, WORKLOADS, example_policy
from tests.support.memory import MemoryOrganization

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
ELSEWHERE = Spoke(PAYMENTS.id, "sa-east-1")
POLICY = example_policy()
BY_UNIT = frozenset({WORKLOADS})


def instances_by_unit() -> Policy:
    first, *others = (replace(rule, scope=Scope()) for rule in POLICY.rules)
    return replace(POLICY, rules=(replace(first, scope=Scope(units=BY_UNIT)), *others), association_policies=())


def vpcs_by_unit() -> Policy:
    rules = tuple(replace(rule, scope=Scope()) for rule in POLICY.rules)
    by_unit = AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=BY_UNIT)),))
    return replace(POLICY, rules=rules, association_policies=(by_unit,))


def checked(
    spoke: Spoke, subject: Subject, policy: Policy = POLICY, account: Account | None = PAYMENTS
) -> Account | Cause:
    """The account, or the cause of the refusal."""
    organization = MemoryOrganization({account.id: account} if account else {})
    try:
        return member_account(spoke, organization, policy, subject)
    except NotMember as refused:
        return refused.cause


@pytest.mark.parametrize("subject", Subject)
def test_active_account_in_a_covered_region_is_a_member(subject: Subject) -> None:
    """The account comes as Organizations describes it."""
    assert checked(SPOKE, subject) == PAYMENTS


@pytest.mark.parametrize("subject", Subject)
def test_account_that_left_is_not_a_member(subject: Subject) -> None:
    """An unknown account and an inactive one are refused, and both count as having left."""
    assert checked(SPOKE, subject, account=None) is Cause.ACCOUNT_UNKNOWN
    assert checked(SPOKE, subject, account=replace(PAYMENTS, active=False)) is Cause.ACCOUNT_INACTIVE
    assert [cause for cause in Cause if cause.account_left] == [Cause.ACCOUNT_UNKNOWN, Cause.ACCOUNT_INACTIVE]


def test_regions_restrict_instances_only() -> None:
    """A region outside the policy is refused without a call; association policies select regions themselves."""
    assert checked(ELSEWHERE, Subject.INSTANCES, account=None) is Cause.REGION_NOT_COVERED
    assert checked(ELSEWHERE, Subject.VPCS) == PAYMENTS


@pytest.mark.parametrize(
    ("policy", "subject", "needed"),
    [
        (instances_by_unit(), Subject.INSTANCES, True),
        (instances_by_unit(), Subject.VPCS, False),
        (vpcs_by_unit(), Subject.VPCS, True),
        (vpcs_by_unit(), Subject.INSTANCES, False),
    ],
)
def test_unknown_units_matter_where_policy_reads_units(policy: Policy, subject: Subject, *, needed: bool) -> None:
    """An account without units is refused only by a policy that depends on units for this subject."""
    without_units = replace(PAYMENTS, units=())
    expected = Cause.UNITS_UNKNOWN if needed else without_units
    assert checked(SPOKE, subject, policy, without_units) == expected
    assert checked(SPOKE, subject, policy) == PAYMENTS


def test_inactive_account_without_units_has_left() -> None:
    """What is permanent is reported before what may pass."""
    account = replace(PAYMENTS, active=False, units=())
    assert checked(SPOKE, Subject.INSTANCES, instances_by_unit(), account) is Cause.ACCOUNT_INACTIVE


class Throttled:
    def account(self, _account_id: str) -> Account:
        raise SpokeUnreachable("Organizations: TooManyRequestsException")


def test_organization_that_does_not_answer_is_temporary() -> None:
    """The message of Organizations is kept, and only a cause that may pass without a person is temporary."""
    with pytest.raises(NotMember, match=r"^Organizations: TooManyRequestsException$") as raised:
        member_account(SPOKE, Throttled(), POLICY, Subject.VPCS)
    assert raised.value.cause is Cause.ORGANIZATION_UNREACHABLE
    assert [cause for cause in Cause if cause.temporary] == [Cause.UNITS_UNKNOWN, Cause.ORGANIZATION_UNREACHABLE]


@pytest.mark.parametrize(
    ("spoke", "account", "message"),
    [
        (ELSEWHERE, PAYMENTS, "the configuration does not cover the region sa-east-1"),
        (SPOKE, None, "the organization has no account 444444444444"),
        (SPOKE, replace(PAYMENTS, active=False), "the account 444444444444 is not active"),
        (
            SPOKE,
            replace(PAYMENTS, units=()),
            "Organizations does not return the organizational units of account 444444444444",
        ),
    ],
)
def test_message_names_the_place(spoke: Spoke, account: Account | None, message: str) -> None:
    """Each refusal says which account or region it is about."""
    organization = MemoryOrganization({account.id: account} if account else {})
    with pytest.raises(NotMember) as raised:
        member_account(spoke, organization, instances_by_unit(), Subject.INSTANCES)
    assert str(raised.value) == message
