"""All grants of each role of the networking account."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from tests.support.build import EXAMPLE
from tests.support.generated import (
    CONFIGS,
    IN_COVERED_REGIONS,
    VPCS_IN_COVERED_REGIONS,
    content_of,
    grants,
    inline,
    of_type,
    properties,
    sub,
)

NAME_KEY = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
TYPE_KEY = "route53:ChangeResourceRecordSetsRecordTypes"
ACTION_KEY = "route53:ChangeResourceRecordSetsActions"
END_ACTIONS = ("DeleteVPCAssociationAuthorization", "DisassociateVPCFromHostedZone")


def documents(role: str, config: str) -> list[dict[str, Any]]:
    """The policies of a role: the inline one, and the managed ones of the same stack."""
    managed = of_type("network", "AWS::IAM::ManagedPolicy", config).values()
    attached = [policy["PolicyDocument"] for policy in managed if policy["Roles"] == [{"Ref": role}]]
    return [inline(properties("network", role, config)), *attached]


def granted(role: str, config: str = "example") -> dict[str, tuple[set[str], list[Any], Any]]:
    """All grants of a role, by Sid."""
    found = [item for document in documents(role, config) for item in grants(document).items()]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("config", list(CONFIGS))
def test_writer_role(config: str) -> None:
    """The writer may list records, and create and delete A, AAAA or PTR records below each zone's apex."""
    zones = {zone.domain.removesuffix("."): zone for zone in CONFIGS[config]().zones}
    changed: dict[str, str] = {}
    read_zones: list[str] = []
    for actions, resources, condition in granted("WriterRole", config).values():
        arns = [resource["Fn::Sub"] for resource in resources]
        if condition is None:
            assert actions == {"route53:ListResourceRecordSets"}
            read_zones += arns
            continue
        assert actions == {"route53:ChangeResourceRecordSets"}
        patterns = condition.pop("ForAllValues:StringLike")[NAME_KEY]
        changed |= dict(zip(patterns, arns, strict=True))
        types = [["PTR"] if pattern.endswith(".in-addr.arpa") else ["A", "AAAA"] for pattern in patterns]
        assert condition == {
            "ForAllValues:StringEquals": {TYPE_KEY: types[0], ACTION_KEY: ["CREATE", "DELETE"]},
            "Null": {NAME_KEY: "false", TYPE_KEY: "false", ACTION_KEY: "false"},
        }
        assert all(each == types[0] for each in types)
        # A pattern of one zone matches the apex of none.
        apexes = [pattern.removeprefix("*") for pattern in patterns]
        assert not any(apex.endswith(pattern[1:]) for apex in apexes for pattern in patterns if apex != pattern[1:])
    assert sorted(changed) == sorted(f"*.{domain}" for domain in zones)
    assert sorted(changed.values()) == sorted(read_zones)
    for pattern, arn in changed.items():
        zone = zones[pattern.removeprefix("*.")]
        if zone.id:
            assert arn == f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone.id}"
        else:
            (title,) = re.findall(r"hostedzone/\$\{(\w+)\}$", arn)
            assert properties("network", title, config)["Name"] + "." == zone.domain


def test_nested_zones_are_in_different_statements() -> None:
    """`*.corp.internal` would match the apex of a zone `eu.corp.internal`, where only its owner may write."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"] += [
        {"domain": domain, "id": f"Z{number:020}"}
        for number, domain in enumerate(("eu.corp.internal", "x.eu.corp.internal", "other.internal"))
    ]
    role = content_of("network", content)["Resources"]["WriterRole"]["Properties"]
    names = [
        condition["ForAllValues:StringLike"][NAME_KEY]
        for _, _, condition in grants(inline(role)).values()
        if condition is not None
    ]
    assert names == [
        ["*.corp.internal", "*.instances.internal", "*.other.internal"],
        ["*.eu.corp.internal"],
        ["*.x.eu.corp.internal"],
    ]


@pytest.mark.parametrize("config", list(CONFIGS))
def test_zone_reader_role(config: str) -> None:
    """The zone reader may list the records of the zones that the writer writes. It has no other grants."""
    reads, written = (
        {sid: grant for sid, grant in granted(role, config).items() if sid.startswith("ReadRecords")}
        for role in ("ZoneReaderRole", "WriterRole")
    )
    assert reads == granted("ZoneReaderRole", config) == written
    assert all(condition is None for _, _, condition in reads.values())


def test_authorizer_role() -> None:
    """The authorizer may authorize and end associations of VPCs in covered regions. It cannot create any."""
    role = properties("network", "AuthorizerRole")
    assert role["RoleName"] == NAMES.authorizer_role
    arn = "arn:${AWS::Partition}:route53:::hostedzone"
    zones = [sub(f"{arn}/Z0CORPINTERNAL0EXAMPL"), sub(f"{arn}/${{ZoneInstancesDotInternal}}")]
    actions = {"CreateVPCAssociationAuthorization", *END_ACTIONS}
    assert granted("AuthorizerRole") == {
        "AuthorizeAndEndAssociations": ({f"route53:{each}" for each in actions}, zones, VPCS_IN_COVERED_REGIONS),
        "DescribeVpcsForRoute53": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
    }


def test_authorizer_role_with_a_profile() -> None:
    """With a Profile, the authorizer may end associations from before, and authorize none."""
    grants_by_sid = granted("AuthorizerRole", "profiles")
    assert grants_by_sid.keys() == {"EndAssociations", "DescribeVpcsForRoute53"}
    assert grants_by_sid["EndAssociations"][0] == {f"route53:{each}" for each in END_ACTIONS}
