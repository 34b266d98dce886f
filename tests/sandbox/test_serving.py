"""The parts of the server: one request at a time, failures of its functions, and log lines for people."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from rich.console import Console

from sandbox.api_server import one_at_a_time
from sandbox.aws.cloudwatch.alarms import Change
from sandbox.aws.cloudwatch.rules.evaluation import State
from sandbox.home import write_private
from sandbox.narration import Narrator, log_text
from sandbox.server import FunctionsStopped, repeating
from sandbox.world import World
from tests.support.served import PATIENCE


def test_failure_of_the_functions_ends_the_program() -> None:
    """A failure in the background ends the program: it is raised in the foreground with its reason."""
    over = threading.Event()

    def fail() -> None:
        raise PermissionError("no queue for you")

    with pytest.raises(FunctionsStopped, match="no queue for you") as stopped, repeating(fail, over):
        assert over.wait(PATIENCE)
    assert isinstance(stopped.value.__cause__, PermissionError)


def test_keys_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    """Neither a link nor an open file that someone left in the place shows the keys, and the folder is private."""
    other, path = tmp_path / "other", tmp_path / "home" / "config"
    other.write_text("theirs")
    write_private(path, "first")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o666)
    with path.open() as opened:
        write_private(path, "second")
        assert opened.read() == "first"
    path.unlink()
    path.symlink_to(other)
    write_private(path, "third")
    assert (path.read_text(), path.stat().st_mode & 0o777, other.read_text()) == ("third", 0o600, "theirs")
    assert [each.name for each in path.parent.iterdir()] == ["config"]


def test_narrator_prints_no_control_characters(made: World) -> None:
    """Accounts choose tags. The terminal of who runs the sandbox does not obey them."""
    screen = StringIO()
    Narrator(made, {}, Console(file=screen)).report("bus", "Name=\x1b]0;x\x07web\nsecond line")
    assert screen.getvalue().endswith("Name=\\x1b]0;x\\x07web\nsecond line\n")


def test_narrator_tells_which_alarms_fire_and_clear(made: World) -> None:
    """An alarm that is well from the beginning is no news."""
    screen, place = StringIO(), ("222222222222", "eu-central-1")
    Narrator(made, {}, Console(file=screen)).report_alarms(
        [
            Change(place, "quiet", State.INSUFFICIENT_DATA, State.OK, 0, "no data"),
            Change(place, "deep", State.OK, State.ALARM, 0, "too deep"),
            Change(place, "deep", State.ALARM, State.OK, 0, "not deep"),
        ]
    )
    assert [line.partition(" ")[2] for line in screen.getvalue().splitlines()] == [
        "alarm     deep is ALARM: too deep",
        "alarm     deep is OK: not deep",
    ]


class Request:
    """A request to an application, and the status of its response."""

    def __init__(self, body: bytes, **environ: object) -> None:
        self.environ: WSGIEnvironment = {"wsgi.input": BytesIO(body), **environ}
        self.status = ""

    def start_response(self, status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        self.status = status
        return bytes


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield environ["wsgi.input"].read()


def test_requests_wait_for_the_lock() -> None:
    """A request is answered only after the lock is released."""
    lock = threading.Lock()
    request, received = Request(b"body"), list[bytes]()
    app = one_at_a_time(echo, lock, lambda _text: None)
    with lock:
        thread = threading.Thread(target=lambda: received.extend(app(request.environ, request.start_response)))
        thread.start()
        thread.join(0.2)
        assert not request.status
    thread.join(PATIENCE)
    assert (request.status, received) == ("200 OK", [b"body"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotImplementedError("DescribeMoons"), "DescribeMoons"),
        (KeyError("moons"), "Traceback (most recent call last):\n"),
    ],
)
def test_failed_request_is_reported(error: Exception, expected: str) -> None:
    """The response is an error with the reason. It is reported here, with a traceback unless it is a known limit."""
    failures: list[str] = []
    lock = threading.Lock()

    def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise error

    request = Request(b"")
    answer = list(one_at_a_time(broken, lock, failures.append)(request.environ, request.start_response))
    assert request.status.startswith("500 ")
    assert repr(error).encode() in answer[0]
    assert len(failures) == 1
    assert failures[0].startswith(expected)
    assert not lock.locked()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Task timed out", "Task timed out"),
        ({"_aws": {}, "NamesPublished": [1.0]}, None),
        (
            {"message": "event dropped", "message_id": "1", "reason": "not valid JSON"},
            "event dropped: 1: not valid JSON",
        ),
        ({"message": "name published", "dns_name": "a.", "changes": ["x", "y"]}, "name published: a.: x, y"),
    ],
)
def test_log_line_as_text(line: dict[str, Any] | str, expected: str | None) -> None:
    """A log line becomes message, subject and details. Metrics are left out."""
    assert log_text(line) == expected
