"""What Lambda refuses of an event source mapping. Pure.

"CreateEventSourceMapping" (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html), "Lambda
parameters for Amazon SQS event source mappings"
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html), "Lambda parameters for Amazon DynamoDB
event source mappings" (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html). The ranges of single
fields are in the API's model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_WITHOUT_WINDOW: Final = 10
_STREAM_ONLY: Final = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "TumblingWindowInSeconds",
)
# Seconds. The API's model allows more for Kinesis.
_LEAST_RECORD_AGE: Final = 60


def refusals(mapping: Mapping[str, Any], *, of_stream: bool) -> Iterator[str]:
    """Why Lambda refuses a mapping of a DynamoDB stream, or of a standard queue."""
    concurrency = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
    # The API's model says this of streams, too, but a mapping of a stream without a window is common. Only what a
    # mapping of a stream says itself is refused.
    window = mapping.get("MaximumBatchingWindowInSeconds", 1 if of_stream else 0)
    if mapping.get("BatchSize", _MOST_WITHOUT_WINDOW) > _MOST_WITHOUT_WINDOW and window < 1:
        yield f"a BatchSize above {_MOST_WITHOUT_WINDOW} needs a MaximumBatchingWindowInSeconds of at least 1"
    if of_stream:
        if mapping.get("StartingPosition") not in {"TRIM_HORIZON", "LATEST"}:
            yield "a mapping of a DynamoDB stream must start at TRIM_HORIZON or LATEST"
        age = mapping.get("MaximumRecordAgeInSeconds", -1)
        if -1 != age < _LEAST_RECORD_AGE:
            yield f"MaximumRecordAgeInSeconds must be -1 or at least {_LEAST_RECORD_AGE}"
        if concurrency is not None:
            yield "ScalingConfig is not for streams"
        return
    yield from (f"{name} is not for queues" for name in _STREAM_ONLY if name in mapping)


def too_visible(visibility: int, timeout: int) -> Iterator[str]:
    """Why Lambda refuses a mapping of a queue whose messages become visible again while the function works.

    "Configuring a queue" (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). The message is
    Lambda's own.
    """
    if visibility < timeout:
        yield f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
