"""What `orgdns deploy` does to the stacks, over AWS in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import parse
from orgdns.deployment.accounts import Kind
from orgdns.deployment.execution import deploy
from orgdns.deployment.faults import DeploymentFault, StackFailed
from orgdns.deployment.planning import Step, discard, plan
from orgdns.deployment.stacks import Part
from tests.support.config.configuration import GOOD
from tests.support.deployment.organization import ZONE, Organization, bundle


def test_first_plan_changes_nothing() -> None:
    """The plan of a first deployment shows all resources, and what waits for outputs, and no stack comes of it."""
    organization = Organization()
    planned = plan(organization.deployment())
    assert [(each.stack.name, each.step, each.after, len(each.changes)) for each in planned.stacks] == [
        (NAMES.network_stack, Step.CREATE, "", 1),
        (NAMES.hub_stack, Step.CREATE, NAMES.network_stack, 4),
        (NAMES.rollout_stack, Step.CREATE, NAMES.network_stack, 1),
    ]
    assert organization.end() == {"stacks": [], "buckets": {}}


def test_outputs_become_parameters() -> None:
    """The ids of new zones reach the stacks that need them, in the accounts and regions of the configuration."""
    organization = Organization()
    organization.run()
    zone = organization.stack(NAMES.network_stack).outputs[ZONE]
    assert organization.stack(NAMES.hub_stack).parameters[ZONE] == zone
    assert organization.stack(NAMES.rollout_stack).parameters[ZONE] == zone
    hub, network = (
        (organization.config.hub.account, "eu-central-1"),
        (organization.config.network.account, "eu-central-1"),
    )
    assert {place for place, region in organization.state.regions.items() if region.stacks} == {hub, network}


def test_package_is_uploaded_once() -> None:
    """A second deployment uploads nothing, and finds no change."""
    organization = Organization()
    organization.run()
    assert any("put_object" in call for call in organization.calls.made)
    organization.calls.made.clear()
    assert not organization.run().any
    assert not [call for call in organization.calls.made if " put_" in call or "execute" in call]


def test_object_with_other_content_is_replaced() -> None:
    """An object that somebody put under the name of the package is not used."""
    organization = Organization()
    organization.run()
    (bucket,) = organization.buckets.values()
    package = bundle("2").package
    assert package is not None
    key = package.key
    bucket.objects[key] = (b"evil", "evil")
    organization.run(bundle("2"))
    assert bucket.objects[key][0] == b"zip2"


def test_bucket_of_another_account_is_not_used() -> None:
    """A bucket name that another account took first ends the deployment before anything is uploaded or created."""
    organization = Organization()
    organization.run()
    (name,) = organization.buckets
    stranger = Organization(buckets={name: replace(organization.buckets[name], owner="999999999999", objects={})})
    with pytest.raises(DeploymentFault, match="belongs to another account"):
        stranger.run()
    assert not stranger.buckets[name].objects
    assert stranger.end()["stacks"] == []


def test_bucket_is_private_versioned_and_encrypted() -> None:
    """The bucket that orgdns creates has what a bucket with code must have."""
    organization = Organization()
    organization.run()
    (settings,) = (bucket.settings for bucket in organization.buckets.values())
    assert settings["ownership"] == "BucketOwnerEnforced"
    assert all(settings["public_access_block"].values())
    assert settings["bucket_versioning"] == {"Status": "Enabled"}
    assert "AES256" in str(settings["bucket_encryption"])
    assert '"aws:SecureTransport": "false"' in settings["bucket_policy"]


def test_update_is_what_was_shown() -> None:
    """An update executes the change set that was shown, and keeps parameters that nobody decides."""
    organization = Organization()
    organization.run()
    organization.stack(NAMES.hub_stack).parameters["LogLevel"] = "DEBUG"
    planned = organization.run(bundle("2"))
    assert [[(change.action, change.logical_id) for change in each.changes] for each in planned.stacks] == [
        [("Add", "Added2")]
    ] * 3
    assert organization.stack(NAMES.hub_stack).parameters["LogLevel"] == "DEBUG"


def test_configuration_decides_parameters() -> None:
    """What the configuration says of the deployment reaches the stacks, and wins over what was deployed."""
    text = GOOD + "deployment:\n  cloudtrail: true\n  log_level: DEBUG\n"
    organization = Organization()
    organization.run()
    organization.config = parse(text)
    organization.run()
    assert organization.stack(NAMES.hub_stack).parameters["LogLevel"] == "DEBUG"
    assert organization.stack(NAMES.rollout_stack).parameters["CloudTrailEvents"] == "true"


def test_plan_that_is_not_executed_leaves_nothing() -> None:
    """The change sets of a plan that nobody agrees to are deleted, and the stacks stay as they are."""
    organization = Organization()
    organization.run()
    before = organization.end()
    deployment = organization.deployment(bundle("2"))
    planned = plan(deployment)
    assert planned.any
    discard(deployment, planned)
    assert organization.end()["stacks"] == before["stacks"]
    assert not organization.stack(NAMES.hub_stack).change_sets


def test_change_since_the_plan_is_not_executed() -> None:
    """If the change set that was shown is gone, the deployment ends, and does nothing that nobody saw."""
    organization = Organization()
    organization.run()
    deployment = organization.deployment(bundle("2"))
    planned = plan(deployment)
    organization.run(bundle("3"))
    with pytest.raises(DeploymentFault, match="changed since"):
        deploy(deployment, planned)


def test_failure_says_why_and_leaves_later_stacks() -> None:
    """A stack that fails ends the deployment with the reasons of its resources. The next run deletes and repeats it."""
    organization = Organization()
    organization.state.failing[NAMES.hub_stack] = "the code has another digest"
    with pytest.raises(StackFailed, match=r"ROLLBACK_COMPLETE:\nObserver .*: the code has another digest"):
        organization.run()
    assert organization.stack(NAMES.hub_stack).status == "ROLLBACK_COMPLETE"
    assert [name for _, name, *_ in organization.end()["stacks"]] == [NAMES.hub_stack, NAMES.network_stack]
    planned = organization.run()
    assert "an earlier creation ended in ROLLBACK_COMPLETE" in str(planned.stacks[1].notes)
    assert organization.stack(NAMES.rollout_stack).status == "CREATE_COMPLETE"


def test_update_that_fails_is_told() -> None:
    """An update that CloudFormation rolled back is an error with its reason."""
    organization = Organization()
    organization.run()
    organization.state.failing[NAMES.hub_stack] = "an alarm fired"
    with pytest.raises(StackFailed, match=r"UPDATE_ROLLBACK_COMPLETE:\n.*an alarm fired"):
        organization.run(bundle("2"))


def test_stuck_stack_needs_a_person() -> None:
    """A stack whose rollback failed ends the plan, with the command that goes on."""
    organization = Organization()
    organization.run()
    organization.stack(NAMES.hub_stack).status = "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(DeploymentFault, match="continue-update-rollback --stack-name orgdns-hub --region eu-central-1"):
        plan(organization.deployment(bundle("2")))


def test_alarms_of_the_hub_roll_an_update_back() -> None:
    """CloudFormation watches the hub's alarms after an update, except those that fire already."""
    organization = Organization()
    organization.run()
    assert organization.stack(NAMES.hub_stack).rollback is None
    organization.firing = {"orgdns-HeartbeatsAlarm"}
    planned = organization.run(bundle("2"))
    assert organization.stack(NAMES.hub_stack).rollback == {
        "RollbackTriggers": [
            {"Arn": "arn:aws:cloudwatch:::alarm:orgdns-FunctionsErrorsAlarm", "Type": "AWS::CloudWatch::Alarm"}
        ],
        "MonitoringTimeInMinutes": 20,
    }
    assert "orgdns-HeartbeatsAlarm is in ALARM already" in str(planned.stacks[1].notes)
    assert organization.stack(NAMES.network_stack).rollback is None


def test_part_needs_what_it_rests_on() -> None:
    """Only the hub cannot be deployed before the zones exist, and can be afterwards."""
    organization = Organization()
    with pytest.raises(DeploymentFault, match=f"no output {ZONE}.*--only network"):
        organization.run(parts=(Part.HUB,))
    organization.run(parts=(Part.NETWORK,))
    organization.run(parts=(Part.HUB,))
    assert [name for _, name, *_ in organization.end()["stacks"]] == [NAMES.hub_stack, NAMES.network_stack]


def test_failed_account_is_told() -> None:
    """A rollout that fails in one account and region is deployed, and says where it failed and why."""
    organization = Organization()
    organization.run()
    organization.state.instances[0] |= {"Status": "OUTDATED", "StatusReason": "a role exists"}
    organization.state.instances[0]["StackInstanceStatus"] = {"DetailedStatus": "FAILED"}
    deployment = organization.deployment(bundle("2"))
    (failed,) = deploy(deployment, plan(deployment))
    assert (failed.subject, failed.reason) == ("444444444444/eu-west-1 spoke-region", "a role exists")


def test_events_are_reported_once() -> None:
    """Each event of each stack is reported once, in the order in which it happened."""
    organization = Organization()
    organization.run()
    told = [(event.subject, event.status) for event in organization.events if event.subject == event.place]
    assert told == [
        (f"{name} in eu-central-1", status)
        for name in (NAMES.network_stack, NAMES.hub_stack, NAMES.rollout_stack)
        for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    ]
    assert [event.subject for event in organization.events if event.status == "CURRENT"] == [
        "444444444444/eu-west-1 spoke-region"
    ]


def test_zone_changes_are_deployed_where_route_53_is() -> None:
    """The rule for changes of others stands in the region of Route 53's API, in the networking account."""
    organization = Organization(parse(GOOD + "deployment:\n  zone_changes: true\n"))
    content = bundle()
    templates = {**content.templates, "network-zone-changes.yaml": content.templates["network.yaml"]}
    (found,) = (
        stack
        for stack in organization.deployment(replace(content, templates=templates)).stacks
        if stack.name == f"{NAMES.network_stack}-zone-changes"
    )
    assert (found.account, found.region) == (Kind.NETWORK, "us-east-1")


def test_stacks_are_protected() -> None:
    """Termination protection is set on new and on existing stacks, and is a change of its own."""
    organization = Organization()
    organization.run()
    organization.config = parse(GOOD + "resources:\n  termination_protection: true\n")
    planned = organization.run()
    assert [(each.step, each.notes) for each in planned.stacks] == [
        (Step.NOTHING, ("gets termination protection",))
    ] * 3
    assert organization.stack(NAMES.hub_stack).protected
    assert not organization.run().any
