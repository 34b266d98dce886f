"""The sandbox's server as a person uses it: names over DNS, AWS over HTTP, a profile for each account."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.support.build import ROOT
from tests.support.served import PATIENCE, ZONE, Running, answers, ask, launched, started, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("home")) as running:
        assert running.process.poll() is None, running.printed()
        yield running


def test_name_is_published_moved_and_removed(server: Running) -> None:
    """An instance resolves by its name, after a rename by the new name, and after its termination by none."""
    vpc, outside = server.vpc("payments", "eu-west-1"), server.vpc("payments", associated=False)
    ec2 = server.client("ec2", "payments", "eu-west-1")
    instance, address = launched(ec2, vpc["subnet"], "web")
    remote_port = server.vpc("search", "us-east-1")["dns_port"]
    until(lambda: answers(remote_port, "web.corp.internal") == {address})
    assert ask(outside["dns_port"], "web.corp.internal").rcode() == dns.rcode.NXDOMAIN

    ec2.create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": "shop"}])
    until(lambda: answers(remote_port, "shop.corp.internal") == {address})
    until(lambda: ask(remote_port, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN)

    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: ask(remote_port, "shop.corp.internal").rcode() == dns.rcode.NXDOMAIN)

    subject = f"444444444444/eu-west-1/{instance}"
    until(lambda: f"DELETE A {address} {subject}" in server.printed())
    printed = server.printed()
    assert f"payments eu-west-1: {instance}: EC2 Instance State-change Notification: running" in printed
    assert f"instance recorded: {subject}: web.corp.internal., web.eu-west-1.payments.corp.internal." in printed
    assert f"name published: shop.corp.internal.: CREATE A {address} {subject}" in printed
    assert '"_aws"' not in printed


def test_every_printed_command_works(server: Running) -> None:
    """The commands are the last lines before the events, and in a file; each works by itself, whenever it is run."""
    commands = (server.home / "commands.sh").read_text().splitlines()
    printed = server.printed()
    assert "\n".join(commands) + "\n\nPress Ctrl-C" in printed
    setting, *others = commands
    assert setting.startswith("export AWS_CONFIG_FILE=")
    # The last ones end and rename instances that the first ones do not need.
    for line in reversed(others):
        match shlex.split(line, comments=True):
            case ["dig", _, "-p", port, name]:
                inside = "resolves no zone" not in line
                assert bool(answers(int(port), name)) is inside, line
            case ["aws", "--profile", profile, *rest]:
                assert called(server, profile, rest), line
            case _:
                shell = ["bash", "-c", f"{setting}\n{line}"]
                end = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - as a person copies it
                # 2: something needs attention, such as a spoke that waits for its first sweep.
                assert end.returncode in {0, 2}, line + end.stdout + end.stderr


def called(server: Running, profile: str, rest: list[str]) -> dict[str, Any]:
    """What the AWS command line calls for these arguments."""
    region = rest[1] if rest[0] == "--region" else None
    service, operation, *options = rest[2:] if region else rest
    given = dict(zip(options[::2], options[1::2], strict=True))
    instance = given.get("--resources") or given.get("--instance-ids")
    tag = [{"Key": "Name", "Value": "shop"}]
    requests: dict[str, dict[str, Any]] = {
        "list-resource-record-sets": {"HostedZoneId": given.get("--hosted-zone-id")},
        "create-tags": {"Resources": [instance], "Tags": tag},
        "terminate-instances": {"InstanceIds": [instance]},
        "run-instances": {
            "ImageId": given.get("--image-id"),
            "SubnetId": given.get("--subnet-id"),
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": tag}],
        },
    }
    client = server.client(service, profile, region)
    answer: dict[str, Any] = getattr(client, operation.replace("-", "_"))(**requests[operation])
    return answer


def test_refused_name_is_logged_with_its_reason(server: Running) -> None:
    """A tag that is not a valid label gives no name, and the log contains the reason."""
    instance, _ = launched(server.client("ec2", "search"), server.vpc("search")["subnet"], "a" * 64)
    until(lambda: f"name refused: 555555555555/eu-central-1/{instance}: everybody: " in server.printed())


def test_accounts_do_not_see_each_other(server: Running) -> None:
    """DescribeInstances shows a profile the instances of its own account only."""
    own, other = server.client("ec2", "payments"), server.client("ec2", "data-science")
    instance, _ = launched(own, server.vpc("payments")["subnet"], "secret")

    def instance_ids(ec2: Any) -> set[str]:  # noqa: ANN401 - boto3's client
        return {
            described["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for described in reservation["Instances"]
        }

    assert instance in instance_ids(own)
    assert instance not in instance_ids(other)
    assert server.client("sts", "data-science").get_caller_identity()["Account"] == "666666666666"


def test_strict_rules_apply_over_http(server: Running) -> None:
    """Route 53 refuses what AWS refuses, with AWS's message, and lists a zone only to its owner."""
    record = {"Name": "none.corp.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    with pytest.raises(ClientError, match="but it was not found") as refused:
        server.client("route53", "network").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)
    assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch"
    assert server.client("route53", "search").list_hosted_zones()["HostedZones"] == []


def test_put_events_checks_its_caller(server: Running) -> None:
    """PutEvents refuses AWS's sources, and a bus of another account whose policy does not admit the caller."""
    events = server.client("events", "payments")
    bus = "arn:aws:events:eu-central-1:222222222222:event-bus/orgdns"
    custom: dict[str, str] = {"Source": "mine", "DetailType": "any", "Detail": "{}"}
    entries = [custom | {"Source": "aws.ec2"}, custom | {"EventBusName": bus}]
    answer = events.put_events(Entries=entries)["Entries"]
    assert [entry.get("ErrorCode") for entry in answer] == ["NotAuthorizedForSourceException", "AccessDeniedException"]
    assert "arn:aws:iam::444444444444:root" in answer[1]["ErrorMessage"]


def test_stack_sets_have_been_rolled_out(server: Running) -> None:
    """Every member account has the spoke stacks, and the hub has the functions."""
    functions = server.client("lambda", "dns-hub").list_functions()["Functions"]
    assert {function["FunctionName"] for function in functions} >= {"orgdns-observer", "orgdns-publisher"}
    assert server.client("events", "search", "us-east-1").list_rules()["Rules"]
    assert server.client("iam", "data-science").get_role(RoleName="orgdns-reader")["Role"]["RoleName"]


def test_profiles_are_private(server: Running) -> None:
    """There is a profile for each account, in a file that only its owner can read."""
    assert (server.home / "config").stat().st_mode & 0o777 == 0o600
    profiles = server.session("payments").available_profiles
    assert set(profiles) >= {"management", "dns-hub", "network", "payments", "search", "data-science"}


def test_it_listens_on_loopback_only(server: Running) -> None:
    """Other hosts of the network cannot reach the simulated organization."""
    endpoint = server.session("payments").client("sts").meta.endpoint_url
    port = int(endpoint.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_requests_of_sdks_are_answered(server: Running) -> None:
    """Signatures fit as SDKs make them: with keys in S3 of any characters, queries, and keys from AssumeRole."""
    s3 = server.client("s3", "dns-hub")
    for number, key in enumerate(("plain", "a b/c+d=e&f?g#h%20/ü~(1)'*!", "a//b/../c", "/leading")):
        s3.put_object(Bucket="orgdns-packages", Key=f"test/{key}", Body=bytes(number), Metadata={"a_b": "c  d"})
        assert s3.get_object(Bucket="orgdns-packages", Key=f"test/{key}")["Body"].read() == bytes(number)
    listed = s3.list_objects_v2(Bucket="orgdns-packages", Prefix="test/a ", Delimiter="?")
    assert listed["CommonPrefixes"] == [{"Prefix": "test/a b/c+d=e&f?"}]
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})
    role = server.client("iam", "search").create_role(RoleName="visitor", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    key = server.client("sts", "search").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session: Any = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], "us-east-1")
    endpoint = server.client("sts", "search").meta.endpoint_url
    assert session.client("sts", endpoint_url=endpoint).get_caller_identity()["Arn"].endswith("/visitor/me")
    assert session.client("route53", endpoint_url=endpoint).list_hosted_zones(MaxItems="1")["HostedZones"] == []


def test_others_are_refused_with_the_reason(server: Running) -> None:
    """Another user of the machine, a page that a browser shows, and keys of an earlier sandbox learn why not."""
    endpoint = server.client("sts", "payments").meta.endpoint_url
    for headers in ({}, {"Origin": "https://evil.example"}, {"x-moto-account-id": "222222222222"}):
        request = urllib.request.Request(f"{endpoint}/moto-api/reset", b"", headers)  # noqa: S310 - the server's own address
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(request, timeout=5)  # noqa: S310 - as above
        with refused.value as answer:
            assert answer.read().startswith(b"The sandbox refuses the request: ")
    earlier: Any = boto3.Session("ASIA0000000000000000", "x", region_name="eu-central-1")
    for service, call in (("ec2", "describe_vpcs"), ("sts", "get_caller_identity"), ("dynamodb", "list_tables")):
        with pytest.raises((ClientError, ResponseParserError), match="makes new keys when it starts"):
            getattr(earlier.client(service, endpoint_url=endpoint), call)()
    assert server.client("lambda", "dns-hub").list_functions()["Functions"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(tmp_path: Path, server: Running, end: signal.Signals) -> None:
    """It starts in a shell that is set up for another sandbox, and SIGTERM or SIGINT ends it with exit code 0."""
    shell = {"AWS_CONFIG_FILE": str(server.home / "config"), "AWS_PROFILE": "payments"}
    with started(tmp_path, "--quiet", **shell) as running:
        assert running.process.poll() is None, running.printed()
        launched(running.client("ec2", "payments"), running.vpc("payments")["subnet"], "web")
        until(lambda: bool(answers(running.vpc("payments")["dns_port"], "web.corp.internal")))
        running.process.send_signal(end)
        assert running.process.wait(PATIENCE) == 0
        last = running.printed().splitlines()[-1]
        assert last.startswith("Stopped. Nothing is kept: 4 instances, ")


def test_outputs_are_parameters(server: Running) -> None:
    """Terraform's `aws_ssm_parameter` and the CDK's `valueFromLookup` read what a stack tells, without a copied id."""
    hub, network = server.client("ssm", "dns-hub"), server.client("ssm", "network")

    values = {
        parameter["Name"].removeprefix("/orgdns/orgdns/"): parameter["Value"]
        for client in (hub, network)
        # As Terraform's provider asks, also for plain values.
        for page in client.get_paginator("get_parameters_by_path").paginate(
            Path="/orgdns/orgdns/", Recursive=True, WithDecryption=True
        )
        for parameter in page["Parameters"]
    }
    assert values["network/zones/corp.internal"] == ZONE
    (table,) = server.client("dynamodb", "dns-hub").list_tables()["TableNames"]
    assert values["hub/LedgerTableName"] == table
    assert values["hub/EventBusArn"].startswith("arn:aws:events:eu-central-1:222222222222:event-bus/")
    created = network.get_parameter(Name="/orgdns/orgdns/network/zones/instances.internal")["Parameter"]["Value"]
    zone = server.client("route53", "network").get_hosted_zone(Id=created)["HostedZone"]
    assert zone["Name"] == "instances.internal."
