"""The permission guard, against policies deployed in the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.iam.models import iam_backends

from sandbox.aws.iam.guard import AccessDenied, Denied, Guard
from sandbox.aws.iam.permissions import Caller, Permission, UnknownOperation, needed_permissions, normalized_record_name
from sandbox.aws.organization import AccountSpec, OrganizationSpec, UnitSpec, build_organization, organization_bridges

if TYPE_CHECKING:
    from collections.abc import Iterator

MANAGEMENT, HUB, WEB, NETWORK = "100000000001", "100000000002", "100000000003", "100000000004"
ORG = "o-demo123456"
REGION = "eu-west-1"
OBSERVER = f"arn:aws:iam::{HUB}:role/orgdns-observer"
READER = f"arn:aws:iam::{WEB}:role/orgdns-reader"
TABLE = f"arn:aws:dynamodb:{REGION}:{HUB}:table/ledger"
CONDITION = "route53:ChangeResourceRecordSets"
SPEC = OrganizationSpec(
    ORG,
    MANAGEMENT,
    (
        UnitSpec(
            "ou-demo-11111111",
            "all",
            accounts=(AccountSpec(HUB, "hub"), AccountSpec(WEB, "web"), AccountSpec(NETWORK, "network")),
        ),
    ),
)


def client(service: str, key: Any, region: str = REGION) -> Any:  # noqa: ANN401 - clients of several services
    if not isinstance(key, dict):
        key = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
    return boto3.client(
        service,  # type: ignore[call-overload]  # several services
        region_name=region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


def administrator(account: str) -> Any:  # noqa: ANN401 - moto's own access key
    return iam_backends[account]["aws"].create_temp_access_key()


def role(account: str, name: str, trust: dict[str, Any], *statements: dict[str, Any]) -> str:
    iam = client("iam", administrator(account))
    trusted = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}]}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))["Role"]["Arn"]
    grant(account, name, *statements)
    return arn


def grant(account: str, name: str, *statements: dict[str, Any]) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements],
    }
    iam = client("iam", administrator(account))
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))


LAMBDA = {"Principal": {"Service": "lambda.amazonaws.com"}}
ONLY_OBSERVER = {
    "Principal": {"AWS": HUB},
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}, "ArnEquals": {"aws:PrincipalArn": OBSERVER}},
}


@pytest.fixture
def guard() -> Iterator[Guard]:
    with mock_aws(), organization_bridges():
        build_organization(SPEC)
        role(
            HUB,
            "orgdns-observer",
            LAMBDA,
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/orgdns-reader"},
            {"Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": TABLE},
        )
        role(WEB, "orgdns-reader", ONLY_OBSERVER, {"Action": "ec2:DescribeInstances"})
        guard = Guard()
        with guard.in_force():
            yield guard


def session_of(arn: str) -> dict[str, Any]:
    """Credentials of a role's session, as the Lambda service gets them: nobody that is guarded asks for them."""
    sts = client("sts", administrator(arn.split(":")[4]))
    credentials: dict[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return credentials


def table(account: str = HUB) -> None:
    client("dynamodb", administrator(account)).create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def denial(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_chain_of_roles_that_is_allowed_passes_and_is_noted(guard: Guard) -> None:
    """The observer assumes the reader in another account, which describes instances there."""
    observer = client("sts", session_of(OBSERVER))
    reader = observer.assume_role(RoleArn=READER, RoleSessionName="observer")["Credentials"]
    assert client("ec2", reader).describe_instances()["Reservations"] == []
    assert guard.calls["orgdns-observer"] == {("sts:AssumeRole", READER)}
    assert guard.calls["orgdns-reader"] == {("ec2:DescribeInstances", "*")}
    assert guard.denied == []
    assert guard.used_actions("orgdns-reader") == guard.granted_actions("orgdns-reader") == {"ec2:DescribeInstances"}


def test_used_and_granted_actions_differ_by_what_was_never_called(guard: Guard) -> None:
    """A grant that is never used shows as the difference of the two sets."""
    table()
    client("dynamodb", session_of(OBSERVER)).get_item(TableName="ledger", Key={"pk": {"S": "a"}})
    assert guard.used_actions("orgdns-observer") == {"dynamodb:GetItem"}
    unused = guard.granted_actions("orgdns-observer") - guard.used_actions("orgdns-observer")
    assert unused == {"dynamodb:PutItem", "sts:AssumeRole"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected", "resource"),
    [
        ("ec2", "describe_instances", {}, ("UnauthorizedOperation", 403), "*"),
        (
            "dynamodb",
            "delete_item",
            {"TableName": "ledger", "Key": {"pk": {"S": "a"}}},
            ("AccessDeniedException", 400),
            TABLE,
        ),
        (
            "dynamodb",
            "get_item",
            {"TableName": "other", "Key": {"pk": {"S": "a"}}},
            ("AccessDeniedException", 400),
            TABLE.replace("ledger", "other"),
        ),
        (
            "organizations",
            "describe_account",
            {"AccountId": WEB},
            ("AccessDeniedException", 400),
            f"arn:aws:organizations::{MANAGEMENT}:account/{ORG}/{WEB}",
        ),
        (
            "route53",
            "list_resource_record_sets",
            {"HostedZoneId": "Z1"},
            ("AccessDenied", 403),
            "arn:aws:route53:::hostedzone/Z1",
        ),
        (
            "sts",
            "assume_role",
            {"RoleArn": f"arn:aws:iam::{WEB}:role/admin", "RoleSessionName": "x"},
            ("AccessDenied", 403),
            f"arn:aws:iam::{WEB}:role/admin",
        ),
    ],
)
def test_what_no_policy_grants_is_denied_in_the_services_own_words(
    *,
    guard: Guard,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    expected: tuple[str, int],
    resource: str,
) -> None:
    """Each service refuses with its own code and status, and the guard notes what was refused."""
    caller = client(service, session_of(OBSERVER))
    with pytest.raises(ClientError) as refused:
        getattr(caller, operation)(**parameters)
    assert denial(refused) == expected
    assert [each.resource for each in guard.denied] == [resource]
    assert guard.calls["orgdns-observer"] == set()


def test_a_role_that_does_not_trust_the_caller_is_not_assumed(guard: Guard) -> None:
    """The identity policy alone does not open a role in another account, nor one that is not there."""
    role(NETWORK, "orgdns-reader", {"Principal": {"AWS": WEB}}, {"Action": "ec2:DescribeInstances"})
    observer = client("sts", session_of(OBSERVER))
    for account in (NETWORK, MANAGEMENT):
        with pytest.raises(ClientError) as refused:
            observer.assume_role(RoleArn=f"arn:aws:iam::{account}:role/orgdns-reader", RoleSessionName="x")
        assert denial(refused) == ("AccessDenied", 403)
    assert len(guard.denied) == 2


def test_the_condition_of_a_trust_policy_counts(guard: Guard) -> None:
    """The reader trusts the observer of the organization, and not another role of the same account."""
    other = role(HUB, "orgdns-publisher", LAMBDA, {"Action": "sts:AssumeRole"})
    with pytest.raises(ClientError):
        client("sts", session_of(other)).assume_role(RoleArn=READER, RoleSessionName="x")
    assert guard.denied == [Denied(other, "sts:AssumeRole", READER)]


def test_record_changes_are_held_against_their_names_types_and_actions(guard: Guard) -> None:
    """The writer may create and delete A records under the domain, and nothing else."""
    route53 = client("route53", administrator(NETWORK))
    zone = route53.create_hosted_zone(Name="corp.internal", CallerReference="x")["HostedZone"]["Id"].split("/")[-1]
    writer = role(
        NETWORK,
        "orgdns-writer",
        ONLY_OBSERVER,
        {
            "Action": "route53:ChangeResourceRecordSets",
            "Resource": f"arn:aws:route53:::hostedzone/{zone}",
            "Condition": {
                "ForAllValues:StringLike": {f"{CONDITION}NormalizedRecordNames": ["*.corp.internal"]},
                "ForAllValues:StringEquals": {
                    f"{CONDITION}RecordTypes": ["A"],
                    f"{CONDITION}Actions": ["CREATE", "DELETE"],
                },
            },
        },
    )
    client_of_writer = client("route53", session_of(writer))

    def change(*changes: tuple[str, str, str]) -> None:
        client_of_writer.change_resource_record_sets(
            HostedZoneId=zone,
            ChangeBatch={
                "Changes": [
                    {
                        "Action": action,
                        "ResourceRecordSet": {
                            "Name": name,
                            "Type": kind,
                            "TTL": 60,
                            "ResourceRecords": [{"Value": "10.0.0.1"}],
                        },
                    }
                    for action, name, kind in changes
                ]
            },
        )

    change(("CREATE", "Web.corp.internal.", "A"), ("CREATE", "db.corp.internal", "A"))
    for refused in (
        ("UPSERT", "web.corp.internal.", "A"),
        ("CREATE", "web.corp.internal.", "TXT"),
        ("CREATE", "web.other.internal.", "A"),
        ("CREATE", "corp.internal.", "A"),
    ):
        with pytest.raises(ClientError) as denied:
            change(("CREATE", "fine.corp.internal.", "A"), refused)
        assert denial(denied) == ("AccessDenied", 403)
    assert guard.used_actions("orgdns-writer") == {"route53:ChangeResourceRecordSets"}


def test_an_operation_that_is_not_modelled_never_passes(guard: Guard) -> None:
    """A guarded role's call that the guard cannot judge is an error of its own, whatever the policies say."""
    grant(HUB, "orgdns-observer", {"Action": "*"})
    with pytest.raises(UnknownOperation, match="s3:ListBuckets"):
        client("s3", session_of(OBSERVER)).list_buckets()
    assert guard.granted_actions("orgdns-observer") == {"*"}


def test_others_pass_untouched(guard: Guard) -> None:
    """Administrators and roles that are not guarded are neither checked nor noted."""
    client("s3", administrator(HUB), "us-east-1").create_bucket(Bucket="anything")
    deployer = role(HUB, "deployer", LAMBDA, {"Action": "s3:GetObject"})
    client("ec2", session_of(deployer)).describe_vpcs()
    assert not guard.denied
    assert not any(guard.calls.values())


def test_an_updated_policy_counts_at_once(guard: Guard) -> None:
    """The guard reads what is deployed at the time of the call."""
    table()
    client_of_observer = client("dynamodb", session_of(OBSERVER))
    client_of_observer.put_item(TableName="ledger", Item={"pk": {"S": "a"}})
    grant(HUB, "orgdns-observer", {"Action": "dynamodb:GetItem"})
    with pytest.raises(ClientError) as refused:
        client_of_observer.put_item(TableName="ledger", Item={"pk": {"S": "a"}})
    assert denial(refused) == ("AccessDeniedException", 400)
    assert guard.used_actions("orgdns-observer") == {"dynamodb:PutItem"}


def test_check_judges_what_aws_does_in_a_roles_name(guard: Guard) -> None:
    """Pollers ask the guard directly, and are noted or refused as a call would be."""
    guard.check(OBSERVER, "dynamodb:GetItem", TABLE)
    assert guard.used_actions("orgdns-observer") == {"dynamodb:GetItem"}
    queue = f"arn:aws:sqs:{REGION}:{HUB}:orgdns-events"
    with pytest.raises(AccessDenied, match="sqs:ReceiveMessage"):
        guard.check(OBSERVER, "sqs:ReceiveMessage", queue)
    with pytest.raises(AccessDenied):
        guard.check(f"arn:aws:iam::{HUB}:role/none", "sqs:ReceiveMessage", queue)
    assert [each.role_arn for each in guard.denied] == [OBSERVER, f"arn:aws:iam::{HUB}:role/none"]


def test_out_of_force_nothing_is_checked() -> None:
    """The guard leaves botocore as it found it."""
    with mock_aws():
        guard = Guard()
        with guard.in_force():
            pass
        observer = role(HUB, "orgdns-observer", LAMBDA, {"Action": "a:B"})
        client("ec2", session_of(observer)).describe_instances()
        assert not guard.denied


def test_a_transaction_needs_the_permissions_of_its_parts() -> None:
    """A transaction has no permission of its own, batches have one, an index has an ARN of its own."""
    caller = Caller(HUB, REGION)

    def needed(operation: str, parameters: dict[str, Any]) -> set[tuple[str, str]]:
        return {(each.action, each.resource) for each in needed_permissions("dynamodb", operation, parameters, caller)}

    items = [{"Put": {"TableName": "ledger"}}, {"ConditionCheck": {"TableName": "ledger"}}]
    assert needed("TransactWriteItems", {"TransactItems": items}) == {
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:ConditionCheckItem", TABLE),
    }
    assert needed("BatchWriteItem", {"RequestItems": {"ledger": []}}) == {("dynamodb:BatchWriteItem", TABLE)}
    assert needed("Query", {"TableName": TABLE, "IndexName": "i"}) == {("dynamodb:Query", f"{TABLE}/index/i")}


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
def test_what_is_asked_about_vpcs_and_their_dns_needs_these(
    service: str, operation: str, parameters: dict[str, Any], expected: tuple[Permission, ...]
) -> None:
    """The zone or VPC in question where it can be named, and to see the VPCs where AWS looks them up."""
    assert needed_permissions(service, operation, parameters, Caller(WEB, REGION)) == expected


def test_an_association_needs_its_vpc_allowed_and_to_see_it(guard: Guard) -> None:
    """A role that may associate VPCs of one region only, and that must be able to describe them."""
    allowed = {
        "Action": "route53:AssociateVPCWithHostedZone",
        "Condition": {
            "ForAllValues:StringLike": {"route53:VPCs": [f"VPCId=*,VPCRegion={REGION}"]},
            # A global service is called in us-east-1, whatever region its client was made for.
            "StringEquals": {"aws:RequestedRegion": "us-east-1"},
        },
    }
    associator = role(WEB, "orgdns-vpc-associator", ONLY_OBSERVER, allowed)
    route53 = client("route53", session_of(associator))
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
def test_the_roles_that_associate_vpcs_are_guarded(guard: Guard, name: str) -> None:
    """What no policy of theirs grants is refused, in the words of the Resolver."""
    resolver = client("route53resolver", session_of(role(WEB, name, LAMBDA, {"Action": "a:B"})))
    with pytest.raises(ClientError) as refused:
        resolver.list_resolver_rules()
    assert denial(refused) == ("AccessDeniedException", 400)
    assert [each.action for each in guard.denied] == ["route53resolver:ListResolverRules"]


@pytest.mark.parametrize(
    ("name", "normalized"),
    [
        ("Web.Corp.Internal.", "web.corp.internal"),
        ("*.corp.internal", r"\052.corp.internal"),
        (r"\052.corp.internal.", r"\052.corp.internal"),
        (r"\141.b", "a.b"),
        (r"a\056b.c", r"a\056b.c"),
        ("a b_c-d.e", r"a\040b_c-d.e"),
        ("ü.e", r"\303\274.e"),
    ],
)
def test_record_names_are_normalized_as_the_condition_keys_want_them(name: str, normalized: str) -> None:
    """Lower case, no trailing dot, and octal escapes for all but letters, digits, hyphen, underscore and dot."""
    assert normalized_record_name(name) == normalized
