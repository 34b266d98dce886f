"""What `orgdns deploy` has brought into a simulated organization, without whatever differs between two deployments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.world import World

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# The sandbox shows the progress of an operation on a StackSet by the questions about it, whatever its stack's status.
QUESTIONS = 5


def end_state(organization: World) -> dict[str, Any]:
    """Stacks with outputs, templates and change sets that are left; stack instances; the bucket and its objects."""
    config = organization.config
    regions = sorted({config.hub.region, config.route53_region, *config.spokes.regions})
    stacks = {
        f"{account} {region} {stack['StackName']}": _stack(
            organization.client("cloudformation", account, region), stack
        )
        for account in (config.hub.account, config.network.account)
        for region in regions
        for stack in organization.client("cloudformation", account, region).describe_stacks()["Stacks"]
        # Those of StackSets are among the instances.
        if not stack["StackName"].startswith("StackSet-")
    }
    return {"stacks": stacks, "instances": sorted(_instances(organization)), "buckets": _buckets(organization)}


def _stack(client: Any, stack: dict[str, Any]) -> dict[str, Any]:
    name = stack["StackName"]
    change_sets = client.list_change_sets(StackName=name)["Summaries"]
    outputs = {each["OutputKey"]: UUID.sub("uuid", each["OutputValue"]) for each in stack.get("Outputs", ())}
    resources = client.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {
        "status": stack["StackStatus"],
        "outputs": outputs,
        "parameters": {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())},
        "tags": {each["Key"]: each["Value"] for each in stack["Tags"]},
        "protected": stack["EnableTerminationProtection"],
        "template": client.get_template(StackName=name)["TemplateBody"],
        "resources": sorted((each["LogicalResourceId"], each["ResourceStatus"]) for each in resources),
        "change sets": [each["Status"] for each in change_sets if each["ExecutionStatus"] != "EXECUTE_COMPLETE"],
    }


def _instances(organization: World) -> Iterator[tuple[str, ...]]:
    client = organization.client("cloudformation", organization.config.hub.account)
    for stack_set in client.list_stack_sets(Status="ACTIVE", CallAs="DELEGATED_ADMIN")["Summaries"]:
        name = stack_set["StackSetName"]
        for each in _ended(client, name):
            yield name, each["Account"], each["Region"], each["Status"], each["StackInstanceStatus"]["DetailedStatus"]


def _ended(client: Any, name: str) -> list[dict[str, Any]]:
    """The instances of a StackSet, after so many questions that the operation is shown to be complete."""
    listed: list[dict[str, Any]] = []
    for _ in range(QUESTIONS):
        listed = client.list_stack_instances(StackSetName=name, CallAs="DELEGATED_ADMIN")["Summaries"]
    return listed


def _buckets(organization: World) -> dict[str, Any]:
    """The bucket of the deployment. Others are resources of stacks, and what is in them is no deployment's."""
    config = organization.config
    s3 = organization.client("s3", config.hub.account)
    of_stacks = {config.names.history_bucket(config.hub.account, config.hub.region)}
    names = (bucket["Name"] for bucket in s3.list_buckets()["Buckets"])
    return {name: _bucket(s3, name) for name in names if name not in of_stacks}


def _bucket(s3: Any, name: str) -> dict[str, Any]:
    return {
        "objects": sorted((each["Key"], each["ETag"]) for each in s3.list_objects_v2(Bucket=name).get("Contents", ())),
        "versions": s3.get_bucket_versioning(Bucket=name)["Status"],
        "policy": s3.get_bucket_policy(Bucket=name)["Policy"],
        "public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "encryption": s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
        "tags": s3.get_bucket_tagging(Bucket=name)["TagSet"],
    }
