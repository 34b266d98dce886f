"""A client of the emulated DynamoDB for several threads: the emulator is not made for them, and loses rows."""

from __future__ import annotations

from threading import Lock
from typing import Any


class OneAtATime:
    """Passes on one call at a time, and counts them."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - any client
        self._client = client
        self._lock = Lock()
        self.meta = client.meta
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def scan(self, **how: Any) -> Any:  # noqa: ANN401 - as the operation's
        return self._call("scan", how)

    def query(self, **how: Any) -> Any:  # noqa: ANN401 - as the operation's
        return self._call("query", how)

    def batch_get_item(self, **how: Any) -> Any:  # noqa: ANN401 - as the operation's
        return self._call("batch_get_item", how)

    def _call(self, name: str, how: dict[str, Any]) -> Any:  # noqa: ANN401 - as the operation's
        with self._lock:
            self.calls.append((name, how))
            return getattr(self._client, name)(**how)
