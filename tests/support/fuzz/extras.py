"""One more thing in a scenario, of which AWS says something odd: everything else must come to the same without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hub.runtime.model.names import Spoke
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.model.tasks import Associate, Sweep
from tests.support.build import PAYMENTS, SCIENCE
from tests.support.fuzz import messages
from tests.support.fuzz.messages import Record, of_queue, of_stream, of_task
from tests.support.fuzz.mutations import Path
from tests.support.fuzz.organization import (
    NINE,
    REGION,
    ZONES,
    Organization,
    instance,
    instance_id,
    record_set,
    ref,
    vpc,
    vpc_id,
)

_SPOKE: Final = Spoke(PAYMENTS.id, REGION)
_CORP: Final = ZONES["corp.internal."]


@dataclass(frozen=True)
class Extra:
    """A further thing: how to add it, the records that also name it, and what no answer without it contains."""

    about: str
    add: Callable[[Organization], object]
    records: Callable[[tuple[Record, ...]], tuple[Record, ...]] = lambda given: given


@dataclass(frozen=True)
class Case:
    """In these scenarios, an operation says something odd about the further thing: in an element of this path."""

    operation: str
    element: Path
    extra: Extra
    scenarios: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operation} in {self.scenarios[0]}"


def _instances(organization: Organization) -> None:
    organization.instances[PAYMENTS.id].insert(1, instance(NINE))


def _with_event(given: tuple[Record, ...]) -> tuple[Record, ...]:
    return (given[0], of_queue(NINE, messages.state_change(NINE)), *given[1:])


def _vpcs(organization: Organization) -> None:
    organization.vpcs[PAYMENTS.id].insert(1, vpc(PAYMENTS.id, NINE))
    organization.profiles_of[vpc_id(PAYMENTS.id, NINE)] = {"rp-1"}


def _with_vpc(given: tuple[Record, ...]) -> tuple[Record, ...]:
    """The task for the VPCs names one more."""
    vpcs = tuple(vpc_id(PAYMENTS.id, number) for number in (1, NINE, 2))
    return (of_task(1, Associate(_SPOKE, vpcs)), *given[1:])


def _accounts(organization: Organization) -> None:
    organization.instances[SCIENCE.id] = [instance(NINE, SCIENCE.id)]
    organization.spokes.insert(1, SCIENCE.id)


def _with_sweep(given: tuple[Record, ...]) -> tuple[Record, ...]:
    return (of_task(NINE, Sweep(Spoke(SCIENCE.id, REGION))), *given)


def _with_account(given: tuple[Record, ...]) -> tuple[Record, ...]:
    return (of_queue(NINE, messages.state_change(NINE, account=SCIENCE.id)), *given)


def _record_sets(organization: Organization) -> None:
    ours = {"SetIdentifier": OWNER.set_identifier(str(ref(NINE))), "MultiValueAnswer": True}
    alias = {"AliasTarget": {"HostedZoneId": _CORP, "DNSName": "web1.corp.internal.", "EvaluateTargetHealth": False}}
    organization.record_sets[_CORP] += [
        record_set("web9.corp.internal.", "192.0.2.9", **ours),
        record_set("web9.eu-central-1.payments.corp.internal.", "192.0.2.9"),
        {"Name": "alias-web9.corp.internal.", "Type": "A", **alias},
    ]


_INSTANCE: Final = Extra(instance_id(NINE), _instances)
_EVENT: Final = Extra(instance_id(NINE), _instances, _with_event)
_VPC: Final = Extra(vpc_id(PAYMENTS.id, NINE), _vpcs)
_TASK: Final = Extra(vpc_id(PAYMENTS.id, NINE), _vpcs, _with_vpc)
_RECORD_SET: Final = Extra("web9.", _record_sets)
_IN_RESERVATION: Final = ("Reservations", "[]", "Instances", "[]")
_SWEEPS: Final = ("nothing new", "sweep", "sweep after a call")
_SWEEPS_OF_VPCS: Final = ("nothing new", "sweep of VPCs")
_LISTINGS: Final = {
    "ec2.DescribeVpcs": "Vpcs",
    "route53profiles.ListProfileAssociations": "ProfileAssociations",
    "route53resolver.ListFirewallRuleGroupAssociations": "FirewallRuleGroupAssociations",
    "route53resolver.ListResolverConfigs": "ResolverConfigs",
    "route53resolver.ListResolverRuleAssociations": "ResolverRuleAssociations",
}
CASES: Final = (
    Case("ec2.DescribeInstances", _IN_RESERVATION, _INSTANCE, _SWEEPS),
    Case("ec2.DescribeInstances", _IN_RESERVATION, _EVENT, ("events", "first events")),
    *(
        Case(operation, (listing, "[]"), extra, scenarios)
        for operation, listing in _LISTINGS.items()
        for extra, scenarios in ((_VPC, _SWEEPS_OF_VPCS), (_TASK, ("VPCs", "new VPCs")))
    ),
    *(
        Case(operation, (), extra, scenarios)
        for operation in ("ec2.DescribeVpcAttribute", "route53.ListHostedZonesByVPC")
        for extra, scenarios in ((_VPC, _SWEEPS_OF_VPCS), (_TASK, ("VPCs", "new VPCs")))
    ),
    Case(
        "route53.ListResourceRecordSets",
        ("ResourceRecordSets", "[]"),
        _RECORD_SET,
        ("first claims", "claims", "audit", "records changed"),
    ),
    Case("cloudformation.ListStackInstances", ("Summaries", "[]"), Extra(SCIENCE.id, _accounts), ("schedule",)),
    *(
        Case(operation, (), Extra(SCIENCE.id, _accounts, records), scenarios)
        for operation in ("organizations.DescribeAccount", "sts.AssumeRole")
        for records, scenarios in ((_with_account, ("events", "first events")), (_with_sweep, ("sweep", "nothing new")))
    ),
)


def stream_of(keys: list[tuple[str, str]], given: tuple[Record, ...]) -> tuple[Record, ...]:
    """The records of a stream with changes of further rows first."""
    changed = [record["dynamodb"]["Keys"] for record in given]
    return tuple(of_stream([*keys, *((key["pk"]["S"], key["sk"]["S"]) for key in changed)]))
