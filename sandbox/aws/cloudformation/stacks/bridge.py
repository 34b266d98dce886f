"""Replaces the emulator's stacks and change sets by those of this package."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stacks import api, backend, change_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_STACKS: Final = (
    "create_stack",
    "delete_stack",
    "describe_stack_events",
    "describe_stack_resource",
    "describe_stack_resources",
    "describe_stacks",
    "get_template",
    "list_stack_resources",
    "list_stacks",
    "update_stack",
    "update_termination_protection",
)
_OF_CHANGE_SETS: Final = (
    "create_change_set",
    "delete_change_set",
    "describe_change_set",
    "execute_change_set",
    "list_change_sets",
)


@contextmanager
def stacks_answered() -> Iterator[None]:
    """Answer calls about stacks and change sets as AWS does while the context lasts."""
    with (
        replaced(
            CloudFormationBackend,
            create_stack=backend.create_stack,
            update_stack=backend.update_stack,
            delete_stack=backend.delete_stack,
        ),
        replaced(
            CloudFormationResponse,
            # The emulator would turn these into lists of pairs.
            RESPONSE_KEY_PATH_TO_TRANSFORMER={
                path: transform
                for path, transform in CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
                if not path.startswith("DescribeStacksOutput")
            },
            **{name: getattr(api, name) for name in _OF_STACKS},
            **{name: getattr(change_sets, name) for name in _OF_CHANGE_SETS},
        ),
    ):
        yield
