"""Which calls of guarded roles pass, and how a denied call is answered."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.iam.guard import AccessDenied, Denied, Guard, guarded_roles
from sandbox.aws.iam.permissions import Caller, UnknownOperation, needed_permissions
from tests.support.sandbox.guard import LAMBDA, OBSERVER, ONLY_OBSERVER, TABLE, denial, grant, role, session_of, table
from tests.support.sandbox.organizations import DATA, HUB, MANAGEMENT, ORG, REGION, WEB, client, client_with

READER = f"arn:aws:iam::{WEB}:role/orgdns-reader"
CONDITION = "route53:ChangeResourceRecordSets"


def test_allowed_chain_of_roles_passes(guard: Guard) -> None:
    """The observer assumes the reader in another account and describes instances; the guard records both."""
    observer = client_with(session_of(OBSERVER), "sts")
    reader = observer.assume_role(RoleArn=READER, RoleSessionName="observer")["Credentials"]
    assert client_with(reader, "ec2").describe_instances()["Reservations"] == []
    assert guard.calls["orgdns-observer"] == {("sts:AssumeRole", READER)}
    assert guard.calls["orgdns-reader"] == {("ec2:DescribeInstances", "*")}
    assert guard.denied == []
    assert guard.used_actions("orgdns-reader") == guard.granted_actions("orgdns-reader") == {"ec2:DescribeInstances"}


@pytest.mark.parametrize("lists", [True, False])
def test_missing_object_is_known_only_to_who_may_list(guard: Guard, lists: bool) -> None:  # noqa: FBT001 - a parameter
    """S3 answers 404 for an object that does not exist to who may list the bucket, and 403 to others."""
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    client("s3", HUB).create_bucket(Bucket="objects", **place)
    client("s3", HUB).put_object(Bucket="objects", Key="there", Body=b"x")
    on_bucket = [{"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::objects"}] if lists else []
    grant(HUB, "orgdns-observer", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::objects/*"}, *on_bucket)
    observer = client_with(session_of(OBSERVER), "s3")
    assert observer.get_object(Bucket="objects", Key="there")["Body"].read() == b"x"
    with pytest.raises(ClientError) as error:
        observer.get_object(Bucket="objects", Key="missing")
    assert denial(error) == (("NoSuchKey", 404) if lists else ("AccessDenied", 403))
    assert [(each.action, each.resource) for each in guard.denied] == (
        [] if lists else [("s3:ListBucket", "arn:aws:s3:::objects")]
    )


def test_unused_grants_are_the_difference(guard: Guard) -> None:
    """A grant that is never used is the difference of granted and used actions."""
    table()
    client_with(session_of(OBSERVER), "dynamodb").get_item(TableName="ledger", Key={"pk": {"S": "a"}})
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
def test_denied_call_gets_the_services_own_error(
    *,
    guard: Guard,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    expected: tuple[str, int],
    resource: str,
) -> None:
    """Each service refuses with its own code and status, and the guard records the refusal."""
    caller = client_with(session_of(OBSERVER), service)
    with pytest.raises(ClientError) as refused:
        getattr(caller, operation)(**parameters)
    assert denial(refused) == expected
    assert [each.resource for each in guard.denied] == [resource]
    assert guard.calls["orgdns-observer"] == set()


def test_role_must_trust_its_caller(guard: Guard) -> None:
    """An identity policy alone does not suffice to assume a role of another account, or a missing role."""
    role(DATA, "orgdns-reader", {"Principal": {"AWS": WEB}}, {"Action": "ec2:DescribeInstances"})
    observer = client_with(session_of(OBSERVER), "sts")
    for account in (DATA, MANAGEMENT):
        with pytest.raises(ClientError) as refused:
            observer.assume_role(RoleArn=f"arn:aws:iam::{account}:role/orgdns-reader", RoleSessionName="x")
        assert denial(refused) == ("AccessDenied", 403)
    assert len(guard.denied) == 2


def test_trust_policy_condition_counts(guard: Guard) -> None:
    """The reader trusts the organization's observer, and no other role of the same account."""
    other = role(HUB, "orgdns-publisher", LAMBDA, {"Action": "sts:AssumeRole"})
    with pytest.raises(ClientError):
        client_with(session_of(other), "sts").assume_role(RoleArn=READER, RoleSessionName="x")
    assert guard.denied == [Denied(other, "sts:AssumeRole", READER)]


def test_record_changes_are_checked_by_name_type_and_action(guard: Guard) -> None:
    """The writer may create and delete A records below the domain, and nothing else."""
    route53 = client("route53", DATA)
    zone = route53.create_hosted_zone(Name="corp.internal", CallerReference="x")["HostedZone"]["Id"].split("/")[-1]
    writer = role(
        DATA,
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
    client_of_writer = client_with(session_of(writer), "route53")

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


def test_unknown_operation_never_passes(guard: Guard) -> None:
    """A guarded role's call that is not modeled is a separate error, whatever the policies say."""
    grant(HUB, "orgdns-observer", {"Action": "*"})
    with pytest.raises(UnknownOperation, match="s3:ListBuckets"):
        client_with(session_of(OBSERVER), "s3").list_buckets()
    assert guard.granted_actions("orgdns-observer") == {"*"}


def test_unguarded_callers_pass(guard: Guard) -> None:
    """Administrators and other roles are neither checked nor recorded."""
    client("s3", HUB, "us-east-1").create_bucket(Bucket="anything")
    deployer = role(HUB, "deployer", LAMBDA, {"Action": "s3:GetObject"})
    client_with(session_of(deployer), "ec2").describe_vpcs()
    assert not guard.denied
    assert not any(guard.calls.values())


def test_updated_policy_counts_at_once(guard: Guard) -> None:
    """The guard reads the deployed policies at the time of the call."""
    table()
    client_of_observer = client_with(session_of(OBSERVER), "dynamodb")
    client_of_observer.put_item(TableName="ledger", Item={"pk": {"S": "a"}})
    grant(HUB, "orgdns-observer", {"Action": "dynamodb:GetItem"})
    with pytest.raises(ClientError) as refused:
        client_of_observer.put_item(TableName="ledger", Item={"pk": {"S": "a"}})
    assert denial(refused) == ("AccessDeniedException", 400)
    assert guard.used_actions("orgdns-observer") == {"dynamodb:PutItem"}


def test_check_covers_actions_of_aws_services(guard: Guard) -> None:
    """Pollers call the guard directly; it records or refuses them like API calls."""
    guard.check(OBSERVER, "dynamodb:GetItem", TABLE)
    assert guard.used_actions("orgdns-observer") == {"dynamodb:GetItem"}
    queue = f"arn:aws:sqs:{REGION}:{HUB}:orgdns-events"
    with pytest.raises(AccessDenied, match="sqs:ReceiveMessage"):
        guard.check(OBSERVER, "sqs:ReceiveMessage", queue)
    with pytest.raises(AccessDenied):
        guard.check(f"arn:aws:iam::{HUB}:role/none", "sqs:ReceiveMessage", queue)
    assert [each.role_arn for each in guard.denied] == [OBSERVER, f"arn:aws:iam::{HUB}:role/none"]


def test_guard_is_removed() -> None:
    """Outside its context the guard checks nothing, and botocore is unchanged."""
    with emulated_aws():
        guard = Guard(guarded_roles(NAMES))
        with guard.in_force():
            pass
        observer = role(HUB, "orgdns-observer", LAMBDA, {"Action": "a:B"})
        client_with(session_of(observer), "ec2").describe_instances()
        assert not guard.denied


def test_transaction_needs_the_permissions_of_its_parts() -> None:
    """A transaction has no permission of its own, a batch has one, and an index has its own ARN."""
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


def test_permissions_of_buckets() -> None:
    """A listing needs s3:ListBucket of the bucket, and names its prefix; an object has an ARN of its own."""
    caller = Caller(HUB, REGION)
    (listed,) = needed_permissions("s3", "ListObjectsV2", {"Bucket": "history", "Prefix": "raw/"}, caller)
    assert (listed.action, listed.resource) == ("s3:ListBucket", "arn:aws:s3:::history")
    assert listed.context == {"s3:prefix": "raw/"}
    for operation in ("GetObject", "PutObject"):
        (needed,) = needed_permissions("s3", operation, {"Bucket": "history", "Key": "raw/a"}, caller)
        assert (needed.action, needed.resource) == (f"s3:{operation}", "arn:aws:s3:::history/raw/a")
