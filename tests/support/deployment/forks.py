"""`orgdns` in forks of one process that has imported everything, and that has no simulation in it.

Run as a module, it reads orders from standard input, and answers each on standard output when its run has ended. A run
is the command's own main function, with the profiles of the environment, over HTTP. It can end itself at an AWS call as
`kill -9` ends it.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.handlers
from botocore.loaders import JSONFileLoader

# The command imports a subcommand when it runs.
from orgdns.cli.__main__ import main
from orgdns.cli.commands.deployment import deploy as _deploy  # noqa: F401 - as above
from orgdns.config.load import Config, load
from orgdns.deployment import opening
from orgdns.deployment.bundle import Bundle, built
from sandbox.aws.bridge import replaced
from tests.support.build import ROOT

# What a deployment calls.
SERVICES = (
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "iam",
    "lambda",
    "logs",
    "organizations",
    "ram",
    "route53",
    "s3",
    "sts",
)
EACH = 5
READING = re.compile(r"(Describe|Get|List|Head|Query|Scan|AssumeRole)")
# CloudFormation's ids of stacks and change sets are others in each run.
UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The times and the random part of the ledger's row that notes who deploys.
NOTE = re.compile(rb'[0-9]{13}#[0-9a-f]{8}|(?<="expires": \{"N": ")[0-9]+')
SCOPE = re.compile(rb"Credential=[^/]+/[^/]+/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Run:
    """The end of a run: its exit code (negative: the signal that killed it), what it printed, and its AWS calls."""

    code: int
    output: str
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kill:
    """At which call a run is killed.

    Attributes:
        spared: The calls at which earlier runs were killed. It is killed at none of these.
        after: Whether it is killed once the answer of the call has arrived, or before the request is sent.
        every: Whether every other call counts, or only every fifth one of those that change something.
    """

    spared: frozenset[str]
    after: bool
    every: bool


@dataclass(frozen=True, slots=True)
class Forks:
    """The process from which each run is forked."""

    process: subprocess.Popen[str]
    folder: Path

    def run(self, environment: Mapping[str, str], *arguments: str, kill: Kill | None = None) -> Run:
        """Run the command with these environment variables and arguments to its end, or until it is killed."""
        output, calls = self.folder / "output", self.folder / "calls"
        order = {
            "environment": dict(environment),
            "arguments": arguments,
            "output": str(output),
            "calls": str(calls),
            "kill": kill and {"spared": sorted(kill.spared), "after": kill.after, "every": kill.every},
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Run(code, output.read_text(), tuple(calls.read_text().splitlines()))


@contextmanager
def forks(folder: Path, config: Path) -> Iterator[Forks]:
    """The process, with what it takes to deploy this configuration at hand. It writes to files in the folder."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", __name__, str(config)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Forks(process, folder)


@dataclass
class Calls:
    """Writes the calls of this process to a file, and ends the process at one of them."""

    file: int
    spared: frozenset[str]
    after: bool
    every: bool
    kills: bool
    seen: Counter[str] = field(default_factory=Counter)
    last: str = ""
    passed: int = 0

    def before(self, request: Any, event_name: str, **_rest: object) -> None:
        """Botocore's event before it sends a request."""
        call = named(request, event_name.removeprefix("before-send."))
        self.seen[call] += 1
        self.last = f"{call} #{self.seen[call]}" if self.every else call
        os.write(self.file, f"{self.last}\n".encode())
        if not self.after:
            self.end()

    def received(self, **_answer: object) -> None:
        """Botocore's event after it received an answer."""
        if self.after:
            self.end()

    def end(self) -> None:
        if not self.kills or self.last in self.spared:
            return
        if not self.every and (READING.match(self.last.partition(".")[2]) or self._passes()):
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def _passes(self) -> bool:
        """Whether this is one of the calls that pass before the run is killed."""
        self.passed += 1
        return self.passed < EACH


def named(request: Any, operation: str) -> str:
    """A call with its region and whatever else distinguishes it from others, and nothing that is new in each run."""
    authorization = request.headers.get("Authorization", b"")
    scope = SCOPE.search(authorization if isinstance(authorization, bytes) else authorization.encode())
    body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
    content = NOTE.sub(b"", UUID.sub(b"", urlsplit(request.url).path.encode() + body))
    return f"{operation} {scope.group(1).decode() if scope else ''} {hashlib.sha256(content).hexdigest()[:8]}"


def forked(order: Mapping[str, Any]) -> int:
    """Run an order in a fork of this process; its exit code, or the negative number of the signal that ended it."""
    child = os.fork()
    if child == 0:
        _run(order)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _run(order: Mapping[str, Any]) -> None:
    """Run the command, and end this process as Python would end, but without what it shares with its parent."""
    code = 70
    try:
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for here, there in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(here, there)
        kill = order["kill"] or {"spared": [], "after": False, "every": True}
        calls = Calls(
            os.open(order["calls"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            frozenset(kill["spared"]),
            kill["after"],
            kill["every"],
            kills=bool(order["kill"]),
        )
        botocore.handlers.BUILTIN_HANDLERS += [("before-send", calls.before), ("response-received", calls.received)]
        gc.disable()
        os.environ.update(order["environment"])
        try:
            code = main(order["arguments"])
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception:  # noqa: BLE001 - a test shows what it was
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def serve(config: Path) -> None:
    """Answer orders until standard input ends.

    What each run would compute or read from disk in the same way is at hand. No run waits: the simulated organization
    goes on with each question, not with time.
    """
    bundles = dict[str, Bundle]()

    def built_once(loaded: Config, source: str) -> Bundle:
        key = source + loaded.model_dump_json()
        bundles[key] = bundles.get(key) or built(loaded, source)
        return bundles[key]

    loader: Any = JSONFileLoader()
    read = functools.cache(loader.load_file)
    with (
        replaced(opening, built=built_once),
        replaced(JSONFileLoader, load_file=lambda _self, path: read(path)),
        replaced(time, sleep=lambda _seconds: None),
    ):
        session: Any = boto3.Session(region_name="us-east-1")
        for service in SERVICES:
            session.client(service)
        built_once(load(config), config.name)
        # A run would copy each page of objects that its garbage collector looks at.
        gc.collect()
        gc.freeze()
        for line in sys.stdin:
            built_once(load(config), config.name)
            sys.stdout.write(f"{forked(json.loads(line))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
