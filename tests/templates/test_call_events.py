"""Which calls pass from a spoke to the hub, by the emulator's implementation of event patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from hub.runtime import contract
from orgdns.cfn.event_patterns import call_pattern, instance_calls, needs_trail
from orgdns.config.load import Config, load
from tests.support.build import DOCUMENTS, EXAMPLE
from tests.support.generated import of_type

EVERYTHING = DOCUMENTS / "every-feature.yaml"


def with_rule(tmp_path: Path, **keys: object) -> Config:
    """A configuration with one rule, and without zones whose VPCs are configured."""
    document = yaml.safe_load(EXAMPLE.read_text())
    for zone in document["zones"]:
        del zone["resolved_by"]
    document["policy"]["rules"] = [{"name": "one", "template": "{name}.corp.internal"} | keys]
    written = tmp_path / "orgdns.yaml"
    written.write_text(yaml.safe_dump(document))
    return load(written)


@pytest.mark.parametrize(
    ("keys", "calls"),
    [
        ({}, contract.IPV6_CALLS),
        ({"interfaces": "all"}, contract.INTERFACE_CALLS + contract.IPV6_CALLS),
        ({"interfaces": "further"}, contract.INTERFACE_CALLS + contract.IPV6_CALLS),
        ({"addresses": "all"}, contract.ADDRESS_CALLS + contract.IPV6_CALLS),
        ({"addresses": "further"}, contract.ADDRESS_CALLS),
        ({"template": "{asg}.{account_name}.corp.internal"}, contract.IPV6_CALLS + contract.GROUP_CALLS),
    ],
)
def test_n3_only_calls_that_change_what_policy_publishes_are_forwarded(
    tmp_path: Path, keys: dict[str, object], calls: tuple[str, ...]
) -> None:
    """A cluster assigns addresses all the time: a policy that publishes none of them forwards none of these calls."""
    config = with_rule(tmp_path, **keys)
    assert instance_calls(config) == calls
    assert needs_trail(config)
    sources = ["aws.ec2", *(["aws.autoscaling"] if set(contract.GROUP_CALLS) & set(calls) else [])]
    assert call_pattern(calls)["source"] == sources


# As CloudTrail wrote it (with other ids): the parameters and the answer of AttachNetworkInterface.
CALL_EVENT: dict[str, Any] = json.loads((DOCUMENTS / "attach-network-interface.json").read_text())


@pytest.mark.parametrize(
    ("envelope", "changed", "passes"),
    [
        ({}, {}, True),
        ({}, {"eventName": "DetachNetworkInterface"}, True),
        ({}, {"eventName": "UnassignIpv6Addresses"}, True),
        (
            {"source": "aws.autoscaling"},
            {"eventSource": "autoscaling.amazonaws.com", "eventName": "AttachInstances"},
            True,
        ),
        ({}, {"eventName": "ModifyNetworkInterfaceAttribute"}, False),
        ({}, {"eventName": "DescribeInstances"}, False),
        ({}, {"errorCode": "Client.UnauthorizedOperation"}, False),
        ({"source": "custom.ec2"}, {}, False),
    ],
)
def test_n3_calls_that_pass(envelope: dict[str, str], changed: dict[str, str], *, passes: bool) -> None:
    """A call that moves an interface, an address or a member of a group passes. A failed call does not."""
    event = CALL_EVENT | envelope
    event["detail"] = CALL_EVENT["detail"] | changed
    pattern = call_pattern(instance_calls(load(EVERYTHING)))
    assert EventPattern.load(json.dumps(pattern)).matches_event(event) is passes


@pytest.mark.parametrize(
    ("name", "rule"),
    [("AssignIpv6Addresses", "InstancesRule"), ("CreateVpc", "VpcsRule"), ("AssignPrivateIpAddresses", None)],
)
def test_n3_the_hub_routes_a_call_to_one_queue(name: str, rule: str | None) -> None:
    """A call that changes instances goes to the observer, one that changes VPCs to the associator, others nowhere.

    The example's policy publishes no further addresses.
    """
    event = CALL_EVENT | {"detail": CALL_EVENT["detail"] | {"eventName": name}}
    matching = [
        title
        for title, found in of_type("hub", "AWS::Events::Rule").items()
        if EventPattern.load(json.dumps(found["EventPattern"])).matches_event(event)
    ]
    assert matching == ([rule] if rule else [])
