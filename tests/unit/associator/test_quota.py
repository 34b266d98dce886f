"""The VPCs of an account beyond its limit get no new association, and lose none."""

from __future__ import annotations

import pytest

from hub.runtime.associator.plan import Act
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH
from tests.support.memory_vpcs import vpc_ref
from tests.support.use_cases.associator_stage import ASSOCIATED, BY_PROFILE, Stage

REASON = "the account has reached its limit of 2 VPCs of the zone (guards.account_vpcs)"


@pytest.fixture
def stage() -> Stage:
    return Stage(account_vpcs=2)


def test_vpcs_of_one_task(stage: Stage) -> None:
    """The first VPCs are associated, the others are refused with a reason in the ledger, written once."""
    refs = [stage.aws.add(number).ref for number in range(1, 5)]
    outcomes = stage.associate(*refs)
    assert [ASSOCIATED in outcome.steps for outcome in outcomes] == [True, True, False, False]
    assert outcomes[2].faults == ((ASSOCIATED, REASON),)
    assert not any(outcome.retry for outcome in outcomes)
    assert stage.rows.rows[refs[2]].record(CORP_ZONE).fault == REASON
    assert [zone.blocked for zone in stage.rows.rows[refs[2]].zones] == [REASON]
    rows = dict(stage.rows.rows)
    assert stage.associate(*refs)[3].faults == ((ASSOCIATED, REASON),)
    assert stage.rows.rows == rows


def test_vpcs_of_all_regions(stage: Stage) -> None:
    """VPCs of other tasks and regions count; those of other accounts do not."""
    for number, region in ((1, "eu-central-1"), (2, "eu-west-1")):
        stage.associate(stage.aws.add(number, region=region).ref)
    stage.associate(stage.aws.add(3, account=SEARCH.id).ref)
    (refused,) = stage.associate(stage.aws.add(4).ref)
    assert refused.faults == ((ASSOCIATED, REASON),)
    (other,) = stage.associate(stage.aws.add(5, account=SEARCH.id).ref)
    assert other.steps == (ASSOCIATED,)


def test_association_by_hand_counts(stage: Stage) -> None:
    """A VPC that someone else associated takes a place, too."""
    by_hand = [stage.aws.add(number).ref for number in (1, 2)]
    stage.aws.associated |= {(CORP_ZONE, ref) for ref in by_hand}
    stage.associate(*by_hand)
    (refused,) = stage.associate(stage.aws.add(3).ref)
    assert refused.faults == ((ASSOCIATED, REASON),)


def test_lowered_limit_takes_nothing_away(stage: Stage) -> None:
    """Associations stay, and one that someone ended is made again while the others leave room."""
    refs = [stage.aws.add(number).ref for number in (1, 2)]
    stage.associate(*refs)
    stage.account_vpcs = 1
    stage.associate(*refs)
    assert stage.settled(*refs)
    stage.account_vpcs = 2
    stage.aws.associated.discard((CORP_ZONE, refs[0]))
    stage.associate(refs[0])
    assert stage.settled(*refs)


def test_freed_place_is_used(stage: Stage) -> None:
    """After a VPC is deleted, the next task associates another one."""
    refs = [stage.aws.add(number).ref for number in (1, 2, 3)]
    stage.associate(*refs)
    del stage.aws.vpcs[refs[0]]
    stage.associate(refs[0])
    (outcome,) = stage.associate(refs[2])
    assert outcome.steps == (ASSOCIATED,)
    assert stage.rows.rows[refs[2]].record(CORP_ZONE).fault == ""


def test_vpcs_of_a_profile() -> None:
    """A Profile takes as many VPCs of an account in its region."""
    stage = Stage(association_policies=(BY_PROFILE,), account_vpcs=1)
    stage.aws.profiles = {"eu-central-1": "rp-1", "eu-west-1": "rp-2"}
    refs = [stage.aws.add(1).ref, stage.aws.add(2).ref]
    first, second = stage.associate(*refs)
    assert [step.act for step in first.steps] == [Act.ASSOCIATE_PROFILE]
    (reason,) = [reason for _, reason in second.faults]
    assert (
        reason
        == "the account has reached its limit of 1 VPCs of the Profile of orgdns in this region (guards.account_vpcs)"
    )
    (away,) = stage.associate(stage.aws.add(3, region="eu-west-1").ref)
    assert [step.act for step in away.steps] == [Act.ASSOCIATE_PROFILE]
    assert vpc_ref(1).account == PAYMENTS.id
