"""All grants of each role of the networking account."""

from __future__ import annotations

import re

import pytest

from hub.runtime import contract
from tests.support.generated import (
    CONFIGS,
    IN_COVERED_REGIONS,
    VPCS_IN_COVERED_REGIONS,
    grants,
    inline,
    of_type,
    properties,
    sub,
)

NAME_KEY = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
TYPE_KEY = "route53:ChangeResourceRecordSetsRecordTypes"
ACTION_KEY = "route53:ChangeResourceRecordSetsActions"


@pytest.mark.parametrize("config", list(CONFIGS))
def test_writer_role(config: str) -> None:
    """The writer may list records, and create and delete A, AAAA or PTR records below each zone's apex."""
    zones = CONFIGS[config]().zones
    assert "Policies" not in properties("network", "WriterRole", config)
    changed: dict[str, str] = {}
    read_zones: list[str] = []
    for policy in of_type("network", "AWS::IAM::ManagedPolicy", config).values():
        assert policy["Roles"] == [{"Ref": "WriterRole"}]
        document = grants(policy["PolicyDocument"])
        actions, resources, condition = document.pop("ReadRecords")
        assert (actions, condition) == ({"route53:ListResourceRecordSets"}, None)
        read_zones += [resource["Fn::Sub"] for resource in resources]
        for actions, (resource,), condition in document.values():
            assert actions == {"route53:ChangeResourceRecordSets"}
            (pattern,) = condition.pop("ForAllValues:StringLike")[NAME_KEY]
            changed[resource["Fn::Sub"]] = pattern
            types = ["PTR"] if pattern.endswith(".in-addr.arpa") else ["A", "AAAA"]
            assert condition == {
                "ForAllValues:StringEquals": {TYPE_KEY: types, ACTION_KEY: ["CREATE", "DELETE"]},
                "Null": {NAME_KEY: "false", TYPE_KEY: "false", ACTION_KEY: "false"},
            }
    assert list(changed) == read_zones
    assert list(changed.values()) == [f"*.{zone.domain.removesuffix('.')}" for zone in zones]
    for arn, zone in zip(changed, zones, strict=True):
        if zone.id:
            assert arn == f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone.id}"
        else:
            (title,) = re.findall(r"hostedzone/\$\{(\w+)\}$", arn)
            assert properties("network", title, config)["Name"] + "." == zone.domain


@pytest.mark.parametrize("config", list(CONFIGS))
def test_zone_reader_role(config: str) -> None:
    """The zone reader may list the records of the zones that the writer writes. It has no other grants."""
    (actions, zones, condition) = grants(inline(properties("network", "ZoneReaderRole", config)))["ReadRecords"]
    assert (actions, condition) == ({"route53:ListResourceRecordSets"}, None)
    written = [
        zone
        for policy in of_type("network", "AWS::IAM::ManagedPolicy", config).values()
        for zone in grants(policy["PolicyDocument"])["ReadRecords"][1]
    ]
    assert zones == written


def test_authorizer_role() -> None:
    """The authorizer may authorize and end associations of VPCs in covered regions. It cannot create any."""
    role = properties("network", "AuthorizerRole")
    assert role["RoleName"] == contract.AUTHORIZER_ROLE
    arn = "arn:${AWS::Partition}:route53:::hostedzone"
    zones = [sub(f"{arn}/Z0CORPINTERNAL0EXAMPL"), sub(f"{arn}/${{ZoneInstancesDotInternal}}")]
    end_actions = {"route53:DeleteVPCAssociationAuthorization", "route53:DisassociateVPCFromHostedZone"}
    assert grants(inline(role)) == {
        "AuthorizeAssociations": ({"route53:CreateVPCAssociationAuthorization"}, zones, VPCS_IN_COVERED_REGIONS),
        "EndAssociations": (end_actions, zones, VPCS_IN_COVERED_REGIONS),
        "DescribeVpcsForRoute53": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
    }
