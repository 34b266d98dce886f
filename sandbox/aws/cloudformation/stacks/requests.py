"""Reads what a caller submits about a stack, and refuses what CloudFormation refuses.

"CreateChangeSet", "CreateStack" and "UpdateStack"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, ValidationError

from sandbox.aws.cloudformation.stacks.engine import Definition
from sandbox.aws.cloudformation.stacks.operations import ROLLBACK, Options
from sandbox.aws.cloudformation.stacks.state import RollbackConfiguration, state_of
from sandbox.aws.cloudformation.template import (
    TemplateRefused,
    check_capabilities,
    check_types,
    complete_parameters,
    dependency_order,
    parsed_template,
)
from sandbox.aws.iam.callers.guard import current_caller
from sandbox.aws.quotas.rules import QuotaExceeded, check_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.cloudformation.models import Stack
    from moto.cloudformation.responses import CloudFormationResponse

Json = dict[str, Any]
# An answer of the emulator's API, which ships no types.
Moto = Any


class InsufficientCapabilities(CloudFormationError):  # type: ignore[misc]  # moto ships no types
    """The template contains resources whose creation the caller does not acknowledge."""

    code = "InsufficientCapabilitiesException"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a caller submitted: what a stack is made from, and how."""

    wanted: Definition
    options: Options
    notifications: tuple[str, ...] = ()


def submitted(request: CloudFormationResponse, previous: Stack | None) -> Submission:
    """The submission of a request for a new stack, or for a change of the previous one.

    Raises:
        ValidationError: if the template or its parameters are not acceptable.
        InsufficientCapabilities: if the capabilities are not.
    """
    text = _text(request, previous)
    capabilities = tuple(request._get_param("Capabilities") or ())
    given = _given(request._get_param("Parameters") or [], previous)
    wanted = checked(text, given, capabilities)
    tags = request._get_param("Tags")
    if tags is None and previous is not None:
        labels = dict(previous.tags)
    else:
        labels = {each["Key"]: each["Value"] for each in tags or ()}
    rollback = request._get_param("RollbackConfiguration")
    kept = state_of(previous).rollback if previous is not None and rollback is None else None
    options = Options(
        on_failure=_on_failure(request),
        token=request._get_param("ClientRequestToken"),
        rollback=kept or RollbackConfiguration.of(rollback or {}),
        capabilities=capabilities,
        role_arn=request._get_param("RoleARN"),
        caller=current_caller(),
    )
    return Submission(replace(wanted, tags=labels), options, tuple(request._get_param("NotificationARNs") or ()))


def checked(text: str, given: Mapping[str, str], capabilities: tuple[str, ...] | None) -> Definition:
    """What a stack is made from by a template and these parameters.

    Raises:
        ValidationError: if the template or its parameters are not acceptable.
        InsufficientCapabilities: if the capabilities are not. None acknowledges everything.
    """
    try:
        template = parsed_template(text)
        check_types(template, parsing.get_model_map().keys())
        complete = complete_parameters(template, given)
        check_template(template, complete)
        dependency_order(template["Resources"])
    except (QuotaExceeded, TemplateRefused) as refused:
        raise ValidationError(message=str(refused)) from refused
    if capabilities is not None:
        try:
            check_capabilities(template, capabilities)
        except TemplateRefused as refused:
            raise InsufficientCapabilities(str(refused)) from refused
    return Definition(text, template, complete, {})


def _text(request: Moto, previous: Stack | None) -> str:
    body, url = request._get_param("TemplateBody"), request._get_param("TemplateURL")
    reuse = bool(request._get_param("UsePreviousTemplate"))
    if reuse and (body or url):
        raise ValidationError(message="You cannot specify both usePreviousTemplate and Template Body/Template URL.")
    if body and url:
        raise ValidationError(message="Specify exactly one of 'TemplateBody' or 'TemplateUrl'")
    if reuse and previous is not None:
        return str(previous.template)
    if not body and not url:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    return str(request._get_stack_from_s3_url(url) if url else body)


def _given(listed: list[Json], previous: Stack | None) -> dict[str, str]:
    given: dict[str, str] = {}
    for each in listed:
        key, value = each["ParameterKey"], each.get("ParameterValue")
        if each.get("UsePreviousValue"):
            if value:
                raise ValidationError(
                    message=f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non "
                    "empty value for a parameter"
                )
            if previous is None or key not in previous.parameters:
                raise ValidationError(
                    message=f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            given[key] = previous.parameters[key]
        elif value is None:
            raise ValidationError(
                message=f"Invalid input for parameter key {key}. Need to specify either usePreviousValue as true or a "
                "value for a parameter"
            )
        else:
            given[key] = value
    return given


def _on_failure(request: Moto) -> str:
    disabled = request._get_param("DisableRollback")
    chosen = request._get_param("OnFailure") or request._get_param("OnStackFailure")
    if disabled is not None and chosen:
        raise ValidationError(message="Only one of OnFailure and DisableRollback can be specified")
    return "DO_NOTHING" if disabled else str(chosen or ROLLBACK)
