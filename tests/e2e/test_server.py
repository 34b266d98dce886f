"""The sandbox's server, as a person uses it: names over DNS, AWS over HTTP, one profile for each account."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError

from tests.support.build import ROOT
from tests.support.served import PATIENCE, ZONE, Running, answers, ask, launched, started, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("home")) as running:
        assert running.process.poll() is None, running.said()
        yield running


def test_a_name_appears_moves_and_goes(server: Running) -> None:
    """A profile's instance answers by its name, by the new one once it is renamed, and by none when it has ended."""
    vpc, outside = server.vpc("payments", "eu-west-1"), server.vpc("payments", associated=False)
    ec2 = server.client("ec2", "payments", "eu-west-1")
    instance, address = launched(ec2, vpc["subnet"], "web")
    seen_by = server.vpc("search", "us-east-1")["dns_port"]
    until(lambda: answers(seen_by, "web.corp.internal") == {address})
    assert ask(outside["dns_port"], "web.corp.internal").rcode() == dns.rcode.NXDOMAIN

    ec2.create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": "shop"}])
    until(lambda: answers(seen_by, "shop.corp.internal") == {address})
    until(lambda: ask(seen_by, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN)

    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: ask(seen_by, "shop.corp.internal").rcode() == dns.rcode.NXDOMAIN)

    told_of = f"444444444444/eu-west-1/{instance}"
    until(lambda: f"DELETE A {address} orgdns/{told_of}" in server.said())
    said = server.said()
    assert f"payments eu-west-1: {instance}: EC2 Instance State-change Notification: running" in said
    assert f"instance recorded: {told_of}: web.corp.internal., web.eu-west-1.payments.corp.internal." in said
    assert f"name published: shop.corp.internal.: CREATE A {address} orgdns/{told_of}" in said
    assert '"_aws"' not in said


def test_a_name_is_explained(server: Running) -> None:
    """The commands that the server prints set the shell up and explain a name of the hub's ledger."""
    said = server.said().splitlines()
    lines = [line for line in said if line.startswith(("export AWS_CONFIG_FILE=", "AWS_PROFILE=dns-hub bin/orgdns"))]
    assert len(lines) == 2
    ec2 = server.client("ec2", "search")
    instance, _ = launched(ec2, server.vpc("search")["subnet"], "web")
    dns_port = server.vpc("search")["dns_port"]
    until(lambda: bool(answers(dns_port, "web.corp.internal")))
    shell = ["bash", "-c", "\n".join(lines)]
    end = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - what a person copies
    assert instance in end.stdout
    assert "555555555555 (search) eu-central-1" in end.stdout
    # Others look for this name too.
    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: not answers(dns_port, "web.corp.internal"))


def test_a_refused_name_is_told_with_its_reason(server: Running) -> None:
    """A tag that can be no label gives no name, and the log says why."""
    instance, _ = launched(server.client("ec2", "search"), server.vpc("search")["subnet"], "a" * 64)
    until(lambda: f"name refused: 555555555555/eu-central-1/{instance}: everybody: " in server.said())


def test_accounts_do_not_see_each_other(server: Running) -> None:
    """An instance of one profile's account is not shown to another profile."""
    mine, others = server.client("ec2", "payments"), server.client("ec2", "data-science")
    instance, _ = launched(mine, server.vpc("payments")["subnet"], "secret")

    def seen(ec2: Any) -> set[str]:  # noqa: ANN401 - boto3's client
        return {
            one["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for one in reservation["Instances"]
        }

    assert instance in seen(mine)
    assert instance not in seen(others)
    assert server.client("sts", "data-science").get_caller_identity()["Account"] == "666666666666"


def test_strict_rules_hold_over_the_wire(server: Running) -> None:
    """Route 53 refuses what AWS refuses, in AWS's words, and only the zone's owner may see it."""
    record = {"Name": "none.corp.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    with pytest.raises(ClientError, match="but it was not found") as refused:
        server.client("route53", "network").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)
    assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch"
    assert server.client("route53", "search").list_hosted_zones()["HostedZones"] == []


def test_events_are_judged_by_their_caller(server: Running) -> None:
    """AWS's sources cannot be claimed, and another account's bus admits no caller that its policy does not."""
    events = server.client("events", "payments")
    bus = "arn:aws:events:eu-central-1:222222222222:event-bus/orgdns"
    mine: dict[str, str] = {"Source": "mine", "DetailType": "any", "Detail": "{}"}
    entries = [mine | {"Source": "aws.ec2"}, mine | {"EventBusName": bus}]
    answer = events.put_events(Entries=entries)["Entries"]
    assert [entry.get("ErrorCode") for entry in answer] == ["NotAuthorizedForSourceException", "AccessDeniedException"]
    assert "arn:aws:iam::444444444444:root" in answer[1]["ErrorMessage"]


def test_stack_sets_have_been_rolled_out(server: Running) -> None:
    """The spokes' stacks stand in every member account, and the functions in the hub."""
    functions = server.client("lambda", "dns-hub").list_functions()["Functions"]
    assert {function["FunctionName"] for function in functions} >= {"orgdns-observer", "orgdns-publisher"}
    assert server.client("events", "search", "us-east-1").list_rules()["Rules"]
    assert server.client("iam", "data-science").get_role(RoleName="orgdns-reader")["Role"]["RoleName"]


def test_profiles_are_their_owners_secret(server: Running) -> None:
    """There is one profile for each account, in a file that nobody else reads."""
    assert (server.home / "config").stat().st_mode & 0o777 == 0o600
    profiles = server.session("payments").available_profiles
    assert set(profiles) >= {"management", "dns-hub", "network", "payments", "search", "data-science"}


def test_it_listens_on_loopback_alone(server: Running) -> None:
    """Nobody else on the network can reach the simulated organization."""
    endpoint = server.session("payments").client("sts").meta.endpoint_url
    port = int(endpoint.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_in_the_shell_it_is_used_from(tmp_path: Path, server: Running, end: signal.Signals) -> None:
    """It starts in a shell that is set up for another sandbox, and a signal to end is no failure."""
    shell = {"AWS_CONFIG_FILE": str(server.home / "config"), "AWS_PROFILE": "payments"}
    with started(tmp_path, "--quiet", **shell) as running:
        assert running.process.poll() is None, running.said()
        launched(running.client("ec2", "payments"), running.vpc("payments")["subnet"], "web")
        until(lambda: bool(answers(running.vpc("payments")["dns_port"], "web.corp.internal")))
        running.process.send_signal(end)
        assert running.process.wait(PATIENCE) == 0
        assert running.said().endswith("Events and log lines follow as they happen:\nStopping.\n")
