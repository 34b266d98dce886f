from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import botocore.session
import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError

from orgdns.config.load import load
from sandbox import example
from sandbox.api_server import one_at_a_time
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.narration import log_text
from sandbox.server import FunctionsStopped, misfits, repeating
from tests.support.build import ROOT

PATIENCE = 20.0
START = 60.0
ZONE = "Z0CORPINTERNAL0EXAMPL"


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not within the time that there is"
        time.sleep(0.1)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.server", *options]


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a process of its own, and what it says."""

    process: subprocess.Popen[str]
    home: Path
    output: Path

    def vpc(self, profile: str, region: str = "eu-central-1", *, associated: bool = True) -> dict[str, Any]:
        vpcs: list[dict[str, Any]] = json.loads((self.home / "vpcs.json").read_text())
        wanted = (profile, region, associated)
        return next(vpc for vpc in vpcs if (vpc["profile"], vpc["region"], vpc["associated"]) == wanted)

    def session(self, profile: str) -> boto3.Session:
        core = botocore.session.Session(profile=profile)
        # As the two variables of the environment would say.
        core.set_config_variable("config_file", str(self.home / "config"))
        core.set_config_variable("credentials_file", str(self.home / "config"))
        return boto3.Session(botocore_session=core)

    def client(self, service: str, profile: str, region: str | None = None) -> Any:  # noqa: ANN401 - any service's client
        make: Any = self.session(profile).client
        return make(service, region_name=region)

    def said(self) -> str:
        return self.output.read_text()


@contextmanager
def started(home: Path, *options: str, **environment: str) -> Iterator[Running]:
    output = home / "output"
    with output.open("w") as written:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command("--port", "0", "--dns-port", "0", "--home", str(home), "--seconds", "120", *options),
            cwd=ROOT,
            env=os.environ | environment,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Running(process, home, output)
    try:
        until(lambda: "Press Ctrl-C to stop" in running.said() or process.poll() is not None, START)
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("home")) as running:
        assert running.process.poll() is None, running.said()
        yield running


def ask(port: int, name: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, "A"), LOOPBACK, timeout=5, port=port)


def answers(port: int, name: str) -> set[str]:
    return {str(value) for answer in ask(port, name).answer for value in answer}


def launched(ec2: Any, subnet: str, name: str) -> tuple[str, str]:  # noqa: ANN401 - boto3's client
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    request = {"ImageId": "ami-12345678", "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    instance = ec2.run_instances(**request, TagSpecifications=tags)["Instances"][0]
    return instance["InstanceId"], instance["PrivateIpAddress"]


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


def finished(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        command(*options), cwd=ROOT, capture_output=True, text=True, timeout=START, check=False
    )


def test_a_taken_api_port_is_told(tmp_path: Path) -> None:
    """It says in one line which port, and what to do."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        end = finished("--port", str(port), "--home", str(tmp_path))
    assert end.returncode == 2
    assert end.stderr == f"{LOOPBACK}:{port}: Address already in use; choose another port with --port\n"


def test_a_taken_dns_port_is_told(tmp_path: Path) -> None:
    """It says in one line which port, and what to do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        end = finished("--port", "0", "--dns-port", str(port), "--home", str(tmp_path))
    assert end.returncode == 2
    assert end.stderr == f"{LOOPBACK}:{port}: Address already in use; choose other ports with --dns-port\n"


def test_faults_of_the_configuration_are_told(tmp_path: Path) -> None:
    """Each fault stands on stderr, with its line."""
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(example.CONFIG.read_text().replace("region: eu-central-1", "region: moon-1"))
    end = finished("--config", str(faulty), "--home", str(tmp_path))
    assert end.returncode == 2
    assert "hub.region: 'moon-1' is not an AWS region" in end.stderr
    assert "Traceback" not in end.stderr


def test_a_configuration_of_another_organization_is_told(tmp_path: Path) -> None:
    """All that the simulated organization does not have is named at once."""
    other = tmp_path / "other.yaml"
    text = example.CONFIG.read_text().replace(example.ORGANIZATION.id, "o-zzzzzzzzzz")
    other.write_text(text.replace(example.HUB, "777777777777").replace("instances.internal", "others.internal"))
    end = finished("--config", str(other), "--home", str(tmp_path))
    assert end.returncode == 2
    assert [line.partition(" is not in the simulated organization")[0] for line in end.stderr.splitlines()] == [
        "organization.id: 'o-zzzzzzzzzz'",
        "hub.account: '777777777777'",
        "zones: 'others.internal'",
    ]


def test_the_example_fits() -> None:
    """The committed configuration is one for the simulated organization."""
    assert misfits(load(example.CONFIG)) == ()


def test_a_failure_of_the_functions_ends_the_program() -> None:
    """What fails in the background sets the end, and is raised with its reason where the program can end by it."""
    over = threading.Event()

    def fail() -> None:
        raise PermissionError("no queue for you")

    with pytest.raises(FunctionsStopped, match="no queue for you") as stopped, repeating(fail, over):
        assert over.wait(PATIENCE)
    assert isinstance(stopped.value.__cause__, PermissionError)


class Request:
    """One request to an application, and what came of it."""

    def __init__(self, body: bytes, **environ: object) -> None:
        self.environ: WSGIEnvironment = {"wsgi.input": BytesIO(body), **environ}
        self.status = ""

    def start_response(self, status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        self.status = status
        return bytes


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield environ["wsgi.input"].read()


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "4"}, {"wsgi.input_terminated": True}])
def test_requests_wait_for_the_lock(environ: dict[str, object]) -> None:
    """A request is read whole, but not answered before what holds the lock is done."""
    lock = threading.Lock()
    request, got = Request(b"body", **environ), list[bytes]()
    app = one_at_a_time(echo, lock, lambda _text: None)
    with lock:
        thread = threading.Thread(target=lambda: got.extend(app(request.environ, request.start_response)))
        thread.start()
        thread.join(0.2)
        assert not request.status
    thread.join(PATIENCE)
    assert (request.status, got) == ("200 OK", [b"body"])


@pytest.mark.parametrize(
    ("error", "told_here"),
    [
        (NotImplementedError("DescribeMoons"), "DescribeMoons"),
        (KeyError("moons"), "Traceback (most recent call last):\n"),
    ],
)
def test_a_request_that_cannot_be_answered_is_told(error: Exception, told_here: str) -> None:
    """It gets an error with the reason, which is told here too, with its place unless that is known."""
    failures: list[str] = []
    lock = threading.Lock()

    def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise error

    request = Request(b"")
    answer = list(one_at_a_time(broken, lock, failures.append)(request.environ, request.start_response))
    assert request.status.startswith("500 ")
    assert repr(error).encode() in answer[0]
    assert len(failures) == 1
    assert failures[0].startswith(told_here)
    assert not lock.locked()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Task timed out", "Task timed out"),
        ({"_aws": {}, "NamesPublished": [1.0]}, None),
        ({"message": "event dropped", "message_id": "1", "reason": "no JSON"}, "event dropped: 1: no JSON"),
        ({"message": "name published", "dns_name": "a.", "changes": ["x", "y"]}, "name published: a.: x, y"),
    ],
)
def test_log_lines_are_told_for_a_person(line: dict[str, Any] | str, expected: str | None) -> None:
    """Message, subject and details in one line; metrics are no news."""
    assert log_text(line) == expected
