"""The sandbox's server in a separate process, and its clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import dns.message
import dns.query
import dns.rcode

from sandbox.aws.resolution.server import LOOPBACK
from tests.support.build import ROOT

PATIENCE = 20.0


START = 180.0


ZONE = "Z0CORPINTERNAL0EXAMPL"


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until a condition is true, and fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition is not true after {seconds} s"
        time.sleep(0.1)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.server", *options]


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a separate process, and its output."""

    process: subprocess.Popen[str]
    home: Path
    output: Path

    def vpc(self, profile: str, region: str = "eu-central-1", *, associated: bool = True) -> dict[str, Any]:
        vpcs: list[dict[str, Any]] = json.loads((self.home / "vpcs.json").read_text())
        wanted = (profile, region, associated)
        return next(vpc for vpc in vpcs if (vpc["profile"], vpc["region"], vpc["associated"]) == wanted)

    def session(self, profile: str) -> boto3.Session:
        core = botocore.session.Session(profile=profile)
        # Sets what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE would set.
        core.set_config_variable("config_file", str(self.home / "config"))
        core.set_config_variable("credentials_file", str(self.home / "config"))
        return boto3.Session(botocore_session=core)

    def client(self, service: str, profile: str, region: str | None = None) -> Any:  # noqa: ANN401 - any service's client
        make: Any = self.session(profile).client
        return make(service, region_name=region)

    def printed(self) -> str:
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
        until(lambda: "Press Ctrl-C to stop" in running.printed() or process.poll() is not None, START)
        yield running
    finally:
        process.kill()
        process.wait()


def ask(port: int, name: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, "A"), LOOPBACK, timeout=5, port=port)


def answers(port: int, name: str) -> set[str]:
    return {str(value) for answer in ask(port, name).answer for value in answer}


def launched(ec2: Any, subnet: str, name: str) -> tuple[str, str]:  # noqa: ANN401 - boto3's client
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    request = {"ImageId": "ami-12345678", "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    instance = ec2.run_instances(**request, TagSpecifications=tags)["Instances"][0]
    return instance["InstanceId"], instance["PrivateIpAddress"]


def finished(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        command(*options), cwd=ROOT, capture_output=True, text=True, timeout=START, check=False
    )
