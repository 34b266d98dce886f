"""AWS's API on loopback: the emulator's own server, one request at a time.

It answers from the same backends as the bridges in this process, and only to those who have a key of this simulation.
Users and roles with policies may do only what these allow.
"""

from __future__ import annotations

import io
import threading
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sandbox.admission import Refused, check_signature, signature_of, unknown_key
from sandbox.aws.credentials import secret_of
from sandbox.aws.iam.callers.application import SIGNATURE, checked
from sandbox.aws.iam.callers.guard import Records
from sandbox.aws.resolution.server import LOOPBACK

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_POLL: Final = 0.1
# The body of a refused request that is read, so that its sender reads the answer instead of a broken connection.
_MOST_DISCARDED: Final = 1024 * 1024


class _Handler(MotoRequestHandler):  # type: ignore[misc]  # moto ships no types
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing: the narrator reports the effects of a request instead."""


def one_at_a_time(app: WSGIApplication, lock: threading.Lock, fail: Callable[[str], None]) -> WSGIApplication:
    """The application, handling one request at a time under the lock; `fail` receives the reason of each failure.

    While a function runs it owns what Python keeps once for a process: modules, environment, standard output. So
    whoever runs functions takes the same lock.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with lock:
            try:
                return _whole(app(environ, start_response))
            except NotImplementedError as missing:
                # The emulator lacks the operation. A traceback would not help.
                fail(str(missing))
                return _failed(start_response, missing)
            except Exception as error:  # noqa: BLE001 - an unanswerable request must not stop the server
                fail(traceback.format_exc())
                return _failed(start_response, error)

    return answer


def guarded(app: WSGIApplication, port: int, now: Callable[[], float]) -> WSGIApplication:
    """The application, answering only requests to this port that are signed now with a key of the simulation."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            signature = signature_of(environ, port)
            secret = secret_of(signature.key_id)
            if secret is None:
                raise unknown_key(signature.key_id)
            # Read the whole request before taking the lock, so that a slow sender does not block others.
            body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            check_signature(environ, body, signature, secret, now())
            environ[SIGNATURE] = signature
        except Refused as refused:
            _discard(environ)
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"The sandbox refuses the request: {refused}.\n".encode()]
        return app(environ, start_response)

    return answer


def _discard(environ: WSGIEnvironment) -> None:
    length = str(environ.get("CONTENT_LENGTH") or 0)
    if length.isascii() and length.isdigit() and int(length) <= _MOST_DISCARDED:
        environ["wsgi.input"].read(int(length))


def _failed(start_response: StartResponse, error: Exception) -> list[bytes]:
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [f"the emulator failed: {error!r}".encode()]


def _whole(parts: Any) -> list[bytes]:  # noqa: ANN401 - an iterable which may have a close(), by PEP 3333
    try:
        return list(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()


@contextmanager
def answering(
    listener: socket.socket,
    lock: threading.Lock,
    fail: Callable[[str], None],
    now: Callable[[], float] = time.time,
    records: Records | None = None,
) -> Iterator[None]:
    """Answer the listener's requests while the context lasts, and none afterwards.

    Args:
        listener: The socket.
        lock: What is held while a request is answered.
        fail: Receives the reason of each failure.
        now: The clients' clock.
        records: Receives what callers with policies do.
    """
    app = checked(DomainDispatcherApplication(create_backend_app), records or Records([], []))
    app = one_at_a_time(app, lock, fail)
    app = guarded(app, listener.getsockname()[1], now)
    server = make_server(LOOPBACK, 0, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        # Never released: a request that is still in progress must not see the organization while it is taken down.
        lock.acquire()
