"""The management account in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orgdns.deployment.management.steps import PRINCIPAL
from tests.support.deployment.aws import Answer


@dataclass
class Management:
    """The management account: StackSets' access, delegated administrators, and service control policies."""

    access: str = "DISABLED"
    administrators: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    policies: dict[str, Answer] = field(default_factory=dict)
    targets: dict[str, set[str]] = field(default_factory=dict)
    policy_types: list[dict[str, str]] = field(
        default_factory=lambda: [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    )

    def describe_organizations_access(self) -> Answer:
        return {"Status": self.access}

    def activate_organizations_access(self) -> Answer:
        self.access = "ENABLED"
        return {}

    def list_delegated_administrators(self, ServicePrincipal: str) -> Answer:
        assert ServicePrincipal == PRINCIPAL
        return {"DelegatedAdministrators": [{"Id": each} for each in sorted(self.administrators)]}

    def register_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> Answer:
        assert (self.access, ServicePrincipal) == ("ENABLED", PRINCIPAL)
        self.administrators.add(AccountId)
        return {}

    def deregister_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> Answer:
        assert ServicePrincipal == PRINCIPAL
        self.administrators.remove(AccountId)
        return {}

    def list_aws_service_access_for_organization(self) -> Answer:
        return {"EnabledServicePrincipals": [{"ServicePrincipal": each} for each in self.services]}

    def enable_sharing_with_aws_organization(self) -> Answer:
        self.services.add("ram.amazonaws.com")
        return {}

    def list_roots(self) -> Answer:
        return {"Roots": [{"Id": "r-ab12", "PolicyTypes": self.policy_types}]}

    def list_policies(self, Filter: str) -> Answer:
        assert Filter == "SERVICE_CONTROL_POLICY"
        return {"Policies": [{"Id": key, "Name": policy["Name"]} for key, policy in self.policies.items()]}

    def create_policy(self, **policy: Any) -> Answer:
        self.policies["p-1"] = policy
        return {"Policy": {"PolicySummary": {"Id": "p-1"}}}

    def describe_policy(self, PolicyId: str) -> Answer:
        return {"Policy": {"Content": self.policies[PolicyId]["Content"]}}

    def update_policy(self, PolicyId: str, Content: str) -> Answer:
        self.policies[PolicyId]["Content"] = Content
        return {}

    def attach_policy(self, PolicyId: str, TargetId: str) -> Answer:
        self.targets.setdefault(PolicyId, set()).add(TargetId)
        return {}

    def detach_policy(self, PolicyId: str, TargetId: str) -> Answer:
        self.targets[PolicyId].remove(TargetId)
        return {}

    def delete_policy(self, PolicyId: str) -> Answer:
        assert not self.targets[PolicyId]
        del self.policies[PolicyId], self.targets[PolicyId]
        return {}

    def list_targets_for_policy(self, PolicyId: str) -> Answer:
        return {"Targets": [{"TargetId": each} for each in self.targets.get(PolicyId, ())]}
