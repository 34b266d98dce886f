"""AWS's API on loopback: the emulator's own server, one request at a time.

It answers from the same backends that the bridges in this process stand on.
"""

from __future__ import annotations

import io
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sandbox.aws.resolution.server import LOOPBACK

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_POLL: Final = 0.1


class _Handler(MotoRequestHandler):  # type: ignore[misc]  # moto ships no types
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: what a request brings about is told, the request is not."""


def one_at_a_time(app: WSGIApplication, lock: threading.Lock, fail: Callable[[str], None]) -> WSGIApplication:
    """The application, answering a request only while it holds the lock; `fail` is told why one has no answer.

    A function has what Python holds once for a process to itself while it runs: modules, environment, standard output.
    Whoever runs functions beside it takes the same lock.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The whole request first: who sends it slowly must not hold up the others.
        body = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(body.read())
        else:
            environ["wsgi.input"] = io.BytesIO(body.read(int(environ.get("CONTENT_LENGTH") or 0)))
        with lock:
            try:
                return _whole(app(environ, start_response))
            except NotImplementedError as missing:
                # The emulator does not have the operation; where it found that out is of no use to anybody.
                fail(str(missing))
                return _failed(start_response, missing)
            except Exception as error:  # noqa: BLE001 - a request that the emulator cannot answer is not the end
                fail(traceback.format_exc())
                return _failed(start_response, error)

    return answer


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
def answering(listener: socket.socket, lock: threading.Lock, fail: Callable[[str], None]) -> Iterator[None]:
    """Answer requests that come to the listener while the context lasts, and none afterwards."""
    app = one_at_a_time(DomainDispatcherApplication(create_backend_app), lock, fail)
    server = make_server(LOOPBACK, 0, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        # Never given back: a request that is still on its way must not see the organization being taken down.
        lock.acquire()
