"""The sandbox's API as its clients reach it: over HTTP, with requests signed in full, in part, or not at all."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from sandbox.api_server import answering
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.world import World

REGION = "eu-central-1"
DESCRIBE = b"Action=DescribeInstances&Version=2016-11-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a request."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Api:
    """The API of a simulated organization on a port of loopback."""

    made: World
    port: int

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send exactly this request."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read().decode())
        finally:
            connection.close()

    def signed(
        self,
        account: str | Credentials,
        service: str = "ec2",
        body: bytes = DESCRIBE,
        *,
        method: str = "POST",
        path: str = "/",
        **headers: str,
    ) -> dict[str, str]:
        """The headers of a request, signed with an administrator's key of the account, or with this key.

        Underscores in names of headers become hyphens.
        """
        key = Credentials(*self.made.access_key(account)) if isinstance(account, str) else account
        given = FORM | {"Host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest(method, f"http://{given['Host']}{path}", given, body)
        (S3SigV4Auth if service == "s3" else SigV4Auth)(key, service, REGION).add_auth(request)
        return dict(request.headers.items())

    def client(self, service: str, account: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's client
        """A client as a person has who copied the account's key."""
        key_id, secret = self.made.access_key(account)
        return self.client_with(service, key_id, secret, **options)

    def client_with(self, service: str, key_id: str, secret: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's client
        make: Any = boto3.client
        chosen = {"endpoint_url": f"http://{self.host}", "region_name": REGION} | options
        once = Config(retries={"total_max_attempts": 1})
        return make(service, aws_access_key_id=key_id, aws_secret_access_key=secret, config=once, **chosen)


@contextmanager
def served(made: World) -> Iterator[Api]:
    """Serve the organization's API, whose requests must not fail."""
    failures: list[str] = []
    with socket.create_server((LOOPBACK, 0)) as listener, answering(listener, threading.Lock(), failures.append):
        yield Api(made, listener.getsockname()[1])
    assert failures == []


def program(marker: Path) -> bytes:
    """A package whose code leaves a mark on the machine, whatever part of it is imported or called."""
    text = f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n\n\ndef observer(event, context):\n    pass\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("hub/__init__.py", "hub/runtime/__init__.py", "hub/runtime/handlers.py"):
            archive.writestr(name, text)
    return buffer.getvalue()
