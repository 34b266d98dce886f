"""Processes of `orgdns` that need not import what it imports: they are forked from a process that has done so.

Importing the AWS SDK and reading its descriptions of services take ten times as long as most subcommands need
otherwise. A forked process has arguments, an environment, a folder, and standard streams of its own, and nothing of
the tests'. `tests/cli/test_starting.py` and `tests/install` start the command as an operator does.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.build import ROOT

# What most subcommands call.
SERVICES = (
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "iam",
    "lambda",
    "organizations",
    "route53",
    "sqs",
    "sts",
)
PATIENCE = 60.0
_MOST = 1_000_000
_STREAMS = 3


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: tuple[int, int, int]) -> int:
    """Run `orgdns` with standard input, output and error on these file descriptors; its exit code.

    Raises:
        TimeoutError: after a minute.
    """
    connection, _ = start()
    request = json.dumps([list(arguments), dict(environment), str(folder)]).encode()
    socket.send_fds(connection, [request], list(streams))
    return int(connection.recv(_MOST))


@cache
def start() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that forks, if it is not running; a connection to it, and the process."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    code = f"from {__name__} import serve; serve({its.fileno()})"
    process = subprocess.Popen(  # noqa: S603 - the code is this module's own
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"},
        stdin=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
    )
    its.close()
    atexit.register(_end, ours, process)
    return ours, process


def _end(connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.wait()


def serve(descriptor: int) -> None:
    """Fork a process for each request until the connection ends. Each answer is an exit code."""
    _import_all()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as connection:
        while True:
            message, descriptors, _, _ = socket.recv_fds(connection, _MOST, _STREAMS)
            if not message:
                return
            child = os.fork()
            if child == 0:
                connection.close()
                _become(json.loads(message), descriptors)
            for each in descriptors:
                os.close(each)
            _, status = os.waitpid(child, 0)
            connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def _import_all() -> None:
    """Import what the subcommands import, and read what the SDK knows of services."""
    commands: Any = import_module("orgdns.cli.__main__")
    for name in commands.COMMANDS:
        import_module(commands.module_of(name))
    loaders: Any = import_module("botocore.loaders")
    # Each file is parsed once. Nothing changes what was read.
    loaders.JSONFileLoader.load_file = cache(loaders.JSONFileLoader.load_file)
    session: Any = import_module("boto3").Session(aws_access_key_id="none", aws_secret_access_key="none")
    for service in SERVICES:
        session.client(service, region_name="eu-central-1")


def _become(request: tuple[list[str], dict[str, str], str], descriptors: Sequence[int]) -> None:
    """Be the command from here on, as `bin/orgdns` starts it."""
    arguments, environment, folder = request
    for stream, descriptor in enumerate(descriptors):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment | {"PYTHONPATH": str(ROOT)})
    os.chdir(folder)
    streams: Any = sys
    streams.stdin = streams.__stdin__ = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r")), "utf-8")
    streams.stdout = streams.__stdout__ = _written(1)
    streams.stderr = streams.__stderr__ = _written(2)
    sys.argv = ["orgdns", *arguments]
    code = 1
    try:
        del sys.modules["orgdns.cli.__main__"]
        runpy.run_module("orgdns.cli", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = _exit_code(end.code)
    except BaseException:  # noqa: BLE001 - the interpreter shows all of them, too
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _written(descriptor: int) -> io.TextIOWrapper:
    buffer = io.BufferedWriter(io.FileIO(descriptor, "w"))
    return io.TextIOWrapper(buffer, "utf-8", line_buffering=os.isatty(descriptor) or descriptor == 2)


def _exit_code(given: object) -> int:
    if given is None or isinstance(given, int):
        return given or 0
    sys.stderr.write(f"{given}\n")
    return 1
