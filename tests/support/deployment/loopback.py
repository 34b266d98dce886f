"""A simulated organization's API on loopback, as `orgdns deploy` reaches it: with a profile for each account."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import example
from sandbox.api_server import answering
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.world import World
from tests.support.cli.command import machine_time

REGION = "eu-central-1"
PROFILES = {"hub": example.HUB, "network": example.NETWORK, "management": example.MANAGEMENT}


@contextmanager
def served(organization: World, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which a command reaches the organization. No API call may fail in the server."""
    credentials = folder / "credentials"
    credentials.write_text("".join(_profile(name, *organization.access_key(PROFILES[name])) for name in PROFILES))
    failures: list[str] = []
    with (
        socket.create_server((LOOPBACK, 0)) as listener,
        answering(listener, threading.Lock(), failures.append, machine_time),
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{listener.getsockname()[1]}",
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": REGION,
        }
        yield environment | {f"ORGDNS_{name.upper()}_PROFILE": name for name in PROFILES}
    assert failures == []


def _profile(name: str, key_id: str, secret: str) -> str:
    return f"[{name}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
