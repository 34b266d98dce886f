"""The stacks, the functions behind their aliases, and their event source mappings. Each raises what AWS answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hub.runtime import contract
from orgdns.cli.reports.doctor.facts import Function, Source, Stack, Stream
from orgdns.cli.reports.ledger_stream import sources as queues_of
from orgdns.cli.sources.doctor.reading import missing
from orgdns.cli.sources.ledger_stream import mapping_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

    from hub.runtime.installation import Names
    from orgdns.cli.reports.ledger_stream import LedgerTable


@dataclass(frozen=True, slots=True)
class Live:
    """A function as its alias shows it, with its ARN and environment, which are empty if there is none."""

    function: Function
    arn: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether the function and its alias exist."""
        return bool(self.function.version)


def stack(client: CloudFormationClient, name: str) -> Stack:
    """The status of a stack."""
    try:
        (found,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # A stack that does not exist is a ValidationError, and nothing else is for a valid name ("DescribeStacks",
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
        if missing(error, "ValidationError"):
            return Stack(name, "")
        raise
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
    return Stack(name, found["StackStatus"], found.get("StackStatusReason", ""), outputs)


def live(client: LambdaClient, name: str) -> Live:
    """The version of a function that its alias names."""
    try:
        found = client.get_function_configuration(FunctionName=name, Qualifier=contract.LIVE_ALIAS)
    except ClientError as error:
        if missing(error, "ResourceNotFoundException"):
            return Live(Function(name))
        raise
    function = Function(name, found.get("Version", ""), found.get("CodeSha256", ""), found.get("State", ""))
    return Live(function, found.get("FunctionArn", ""), found.get("Environment", {}).get("Variables", {}))


def sources(client: LambdaClient, functions: Iterable[Live], names: Names) -> tuple[Source, ...]:
    """The event source mapping of each function for its queue, if it has one."""
    queues = queues_of(names)
    return tuple(
        _source(client, each, queues[each.function.name]) for each in functions if each.function.name in queues
    )


def stream(client: LambdaClient, publisher: Live, historian: Live | None, table: LedgerTable) -> Stream:
    """The ledger's stream, and the event source mappings of the publisher and of the historian, if there is one."""
    of_publisher, of_historian = (
        tuple(mapping_of(each) for each in _mappings(client, function)) if function and function.found else ()
        for function in (publisher, historian)
    )
    return Stream(table, of_publisher, None if historian is None else of_historian)


def _source(client: LambdaClient, live_function: Live, queue: str) -> Source:
    name = live_function.function.name
    for each in _mappings(client, live_function):
        if each.get("EventSourceArn", "").rpartition(":")[2] == queue:
            concurrency = each.get("ScalingConfig", {}).get("MaximumConcurrency", 0)
            return Source(name, queue, mapping_of(each), concurrency)
    return Source(name, queue)


def _mappings(client: LambdaClient, live_function: Live) -> Iterator[EventSourceMappingConfigurationTypeDef]:
    """The mappings that call the function's alias."""
    functions = live_function.arn.partition(":function:")[0]
    alias = f"{functions}:function:{live_function.function.name}:{contract.LIVE_ALIAS}"
    for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=alias):
        yield from page["EventSourceMappings"]
