"""Which permissions calls about VPCs and their DNS need."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.iam.guard import Guard
from sandbox.aws.iam.permissions import Caller, Permission, needed_permissions
from tests.support.sandbox.guard import LAMBDA, ONLY_OBSERVER, denial, grant, role, session_of
from tests.support.sandbox.organizations import REGION, WEB, client_with

VPC = {"VPCId": "vpc-0a", "VPCRegion": REGION}
OF_VPC = {"route53:VPCs": (f"VPCId=vpc-0a,VPCRegion={REGION}",)}
DESCRIBE_VPCS = Permission("ec2:DescribeVpcs")
ZONE = "arn:aws:route53:::hostedzone/Z1"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        *(
            (
                "route53",
                operation,
                {"HostedZoneId": "/hostedzone/Z1", "VPC": VPC},
                (Permission(f"route53:{operation}", ZONE, OF_VPC), *further),
            )
            for operation, further in (
                ("AssociateVPCWithHostedZone", (DESCRIBE_VPCS,)),
                ("DisassociateVPCFromHostedZone", (DESCRIBE_VPCS,)),
                ("CreateVPCAssociationAuthorization", ()),
                ("DeleteVPCAssociationAuthorization", ()),
            )
        ),
        (
            "route53",
            "ListVPCAssociationAuthorizations",
            {"HostedZoneId": "Z1"},
            (Permission("route53:ListVPCAssociationAuthorizations", ZONE),),
        ),
        (
            "route53",
            "ListHostedZonesByVPC",
            VPC,
            (Permission("route53:ListHostedZonesByVPC", context=OF_VPC), DESCRIBE_VPCS),
        ),
        ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-0a"]}, (DESCRIBE_VPCS,)),
        (
            "ec2",
            "DescribeVpcAttribute",
            {"VpcId": "vpc-0a", "Attribute": "enableDnsSupport"},
            (Permission("ec2:DescribeVpcAttribute", f"arn:aws:ec2:{REGION}:{WEB}:vpc/vpc-0a"),),
        ),
        ("route53resolver", "ListResolverRules", {}, (Permission("route53resolver:ListResolverRules"),)),
        (
            "route53resolver",
            "ListResolverRuleAssociations",
            {},
            (Permission("route53resolver:ListResolverRuleAssociations"), DESCRIBE_VPCS),
        ),
        *(
            (
                "route53resolver",
                operation,
                parameters,
                (
                    Permission(
                        f"route53resolver:{operation}",
                        f"arn:aws:route53resolver:{REGION}:{WEB}:resolver-config/{config}",
                    ),
                    DESCRIBE_VPCS,
                ),
            )
            for operation, parameters, config in (
                ("ListResolverConfigs", {}, "*"),
                ("GetResolverConfig", {"ResourceId": "vpc-0a"}, "vpc-0a"),
                ("UpdateResolverConfig", {"ResourceId": "vpc-0a", "AutodefinedReverseFlag": "DISABLE"}, "vpc-0a"),
            )
        ),
    ],
)
def test_needed_permissions(
    service: str, operation: str, parameters: dict[str, Any], expected: tuple[Permission, ...]
) -> None:
    """A call needs its zone or VPC where a policy can name it, and DescribeVpcs where AWS reads VPCs."""
    assert needed_permissions(service, operation, parameters, Caller(WEB, REGION)) == expected


def test_association_needs_vpc_condition_and_describe_vpcs(guard: Guard) -> None:
    """A role limited to one region's VPCs associates them only, and only if it may describe VPCs."""
    allowed = {
        "Action": "route53:AssociateVPCWithHostedZone",
        "Condition": {
            "ForAllValues:StringLike": {"route53:VPCs": [f"VPCId=*,VPCRegion={REGION}"]},
            # A global service is called in us-east-1, whatever region its client was made for.
            "StringEquals": {"aws:RequestedRegion": "us-east-1"},
        },
    }
    associator = role(WEB, "orgdns-vpc-associator", ONLY_OBSERVER, allowed)
    route53 = client_with(session_of(associator), "route53")
    for region, denied in (("eu-central-1", "route53:AssociateVPCWithHostedZone"), (REGION, "ec2:DescribeVpcs")):
        with pytest.raises(ClientError) as refused:
            route53.associate_vpc_with_hosted_zone(HostedZoneId="Z1", VPC={"VPCId": "vpc-0a", "VPCRegion": region})
        assert denial(refused) == ("AccessDenied", 403)
        assert guard.denied[-1].action == denied
    grant(WEB, "orgdns-vpc-associator", allowed, {"Action": "ec2:DescribeVpcs"})
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        route53.associate_vpc_with_hosted_zone(HostedZoneId="Z1", VPC=VPC)
    assert guard.used_actions("orgdns-vpc-associator") == {"route53:AssociateVPCWithHostedZone", "ec2:DescribeVpcs"}


@pytest.mark.parametrize("name", ["orgdns-associator", "orgdns-authorizer", "orgdns-vpc-associator"])
def test_vpc_roles_are_guarded(guard: Guard, name: str) -> None:
    """The Resolver refuses what no policy of these roles grants."""
    resolver = client_with(session_of(role(WEB, name, LAMBDA, {"Action": "a:B"})), "route53resolver")
    with pytest.raises(ClientError) as refused:
        resolver.list_resolver_rules()
    assert denial(refused) == ("AccessDeniedException", 400)
    assert [each.action for each in guard.denied] == ["route53resolver:ListResolverRules"]
