"""The exports of stacks, which other stacks of the account and region import.

"Get exports from a deployed CloudFormation stack"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html): the name of an export is
unique in its account and region, and an export that another stack imports can be neither changed nor deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation import parsing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from moto.cloudformation.models import CloudFormationBackend, Stack
    from moto.cloudformation.parsing import Export


def in_use(backend: CloudFormationBackend, stack: Stack, exported: Iterable[Export], verb: str = "deleted") -> str:
    """Why these exports of a stack cannot be deleted or changed; empty if they can."""
    for export in exported:
        for other in backend.stacks.values():
            if other is not stack and export.name in _imports(other):
                return f"Export {export.name} cannot be {verb} as it is in use by {other.name}"
    return ""


def changed(backend: CloudFormationBackend, stack: Stack, wanted: Iterable[Export]) -> str:
    """Why a stack cannot export what it wants to export; empty if it can."""
    new = {export.name: export.value for export in wanted}
    for name in new:
        owner = backend.exports.get(name)
        if owner is not None and owner.exporting_stack_id != stack.stack_id:
            name_of_owner = owner.exporting_stack_id.split("/")[1]
            return f"Export with name {name} is already exported by stack {name_of_owner}"
    present = [each for each in backend.exports.values() if each.exporting_stack_id == stack.stack_id]
    removed = [each for each in present if each.name not in new]
    other = [each for each in present if new.get(each.name, each.value) != each.value]
    return in_use(backend, stack, removed) or in_use(backend, stack, other, "updated")


def publish(backend: CloudFormationBackend, stack: Stack, wanted: Iterable[Export]) -> None:
    """Export exactly this."""
    withdraw(backend, stack)
    backend.exports.update({export.name: export for export in wanted})


def withdraw(backend: CloudFormationBackend, stack: Stack) -> None:
    """Export nothing more."""
    for name, export in list(backend.exports.items()):
        if export.exporting_stack_id == stack.stack_id:
            del backend.exports[name]


def _imports(stack: Stack) -> set[str]:
    """The names of the exports that a stack imports."""
    return {
        str(parsing.clean_json(name, stack.resource_map)) for name in _imported(stack.template_dict.get("Resources"))
    }


def _imported(node: object) -> Iterator[object]:
    if isinstance(node, list):
        for each in node:
            yield from _imported(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield value
            yield from _imported(value)
