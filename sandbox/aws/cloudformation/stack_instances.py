"""Stack instances, and the operations that create or update many of them.

A simulation of "StackSet operation options" and "Choose the Concurrency Mode for StackSets"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackset-ops-options.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/concurrency-mode.html). Operations take no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, StackInstance, StackSet, cloudformation_backends
from moto.moto_api._internal import mock_random

from sandbox.aws.cloudformation.stack_sets.operations import carried_out
from sandbox.aws.regions import Regions

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]
_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Preferences:
    """How many accounts of a Region an operation may fail in, and how many it works on at once.

    Percentages are rounded down, but at least one account is worked on ("StackSetOperationPreferences",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html).
    """

    tolerance: float = 0
    tolerance_in_percent: bool = False
    concurrent: float = 1
    concurrent_in_percent: bool = False
    soft: bool = False
    parallel: bool = False

    @classmethod
    def of(cls, preferences: Json) -> Preferences:
        """Read the preferences from the resource's properties."""
        percent, percent_at_once = "FailureTolerancePercentage", "MaxConcurrentPercentage"
        tolerance = preferences.get(percent) or preferences.get("FailureToleranceCount") or 0
        at_once = preferences.get(percent_at_once) or preferences.get("MaxConcurrentCount") or 1
        return cls(
            float(tolerance),
            percent in preferences,
            float(at_once),
            percent_at_once in preferences,
            preferences.get("ConcurrencyMode") == "SOFT_FAILURE_TOLERANCE",
            preferences.get("RegionConcurrencyType") == "PARALLEL",
        )

    def tolerated(self, accounts: int) -> int:
        """How many of these accounts may fail in a Region."""
        return int(self.tolerance * accounts / _ALL) if self.tolerance_in_percent else int(self.tolerance)

    def at_once(self, accounts: int) -> int:
        """How many of these accounts are worked on at once. Strict tolerance allows one more than may fail."""
        wanted = self.concurrent * accounts / _ALL if self.concurrent_in_percent else self.concurrent
        limit = accounts if self.soft else self.tolerated(accounts) + 1
        return max(1, min(int(wanted), limit))


class RealStackInstance(StackInstance):  # type: ignore[misc]  # moto ships no types
    """A stack instance with a real stack in its account and region, where the account sees it.

    `status`, `detailed` and `reason` are those of its last operation ("StackInstanceSummary",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceSummary.html). An operation fails
    where the Region is disabled in the account ("Prepare to perform StackSet operations in AWS Regions that are
    disabled by default", https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-opt-in-regions.html).
    """

    # The regions of the simulation.
    regions: ClassVar[Regions] = Regions()

    def __init__(self, stack_set: StackSet, account_id: str, region_name: str) -> None:
        self.account_id = account_id
        self.region_name = region_name
        self.stackset_id = stack_set.id
        self.name = stack_set.name
        self.template = stack_set.template
        self.parameters: list[Json] = []
        self.permission_model = "SERVICE_MANAGED"
        self.stack_name = f"StackSet-{stack_set.name}-{mock_random.uuid4()}"
        self.stack: Stack | None = None
        self.status, self.detailed, self.reason = "OUTDATED", "PENDING", ""

    @property
    def failed(self) -> bool:
        """Whether its last operation failed."""
        return self.detailed == "FAILED"

    def bring_up_to_date(self, stack_set: StackSet) -> None:
        """Create or update the stack from the stack set's current template, parameters and tags, or fail."""
        try:
            self._deploy(stack_set)
        except Exception as refused:  # noqa: BLE001 - whatever makes the stack fail makes the instance fail
            self.status, self.detailed, self.reason = "OUTDATED", "FAILED", str(refused)
            return
        self.template = stack_set.template
        self.status, self.detailed, self.reason = "CURRENT", "SUCCEEDED", ""

    def cancel(self) -> None:
        """Leave the stack as it is, because the operation stopped before it came to this instance."""
        self.status, self.detailed = "OUTDATED", "CANCELLED"
        self.reason = "Cancelled since failure tolerance has exceeded"

    def _deploy(self, stack_set: StackSet) -> None:
        if not self.regions.enabled(self.account_id, self.region_name):
            raise ValidationError(message=f"the Region {self.region_name} is disabled in the account")
        backend = cloudformation_backends[self.account_id][self.region_name]
        # "CloudFormation also propagates these tags to supported resources that are created in the stacks":
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
        tags = dict(stack_set.tags)
        if self.stack is None:
            self.stack = backend.create_stack(
                name=self.stack_name, template=stack_set.template, parameters=dict(stack_set.parameters), tags=tags
            )
            return
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack_set.parameters.items()]
        backend.update_stack(
            name=self.stack.stack_id, template=stack_set.template, role_arn=None, parameters=parameters, tags=tags
        )

    def delete(self) -> None:
        """Delete the stack, if there is one."""
        if self.stack is not None:
            cloudformation_backends[self.account_id][self.region_name].delete_stack(self.stack.stack_id)

    def to_dict(self) -> Json:
        """The instance as the API returns it."""
        return {
            **super().to_dict(),
            "StackId": self.stack.stack_id if self.stack else "",
            "Status": self.status,
            "StatusReason": self.reason,
            "StackInstanceStatus": {"DetailedStatus": self.detailed},
            "ParameterOverrides": [],
        }


def operate(stack_set: StackSet, action: str, instances: Sequence[RealStackInstance], preferences: Preferences) -> str:
    """Bring instances up to date; what made the operation fail, or an empty text.

    An operation stops in a Region as soon as more accounts failed there than are tolerated. It then does not begin with
    further Regions, unless it works on all Regions at once.
    """
    failures = ""
    for region in dict.fromkeys(instance.region_name for instance in instances):
        there = [instance for instance in instances if instance.region_name == region]
        if failures and not preferences.parallel:
            _cancel(there)
            continue
        width, tolerated = preferences.at_once(len(there)), preferences.tolerated(len(there))
        for first in range(0, len(there), width):
            batch = there[first : first + width]
            for instance in batch:
                instance.bring_up_to_date(stack_set)
            failed = [instance for instance in there[: first + width] if instance.failed]
            if len(failed) > tolerated:
                failures = failures or f"{failed[0].account_id} {region}: {failed[0].reason}"
                _cancel(there[first + width :])
                break
    carried_out(stack_set, action, instances, failed=bool(failures))
    return failures


def _cancel(instances: Sequence[RealStackInstance]) -> None:
    for instance in instances:
        instance.cancel()
