"""Event source mappings: what Lambda refuses, and that this service polls their sources instead of the emulator.

A simulation, which cites its sources.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import LambdaClientError, UnknownFunctionException
from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.functions.rules import refusals, too_visible

if TYPE_CHECKING:
    from collections.abc import Iterator

# A function or mapping of the emulator, which ships no types.
Moto = Any
# arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME:ALIAS
_COLONS_WITH_QUALIFIER: Final = 7
# The result of a poll that found nothing, in LastProcessingResult.
NO_RECORDS: Final = "No records processed"


@contextmanager
def own_event_sources() -> Iterator[None]:
    """Keep the emulator from consuming the sources of event source mappings, while the context lasts.

    A mapping keeps the alias that it was given. The emulator would keep the version that the alias has at the time.
    """
    create, update = LambdaBackend.create_event_source_mapping, LambdaBackend.update_event_source_mapping

    def create_event_source_mapping(backend: Moto, spec: dict[str, Any]) -> Moto:
        of_stream = ":dynamodb:" in spec["EventSourceArn"]
        found = [*refusals(spec, of_stream=of_stream), *_of_visibility(backend, spec)]
        if found:
            raise LambdaClientError("InvalidParameterValueException", "; ".join(found))
        mapping = create(backend, spec)
        silence(backend.account_id, backend.region_name)
        return _qualified(mapping, spec)

    def update_event_source_mapping(backend: Moto, uuid: str, spec: dict[str, Any]) -> Moto:
        return _qualified(update(backend, uuid, spec), spec)

    configuration = EventSourceMapping.get_configuration

    def get_configuration(mapping: Moto) -> dict[str, Any]:
        answer: dict[str, Any] = configuration(mapping)
        return answer | {"LastProcessingResult": getattr(mapping, "last_result", NO_RECORDS)}

    with (
        replaced(EventSourceMapping, get_configuration=get_configuration),
        replaced(
            LambdaBackend,
            create_event_source_mapping=create_event_source_mapping,
            update_event_source_mapping=update_event_source_mapping,
        ),
    ):
        yield


def _of_visibility(backend: Moto, spec: dict[str, Any]) -> Iterator[str]:
    """Why Lambda refuses a mapping of a queue whose visibility timeout is too short for the function."""
    queues = sqs_backends[backend.account_id][backend.region_name].queues
    queue = queues.get(spec["EventSourceArn"].rpartition(":")[2])
    if queue and queue.queue_arn == spec["EventSourceArn"]:
        yield from too_visible(queue.visibility_timeout, backend.get_function(spec["FunctionName"]).timeout)


def _qualified(mapping: Moto, spec: dict[str, Any]) -> Moto:
    name = spec.get("FunctionName", "")
    if mapping and name.count(":") == _COLONS_WITH_QUALIFIER:
        mapping.function_arn = mapping.function_name = name
    return mapping


def qualifier_of_mapping(mapping: Moto) -> str:
    """The alias or version that a mapping invokes; empty if it invokes the function itself."""
    parts = mapping.function_arn.split(":", _COLONS_WITH_QUALIFIER)
    return str(parts[_COLONS_WITH_QUALIFIER]) if len(parts) > _COLONS_WITH_QUALIFIER else ""


def function_of(backend: Moto, mapping: Moto) -> Moto | None:
    """The function of a mapping, or None.

    A mapping outlives its function, version or alias ("DeleteFunction",
    https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html).
    """
    try:
        return backend.get_function(mapping.function_arn)
    except UnknownFunctionException:
        return None


def silence(account: str, region: str) -> None:
    """Keep the emulator from giving what the queues and tables of a region have to functions."""
    sources = (
        *sqs_backends[account][region].queues.values(),
        *dynamodb_backends[account][region].tables.values(),
    )
    for source in sources:
        source.lambda_event_source_mappings.clear()
