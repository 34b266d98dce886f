"""StackSets in memory, as those of the rollout."""

from __future__ import annotations

from typing import Any

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from tests.support.deployment.aws import Answer, refused


class StackSets:
    """The operations of StackSets."""

    state: Any

    def list_stack_instances(self, StackSetName: str, CallAs: str) -> Answer:
        assert CallAs == "DELEGATED_ADMIN"
        if StackSetName != NAMES.region_stack_set or not self.state.instances:
            raise refused("ListStackInstances", "StackSetNotFoundException")
        return {"Summaries": self.state.instances}

    def describe_stack_set(self, StackSetName: str, CallAs: str) -> Answer:
        """A StackSet of the rollout, with the parameters of its stack, to the management account."""
        assert CallAs == "SELF"
        found = [stack for each in self.state.regions.values() for stack in each.stacks.values()]
        for stack in found:
            if stack.name == NAMES.rollout_stack and stack.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
                of_zones = StackSetName == NAMES.account_stack_set
                parameters = {k: v for k, v in stack.parameters.items() if k.startswith("ZoneId") == of_zones}
                return {
                    "StackSet": {
                        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
                    }
                }
        raise refused("DescribeStackSet", "StackSetNotFoundException")

    def describe_organizations_access(self, CallAs: str) -> Answer:
        assert CallAs == "DELEGATED_ADMIN"
        return {"Status": "ENABLED"}
