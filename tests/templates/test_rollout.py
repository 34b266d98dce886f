"""The StackSets, and the spoke templates that they contain."""

from __future__ import annotations

import pytest

from orgdns.cfn.rendering import Form
from tests.support.generated import (
    MANAGEMENT,
    properties,
    read,
    sub,
    texts,
)


def test_rollout_fits_as_text() -> None:
    """The rollout template of the example is small enough to deploy without a bucket."""
    for form in Form:
        assert len(texts(form=form)["rollout"].encode()) <= 51_200


@pytest.mark.parametrize("form", list(Form))
def test_rollout_contains_the_spoke_templates(form: Form) -> None:
    """The StackSets deploy the text of the generated spoke templates, which is small enough to pass as text."""
    resources = read("rollout", form=form)["Resources"]
    for title, name in (("SpokeAccount", "spoke-account"), ("SpokeRegion", "spoke-region")):
        body = resources[title]["Properties"]["TemplateBody"]
        assert body == texts(form=form)[name]
        assert len(body.encode()) <= 51_200
        assert "Transform" not in body


def test_stack_sets() -> None:
    """Both StackSets deploy automatically to every account of the units, roles before rules."""
    account, region = properties("rollout", "SpokeAccount"), properties("rollout", "SpokeRegion")
    for stack_set, regions in ((account, ["eu-central-1"]), (region, ["eu-central-1", "eu-west-1", "us-east-1"])):
        assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
        assert stack_set["CallAs"] == "DELEGATED_ADMIN"
        assert stack_set["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
        assert stack_set["ManagedExecution"] == {"Active": True}
        assert stack_set["OperationPreferences"]["RegionConcurrencyType"] == "PARALLEL"
        assert stack_set["OperationPreferences"]["ConcurrencyMode"] == "SOFT_FAILURE_TOLERANCE"
        assert stack_set["OperationPreferences"]["FailureTolerancePercentage"] == 100
        units = {"OrganizationalUnitIds": ["ou-ab12-infra001", "ou-ab12-workload"]}
        assert stack_set["StackInstancesGroup"] == [{"DeploymentTargets": units, "Regions": regions}]
    automatic = {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert account["AutoDeployment"] == automatic
    depends = f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{MANAGEMENT}:stackset/${{SpokeAccount}}"
    assert region["AutoDeployment"] == automatic | {"DependsOn": [sub(depends)]}
