"""Creates, updates, restores and deletes the resources of one stack, and writes the events that CloudFormation writes.

A simulation of "Stack failure options" and "DeletionPolicy attribute"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html). The emulator
makes the resources.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation import parsing
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from sandbox.aws.cloudformation.stacks.state import record
from sandbox.aws.cloudformation.template import REPLACED, dependency_order
from sandbox.aws.iam.callers.application import check_handler
from sandbox.aws.iam.callers.guard import CallerDenied
from sandbox.aws.iam.callers.handlers import Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from moto.cloudformation.models import Stack

    from sandbox.aws.cloudformation.template import Template
    from sandbox.aws.iam.callers.guard import CallerGuard

# A resource of the emulator, which ships no types.
Moto = Any
RETAIN: Final = "Retain"
RETAIN_EXCEPT_ON_CREATE: Final = "RetainExceptOnCreate"


class Failed(Exception):
    """Resources that refused to be created, updated or deleted, by their logical ids. The message says why."""

    def __init__(self, names: Iterable[str], reason: str) -> None:
        super().__init__(reason)
        self.names = tuple(names)


class HandlerFailed(Exception):
    """A handler of a resource type failed. The message says why."""


def reason_of(refused: Exception) -> str:
    """What a service said, without the emulator's code before it."""
    return str(getattr(refused, "message", "") or refused)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a stack is made from: the text of a template, the template, the values of its parameters, and tags."""

    text: str
    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(slots=True)
class Resources:
    """The resources of a stack during one operation.

    Attributes:
        caller: In whose name they are made, if that is a caller with policies.
        created: The logical ids of those that the operation created, in order.
        updated: The former resources of those that it updated.
        failed: The resource whose update failed, if there is one.
    """

    stack: Stack
    caller: CallerGuard | None = None
    created: list[str] = field(default_factory=list)
    updated: dict[str, Moto] = field(default_factory=dict)
    failed: str | None = None

    @property
    def _map(self) -> Moto:
        return self.stack.resource_map

    @property
    def _parsed(self) -> dict[str, Moto]:
        parsed: dict[str, Moto] = self._map._parsed_resources
        return parsed

    def define(self, wanted: Definition) -> None:
        """Let references, conditions and names be those of this definition from now on."""
        resources = self._map
        resources._template, resources._resource_json_map = wanted.template, wanted.template["Resources"]
        resources.input_parameters = dict(wanted.parameters)
        resources.resolved_parameters = {}
        resources.tags = {
            **wanted.tags,
            "aws:cloudformation:stack-name": self.stack.name,
            "aws:cloudformation:stack-id": self.stack.stack_id,
        }
        resources.load()

    def create(self) -> None:
        """Create all resources of the definition that do not exist.

        Raises:
            Failed: at the first that cannot be created.
        """
        for name in self._wanted():
            if self._parsed.get(name) is None:
                self._create(name)

    def update(self, changed: Collection[str]) -> None:
        """Create what the definition has in addition, and update what exists and has changed.

        Raises:
            Failed: at the first that cannot be created or updated.
        """
        for name in self._wanted():
            if self._parsed.get(name) is None:
                self._create(name)
            elif name in changed:
                self._update(name)

    def restore(self) -> None:
        """Give the resources that were updated the properties of the definition, which is the former one.

        Raises:
            Failed: at the first that cannot be updated.
        """
        for name in self._wanted():
            if name == self.failed:
                # It kept its former state, or most of it.
                with suppress(Exception):
                    self._updated(name)
                self._event(name, "UPDATE_COMPLETE")
            elif name in self.updated:
                before = self.updated[name]
                self._event(name, "UPDATE_IN_PROGRESS")
                if before is not self._parsed[name] and self._type(name) in REPLACED:
                    replacement, self._parsed[name] = self._parsed[name], before
                    self._delete_physical(replacement, self._body(name))
                else:
                    self._updating(name)
                self._event(name, "UPDATE_COMPLETE")

    def undo_creations(self, attempted: Definition) -> None:
        """Delete what the operation created, in reverse order, unless its template retains it also then.

        Raises:
            Failed: if some cannot be deleted.
        """
        bodies = attempted.template["Resources"]
        self.delete({name: bodies[name] for name in reversed(self.created)}, kept_by=(RETAIN,))

    def surplus(self, former: Definition) -> dict[str, Any]:
        """The bodies of existing resources that the definition no longer has, those that depend on others first."""
        wanted = set(self._wanted())
        bodies = former.template["Resources"]
        order = reversed(dependency_order(bodies))
        return {name: bodies[name] for name in order if name not in wanted and self._parsed.get(name) is not None}

    def existing(self, skipped: Collection[str] = ()) -> dict[str, Any]:
        """The bodies of all existing resources, those that depend on others first."""
        bodies = self._map._resource_json_map
        order = reversed(dependency_order(bodies))
        return {name: bodies[name] for name in order if self._parsed.get(name) is not None and name not in skipped}

    def delete(self, bodies: Mapping[str, Any], kept_by: Collection[str] = (RETAIN, RETAIN_EXCEPT_ON_CREATE)) -> None:
        """Delete these resources, but those with a deletion policy that keeps them.

        Raises:
            Failed: if some cannot be deleted. All others are deleted then.
        """
        failed: dict[str, str] = {}
        for name, body in bodies.items():
            resource, kind = self._parsed[name], body["Type"]
            if body.get("DeletionPolicy") in kept_by:
                self._event(name, "DELETE_SKIPPED", kind=kind)
            else:
                self._event(name, "DELETE_IN_PROGRESS", kind=kind)
                try:
                    self._check(name, body, "delete")
                    self._delete_physical(resource, body)
                except Exception as refused:  # noqa: BLE001 - whatever a service refuses fails the deletion
                    failed[name] = reason_of(refused)
                    self._event(name, "DELETE_FAILED", failed[name], kind=kind)
                    continue
                self._event(name, "DELETE_COMPLETE", kind=kind)
            del self._parsed[name]
        if failed:
            raise Failed(failed, "; ".join(failed.values()))

    def _wanted(self) -> tuple[str, ...]:
        """The resources whose conditions hold, each after those that it depends on."""
        return tuple(name for name in dependency_order(self._map._resource_json_map) if self._holds(name))

    def _holds(self, name: str) -> bool:
        condition = self._body(name).get("Condition")
        return not condition or bool(self._map.lazy_condition_map[condition])

    def _create(self, name: str) -> None:
        # A name that belonged to a resource whose condition did not hold.
        self._parsed.pop(name, None)
        self._event(name, "CREATE_IN_PROGRESS")
        try:
            self._check(name, self._body(name), "create")
            resource = self._map[name]
            if isinstance(resource, TaggedEC2Resource):
                tags = {**self._map.tags, "aws:cloudformation:logical-id": name}
                backend = ec2_backends[self.stack.account_id][self.stack.region_name]
                backend.create_tags([resource.physical_resource_id], tags)
        except Exception as refused:
            self._parsed.pop(name, None)
            self._event(name, "CREATE_FAILED", reason_of(refused))
            raise Failed([name], reason_of(refused)) from refused
        self.created.append(name)
        self._event(name, "CREATE_COMPLETE")

    def _update(self, name: str) -> None:
        before = self._parsed[name]
        self._event(name, "UPDATE_IN_PROGRESS")
        try:
            self._updating(name)
        except Failed:
            self.failed = name
            raise
        self.updated[name] = before
        self._event(name, "UPDATE_COMPLETE")

    def _updating(self, name: str) -> None:
        try:
            self._updated(name)
        except Exception as refused:
            self._event(name, "UPDATE_FAILED", reason_of(refused))
            raise Failed([name], reason_of(refused)) from refused

    def _updated(self, name: str) -> None:
        stack = self.stack
        self._check(name, self._body(name), "update")
        self._parsed[name] = parsing.parse_and_update_resource(
            name, self._body(name), self._map, account_id=stack.account_id, region_name=stack.region_name
        )

    def _delete_physical(self, resource: Moto, body: Mapping[str, Any]) -> None:
        self._map._delete_resource(resource, body)

    def _check(self, name: str, body: dict[str, Any], handler: str) -> None:
        """Refuse what the caller may not do, in whose name CloudFormation calls the services.

        Raises:
            HandlerFailed: with the words of CloudFormation.
        """
        if self.caller is None:
            return
        _, resolved, _ = parsing.parse_resource_and_generate_name(name, body, self._map)
        stack = self.stack
        resource = Resource(body["Type"], resolved["Properties"], stack.name)
        try:
            check_handler(self.caller, resource, handler, stack.account_id, stack.region_name)
        except CallerDenied as denied:
            raise HandlerFailed(
                f'Resource handler returned message: "{denied}" (HandlerErrorCode: AccessDenied)'
            ) from denied

    def _body(self, name: str) -> dict[str, Any]:
        body: dict[str, Any] = self._map._resource_json_map[name]
        return body

    def _type(self, name: str) -> str:
        return str(self._body(name)["Type"])

    def _event(self, name: str, status: str, reason: str = "", *, kind: str = "") -> None:
        resource = self._parsed.get(name)
        physical = getattr(resource, "physical_resource_id", None)
        record(self.stack, name, kind or self._type(name), status, reason, str(physical or ""))
