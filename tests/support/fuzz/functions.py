"""The five functions as they are deployed, over APIs in memory: real entry points, use cases, adapters and SDK."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any, Final

import pytest

from hub.runtime import bootstrap, contract, handlers, historian, telemetry
from hub.runtime.aws import sessions, settings
from hub.runtime.aws.compose import keeping
from hub.runtime.policy import compiled
from hub.runtime.policy.zone_ids import encoded
from tests.support.fuzz.aws import Aws, SimulatedSession
from tests.support.fuzz.organization import ENVIRONMENT, ZONES, Organization, config

Response = Mapping[str, Any]
START: Final = 1_800_000_000.0


class SimulatedTime:
    """The time of the functions, which passes as they sleep."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> float:
        self.now += 0.001
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Context:
    """What Lambda says of an invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:222222222222:function:function"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@dataclass
class Functions:
    """Invokes the functions, each time in a new execution environment."""

    session: SimulatedSession
    clock: SimulatedTime

    def invoke(self, aws: Aws, function: str, *records: Mapping[str, Any]) -> Response:
        """The response of a function to these records."""
        self.session.aws = aws
        _forget()
        telemetry.metrics.clear_metrics()
        self.clock.now += 1
        with redirect_stdout(StringIO()):
            entry_point = getattr(historian if function == "historian" else handlers, function)
            response: Response = entry_point({"Records": list(records)}, _Context())
        assert set(response) == {"batchItemFailures"}
        known = {identity_of(record) for record in records}
        assert {failed["itemIdentifier"] for failed in response["batchItemFailures"]} <= known
        return response

    def failed(self, organization: Organization, function: str, *records: Mapping[str, Any]) -> set[str]:
        response = self.invoke(Aws(organization), function, *records)
        return {failed["itemIdentifier"] for failed in response["batchItemFailures"]}


def _forget() -> None:
    """Begin a new execution environment: nothing that a use case needs is made yet."""
    for made in (*vars(bootstrap).values(), *vars(keeping).values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()


def identity_of(record: Any) -> str:  # noqa: ANN401 - a record may be anything
    """What a partial batch response calls a record."""
    with suppress(Exception):
        return str(record["messageId"] if "messageId" in record else record["dynamodb"]["SequenceNumber"])
    return ""


@contextmanager
def deployed() -> Iterator[Functions]:
    """The functions with the configuration of the organization in memory."""
    session, clock = SimulatedSession(), SimulatedTime()
    text = compiled.to_json(config().compiled_policy())
    level = telemetry.logger.log_level
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv(contract.ENV_ZONE_IDS, encoded(ZONES))  # type: ignore[arg-type]  # domains
        patch.setenv(contract.ENV_LIMITS, json.dumps(asdict(config().guards.limits)))
        patch.setattr(settings, "policy_text", lambda: text)
        patch.setattr(sessions, "session", lambda: session)
        patch.setattr(bootstrap, "session", lambda: session)
        patch.setattr(bootstrap, "time", clock)
        telemetry.logger.setLevel(logging.CRITICAL)
        settings.policy.cache_clear()
        yield Functions(session, clock)
        telemetry.logger.setLevel(level)
    settings.policy.cache_clear()
    _forget()
