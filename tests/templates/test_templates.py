"""Rules for all templates: quotas, descriptions and names; and the settings of the ledger."""

from __future__ import annotations

import json

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES
from orgdns.cfn.rendering import Form
from tests.support.generated import (
    CONFIGS,
    NAMES,
    of_type,
    read,
    resolved_size,
    texts,
)


@pytest.mark.parametrize("config", list(CONFIGS))
def test_yaml_and_json_have_the_same_content(config: str) -> None:
    """A template has the same content in YAML and JSON."""
    for name in NAMES:
        first, second = read(name, config), read(name, config, Form.JSON)
        for content in (first, second):
            for resource in content["Resources"].values():
                resource["Properties"].pop("TemplateBody", None)
        assert first == second


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("config", list(CONFIGS))
def test_template_limits(config: str, form: Form) -> None:
    """Every small template can be passed as text, and all keep "CloudFormation quotas".

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    for name in NAMES:
        content = read(name, config, form)
        # The rollout template contains two others, and the hub's has many alarms. README.md uploads both to a bucket.
        limit = 1_000_000 if name in {"rollout", "hub"} else 51_200
        assert len(texts(config, form)[name].encode()) <= limit
        assert len(content["Resources"]) <= 500
        assert len(content.get("Parameters", {})) <= 200
        assert len(content["Outputs"]) <= 200
        assert len(content["Description"]) <= 1024


@pytest.mark.parametrize("config", list(CONFIGS))
def test_environment_limit(config: str) -> None:
    """The environment of a function is smaller than 4 KB ("Lambda quotas").

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    for function in of_type("hub", "AWS::Lambda::Function", config).values():
        assert resolved_size(function["Environment"]["Variables"]) <= 4_096


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_described(name: str) -> None:
    """Every parameter has a description and a constraint, every output a description.

    The parameters that the rollout passes to the spokes are described there.
    """
    content = read(name)
    assert content["Description"].startswith("orgdns ")
    for parameter in content.get("Parameters", {}).values():
        assert "Description" in parameter or name == "spoke-account"
        assert "AllowedPattern" in parameter or "AllowedValues" in parameter
    assert content["Outputs"]
    assert all(output["Description"] for output in content["Outputs"].values())


def test_ledger() -> None:
    """The ledger is encrypted, recoverable, and retained when its stack is deleted."""
    resource = read("hub")["Resources"]["Ledger"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    table = resource["Properties"]
    assert table["TableName"] == DEFAULT_NAMES.ledger_table
    assert [key["AttributeName"] for key in table["KeySchema"]] == [contract.PARTITION_KEY, contract.SORT_KEY]
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": contract.EXPIRES, "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_logs_outlive_the_stack() -> None:
    """The log groups of all functions are retained when the stack is deleted, and the queues are not."""
    resources = read("hub")["Resources"].values()
    kept = [
        (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
        for resource in resources
        if resource["Type"] == "AWS::Logs::LogGroup"
    ]
    assert kept == [("RetainExceptOnCreate", "Retain")] * 5
    assert {resource["DeletionPolicy"] for resource in resources if resource["Type"] == "AWS::SQS::Queue"} == {"Delete"}


def test_no_names_collide_in_the_hub_account() -> None:
    """The three stacks in the hub account, which is also a spoke, do not share a resource name."""
    named = [
        (resource["Type"], *(json.dumps(part) for part in (content.get("EventBusName"), within, content[key])))
        for name in ("hub", "spoke-account", "spoke-region")
        for resource in read(name)["Resources"].values()
        for content in [resource["Properties"]]
        # An alias belongs to its function, and a mapping to its source.
        for within in [[content.get("FunctionName"), content.get("EventSourceArn")]]
        for key in ("Name", "RoleName", "QueueName", "TableName", "FunctionName", "LogGroupName")
        if key in content
    ]
    assert len(named) > 10
    assert len(named) == len(set(named))
