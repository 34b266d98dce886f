"""A fault at any AWS call of a deployed function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Millis
from sandbox.aws.bridge import replaced
from sandbox.aws.functions.service import Killed
from sandbox.world import World

_THROTTLED = {"route53": "Throttling", "ec2": "RequestLimitExceeded"}


@dataclass
class Faults:
    """The fault to inject, and how many calls of the functions pass first: those of a kind, or all without one.

    `called` are the calls since the last fault was armed, and `struck` is the one that the last fault struck.
    """

    fault: str | None = None
    calls: int = 0
    kind: str = ""
    called: list[str] = field(default_factory=list)
    struck: str = ""
    guard: Any = None
    # Gets the time of each change of a zone that Route 53 has accepted, whoever sent it.
    accepted: Callable[[Millis], None] = lambda _: None

    def around(self, send: Any, client: Any, operation: str, parameters: Any) -> Any:  # noqa: ANN401 - botocore's own
        def call(*sent: Any) -> Any:  # noqa: ANN401 - as above
            answer = send(*sent)
            if operation == "ChangeResourceRecordSets":
                self.accepted(Millis(round(answer["ChangeInfo"]["SubmittedAt"].timestamp() * 1_000)))
            return answer

        if self.guard._guarded_role(client) is None:  # noqa: SLF001 - only the guard knows whose client it is
            return call(client, operation, parameters)
        self.called.append(_called(operation, parameters))
        if self.fault is None or self.kind not in {"", self.called[-1]}:
            return call(client, operation, parameters)
        self.calls -= 1
        if self.calls >= 0:
            return call(client, operation, parameters)
        fault, self.fault, self.struck = self.fault, None, self.called[-1]
        if fault == "killed before":
            raise Killed
        if fault in {"throttled", "denied"}:
            service = client.meta.service_model.service_name
            code = _THROTTLED.get(service, "ThrottlingException") if fault == "throttled" else "AccessDenied"
            raise client.exceptions.from_code(code)({"Error": {"Code": code, "Message": fault}}, operation)
        call(client, operation, parameters)
        if fault == "killed after":
            raise Killed
        raise ReadTimeoutError(endpoint_url=client.meta.endpoint_url)


@contextmanager
def faults_injected(made: World) -> Iterator[Faults]:
    """Inject faults into the functions' AWS calls while the context lasts."""
    faults = Faults(guard=made.guard)
    boundary: Any = BaseClient
    call = boundary._make_api_call  # noqa: SLF001 - where every call of AWS passes

    def with_faults(client: Any, operation: str, parameters: Any) -> Any:  # noqa: ANN401 - as above
        return faults.around(call, client, operation, parameters)

    with replaced(BaseClient, _make_api_call=with_faults):
        yield faults


def _called(operation: str, parameters: Any) -> str:  # noqa: ANN401 - botocore's own
    """The operation of a call, and for a row that it writes, which kind of row."""
    row = parameters.get("Item") or parameters.get("Key") or {}
    if operation == "BatchWriteItem":
        request = parameters["RequestItems"][NAMES.ledger_table][0]
        row = request["PutRequest"]["Item"] if "PutRequest" in request else request["DeleteRequest"]["Key"]
    keys = [row[part]["S"] for part in (contract.PARTITION_KEY, contract.SORT_KEY) if part in row]
    return " ".join([operation, *(key.replace("/", "#").partition("#")[0] for key in keys)])
