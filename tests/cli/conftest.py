"""The command in the simulated organization of a test module."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from sandbox.api_server import answering
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.example import HUB
from sandbox.world import World
from tests.support.command import REGION, Command


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    failures: list[str] = []
    key_id, secret = made.access_key(HUB)
    folder = tmp_path_factory.mktemp("elsewhere")
    # A package of the same name where the operator stands is none of the command's.
    (folder / "orgdns.py").write_text("raise RuntimeError")
    with socket.create_server((LOOPBACK, 0)) as listener, answering(listener, threading.Lock(), failures.append):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{listener.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield Command(environment, folder)
    assert failures == []
