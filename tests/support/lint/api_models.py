"""What AWS's APIs refuse of a template: the models of the calls that CloudFormation makes, and rules between fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.functions.rules import refusals
from sandbox.aws.models import resources
from sandbox.aws.models.resources import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Resources that CloudFormation creates without a call that has these properties, with the reason.
WITHOUT_CALL: Final[Mapping[str, str]] = {
    "AWS::Events::EventBusPolicy": "PutPermission takes the statement as one text; the linter of policies reads it",
    "AWS::S3::BucketPolicy": "PutBucketPolicy takes the document as one text; the linter of policies reads it",
    "AWS::SQS::QueuePolicy": "SetQueueAttributes takes the document as one text; the linter of policies reads it",
}


def refused(template: Mapping[str, Any]) -> Iterator[str]:
    """What AWS would refuse of the resources of a template, each with its logical id."""
    for title, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        yield from (f"{title}: {fault}" for fault in resources.refusals(kind, _known(properties)))
        if kind == "AWS::Lambda::EventSourceMapping":
            yield from (f"{title}: {fault}" for fault in _of_mapping(properties, template["Resources"]))


def unknown_types(template: Mapping[str, Any]) -> set[str]:
    """The types of resources of which it is not known how CloudFormation creates them."""
    return {resource["Type"] for resource in template["Resources"].values()} - CALLS.keys() - WITHOUT_CALL.keys()


class _Unknown:
    """A value that only the deployment knows."""


def _known(value: Any) -> Any:  # noqa: ANN401 - any part of a template
    """A value with what only the deployment knows replaced by a value that breaks no constraint."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return _Unknown()
        return {key: _known(inner) for key, inner in value.items()}
    return [_known(inner) for inner in value] if isinstance(value, list) else value


def _of_mapping(properties: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[str]:
    """Rules between the fields of a mapping, its source and its function."""
    source = properties["EventSourceArn"]
    # A restored ledger has another stream, which a parameter names; the last branch is the stack's own.
    title, attribute = source.get("Fn::If", [source])[-1]["Fn::GetAtt"]
    of_stream = attribute == "StreamArn"
    yield from refusals(properties, of_stream=of_stream)
    if not of_stream:
        yield from _of_visibility(others[title]["Properties"], _timeout(properties, others))


def _of_visibility(queue: Mapping[str, Any], timeout: int) -> Iterator[str]:
    """Lambda refuses a visibility timeout below the function's timeout, and recommends six times that."""
    visible = queue.get("VisibilityTimeout", 30)
    if visible < 6 * timeout:
        yield f"VisibilityTimeout is {visible}, and must be at least six times the function's timeout of {timeout}"


def _timeout(properties: Mapping[str, Any], others: Mapping[str, Any]) -> int:
    """The timeout of the function whose alias a mapping runs."""
    alias = others[properties["FunctionName"]["Ref"]]["Properties"]
    return int(others[alias["FunctionName"]["Ref"]]["Properties"].get("Timeout", 3))
