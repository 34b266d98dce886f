"""`orgdns` as an operator runs it: in a process of its own, against the sandbox's API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import time_machine

from orgdns.cli.__main__ import COMMANDS, module_of
from sandbox.api_server import answering
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.example import HUB
from sandbox.world import World
from tests.support.running import forked

REGION = "eu-central-1"
# The subcommands that need no AWS, and those that bring stacks into accounts or remove them.
OFFLINE = frozenset(name for name in COMMANDS if ".offline." in module_of(name))
DEPLOYING = frozenset(name for name in COMMANDS if ".deployment." in module_of(name))
CORP = "corp.internal"


@dataclass(frozen=True, slots=True)
class Command:
    """`orgdns`, run in another folder with its own environment."""

    environment: dict[str, str]
    folder: Path
    subcommand: tuple[str, ...] = ()

    def __call__(
        self, *arguments: str, code: int = 0, typed: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        given = [*self.subcommand, *arguments]
        with TemporaryFile() as read, TemporaryFile() as written, TemporaryFile() as errors:
            read.write(typed.encode())
            read.seek(0)
            streams = (read.fileno(), written.fileno(), errors.fileno())
            returned = forked.run(given, self.environment | environment, self.folder, streams)
            written.seek(0)
            errors.seek(0)
            end = subprocess.CompletedProcess(given, returned, written.read().decode(), errors.read().decode())
        assert end.returncode == code, (end.stdout, end.stderr)
        assert "Traceback" not in end.stderr
        assert "\x1b" not in end.stdout + end.stderr
        return end

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        end = self(*arguments, "--json", code=code)
        assert end.stderr == ""
        document: dict[str, Any] = json.loads(end.stdout)
        return document


def machine_time() -> float:
    """The machine's own time, which a separate process has, whatever the clock of the organization says."""
    hatch = time_machine.escape_hatch
    return hatch.time.time() if hatch.is_travelling() else time.time()


@contextmanager
def command_in(world: World, folder: Path) -> Iterator[Command]:
    """The command with the hub's credentials, run in a folder. No API call may fail in the server."""
    failures: list[str] = []
    key_id, secret = world.access_key(HUB)
    # The command must not import a package of the same name from the folder where the operator runs it.
    (folder / "orgdns.py").write_text("raise RuntimeError")
    lock = threading.Lock()
    with socket.create_server((LOOPBACK, 0)) as listener, answering(listener, lock, failures.append, machine_time):
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
