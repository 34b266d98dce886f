"""Odd answers about VPCs: each affects its own VPC only."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.aws.vpcs import SpokeVpcs
from hub.runtime.model.names import Spoke
from hub.runtime.model.vpcs import DescribedVpcs
from hub.runtime.ports import SpokeUnreachable
from tests.support.aws.clients import ROLES
from tests.support.aws.vpc_answers import VpcAnswers, described
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory_vpcs import NETWORK

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
ODD, FIRST, SECOND = "vpc-0000000f", "vpc-0000000a", "vpc-0000000b"
# Listings whose items are those of VPCs.
BY_VPC = (
    "describe_vpcs",
    "list_resolver_rule_associations",
    "list_resolver_configs",
    "list_firewall_rule_group_associations",
    "list_profile_associations",
)
GARBAGE: tuple[Any, ...] = (None, {}, [], "text", 7)


def listed(answers: VpcAnswers, *, owner: str = NETWORK) -> DescribedVpcs:
    vpcs = SpokeVpcs(answers, ROLES, owner, {CORP: CORP_ZONE})  # type: ignore[arg-type]  # stands for AssumedClients
    return vpcs.described(SPOKE)


def three() -> VpcAnswers:
    return VpcAnswers([FIRST, ODD, SECOND])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"CidrBlock": "10.7"}, "10.7"),
        ({"CidrBlock": None}, "CidrBlock"),
        ({"Tags": [{"Key": "dns"}]}, "lacks Value"),
        ({"Tags": None}, "NoneType"),
        ({"Tags": [{"Key": "dns", "Value": "\ud800"}]}, "surrogates not allowed"),
        ({"DhcpOptionsId": 7}, "DhcpOptionsId is int"),
        ({"CidrBlockAssociationSet": [{"CidrBlockState": {"State": "associated"}}]}, "lacks CidrBlock"),
        ({"CidrBlockAssociationSet": [None]}, "NoneType"),
    ],
)
def test_a_malformed_description_concerns_its_own_vpc(change: dict[str, Any], reason: str) -> None:
    """Today's code raised for all VPCs of the spoke, or ended the function."""
    answers = three()
    answers.listings["describe_vpcs"][1] = described(ODD) | change
    found = listed(answers)
    assert [vpc.ref.id for vpc in found.vpcs] == [FIRST, SECOND]
    assert list(found.faults) == [ODD]
    assert reason in found.faults[ODD]


def test_a_description_without_an_id_has_an_empty_one() -> None:
    """Any VPC that is not shown may be it."""
    for odd in (*GARBAGE, described("vpc-/x"), described("")):
        answers = three()
        answers.listings["describe_vpcs"][1] = odd
        found = listed(answers)
        assert [vpc.ref.id for vpc in found.vpcs] == [FIRST, SECOND]
        assert list(found.faults) == [""]


@pytest.mark.parametrize("zone", [None, {}, {"HostedZoneId": "Z1", "Name": "x."}, {"HostedZoneId": "Z1", "Owner": {}}])
def test_a_malformed_zone_of_a_vpc_concerns_its_own_vpc(zone: object) -> None:
    """Orgdns decides by a VPC's zones: it must know all of them."""
    answers = three()
    answers.zones[ODD].append(zone)
    found = listed(answers)
    assert [vpc.ref.id for vpc in found.vpcs] == [FIRST, SECOND]
    assert list(found.faults) == [ODD]


def test_an_answer_or_error_about_one_vpc_concerns_it_alone() -> None:
    """Attributes without a value, a refused id, and an answer that is not XML."""
    invalid = ClientError({"Error": {"Code": "InvalidParameterValue", "Message": "odd"}}, "DescribeVpcAttribute")
    for error in (None, invalid, ResponseParserError("invalid XML")):
        answers = three()
        if error is None:
            answers.attributes[ODD] = {"EnableDnsSupport": {}}
        else:
            answers.errors[ODD] = error
        found = listed(answers)
        assert [vpc.ref.id for vpc in found.vpcs] == [FIRST, SECOND]
        assert list(found.faults) == [ODD]


def test_an_error_of_the_account_is_not_one_of_a_vpc() -> None:
    """Throttling says nothing about the VPC of the call."""
    answers = three()
    answers.errors[ODD] = ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "DescribeVpcAttribute")
    with pytest.raises(SpokeUnreachable):
        listed(answers)


def test_a_malformed_association_of_a_profile_concerns_its_own_vpc() -> None:
    """A spoke's VPCs were all unreachable while one association of a Profile was malformed."""
    answers = three()
    answers.listings["list_profile_associations"][1] = {"ResourceId": ODD, "Status": "COMPLETE"}
    found = listed(answers)
    assert [vpc.ref.id for vpc in found.vpcs] == [FIRST, SECOND]
    assert "an association of a Profile cannot be read" in found.faults[ODD]
    # Where no zone is resolved by the Profile, only what it brings is not known.
    by_others = {vpc.ref.id: vpc for vpc in listed(answers, owner="").vpcs}
    assert any("an association of a Profile" in reason for reason in by_others[ODD].unknown)
    assert not any("an association of a Profile" in reason for reason in by_others[FIRST].unknown)


def test_a_profile_that_cannot_be_read_matters_only_if_orgdnss_is_missing() -> None:
    """Without the Profile of orgdns, the odd one may be it, and no plan can be made."""
    answers = three()
    answers.listings["list_profiles"].append({"Id": "rp-2"})
    assert listed(answers).vpcs[0].profile == "rp-1"
    answers.listings["list_profiles"].pop(0)
    with pytest.raises(SpokeUnreachable, match="a Profile cannot be read"):
        listed(answers)


@given(listing=st.sampled_from(sorted(three().listings)), data=st.data())
def test_other_vpcs_are_described_as_without_the_odd_item(listing: str, data: st.DataObject) -> None:
    """Whatever one item of a listing looks like, nobody raises, and the rest is as if the item were not there.

    An item that names no VPC may concern any of them: then something is unknown, and nothing else differs.
    """
    answers, without = three(), VpcAnswers([FIRST, SECOND])
    items = answers.listings[listing]
    if listing in BY_VPC:
        good = deepcopy(items.pop(1))
    else:
        good = deepcopy(items[0])
        # Besides the readable ones, one that nobody refers to.
        good |= {name: "rp-9" for name in ("Id", "DhcpOptionsId") if name in good}
    field = data.draw(st.sampled_from([*good, ""]))
    if field:
        good[field] = data.draw(st.sampled_from(GARBAGE))
        odd: Any = good
    else:
        odd = data.draw(st.sampled_from(GARBAGE))
    items.insert(1, odd)
    found = {vpc.ref.id: vpc for vpc in listed(answers).vpcs}
    assert {FIRST, SECOND} <= found.keys()
    for vpc in listed(without).vpcs:
        shown = found[vpc.ref.id]
        certain = [rule for rule in shown.firewall if rule.complete or rule in vpc.firewall]
        differing = {
            name
            for name in ("cidrs", "tags", "zones", "profiles", "profile_zones", "autodefined_rules")
            if getattr(shown, name) != getattr(vpc, name)
        }
        assert not differing
        assert set(vpc.firewall) <= set(certain)
        assert set(vpc.unknown) <= set(shown.unknown)


@pytest.mark.parametrize(
    ("association", "others"), [({"VpcId": ODD, "FirewallRuleGroupId": "g"}, 0), ({"Priority": 1}, 2), (None, 2)]
)
def test_a_malformed_association_of_a_rule_group_concerns_its_own_vpc(
    association: dict[str, Any] | None, others: int
) -> None:
    """Where the VPC cannot be read, it may be any of them: what DNS Firewall does there is not certain."""
    answers = three()
    answers.listings["list_firewall_rule_group_associations"][1] = association
    by_id = {vpc.ref.id: vpc for vpc in listed(answers).vpcs}
    unread = {
        vpc_id: sum(rule.id == "DNS Firewall of the VPC" for rule in vpc.firewall) for vpc_id, vpc in by_id.items()
    }
    assert unread == {FIRST: others, ODD: 2, SECOND: others}
