"""The organization that attackers live in: that of the example, and a unit that the configuration does not cover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import boto3
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox import example
from sandbox.aws.bridge import replaced
from sandbox.aws.events.delivery import bus_arn, bus_of
from sandbox.aws.organization import AccountSpec, UnitSpec
from sandbox.world import World
from tests.support.path.faults import REGION, as_role

OUTSIDE: Final = "777777777777"
OUTSIDE_UNIT: Final = "ou-ab12-outside1"
SPEC: Final = replace(
    example.ORGANIZATION,
    units=(*example.ORGANIZATION.units, UnitSpec(OUTSIDE_UNIT, "outside", accounts=(AccountSpec(OUTSIDE, "Outside"),))),
)


def held_by(made: World, account: str, zone: str = "corp.internal") -> list[str]:
    """The names of the record sets in a zone that instances of an account hold."""
    return [name for name, _, _, owner in made.owners(zone) if f"/{account}/" in (owner or "")]


def ledger_text(made: World) -> str:
    """All rows of the ledger, as one text, but those of what Organizations said of accounts."""
    table = dynamodb_backends[example.HUB][made.config.hub.region].tables[NAMES.ledger_table]
    rows = [item.attrs for item in table.all_items()]
    return json.dumps([str(row) for row in rows if row["pk"].value != contract.ACCOUNTS_KEY])


@contextmanager
def bus_open_to_the_organization(made: World) -> Iterator[None]:
    """Open the hub's bus to every account of the organization, as if its policy did not name the covered units."""
    bus = bus_of(bus_arn(example.HUB, made.config.hub.region, NAMES.event_bus))
    policy = json.loads(bus.policy)
    for statement in policy["Statement"]:
        if statement["Sid"] == "OnlyTheSpokesRules":
            del statement["Condition"]["ForAnyValue:StringLike"]
    opened = json.dumps(policy)
    with replaced(type(bus), policy=property(lambda _bus: opened)):
        yield


@contextmanager
def moved_out(made: World, account: str) -> Iterator[None]:
    """Move an account out of the covered units for a while. StackSets delete its stacks; it deploys them itself."""
    unit = made.organization.backend.get_account_by_id(account).parent_id
    made.organization.move_account(account, OUTSIDE_UNIT)
    made.deploy_spoke(account, made.config.spokes.regions)
    try:
        yield
    finally:
        for region in made.config.spokes.regions:
            cloudformation = made.client("cloudformation", account, region)
            for stack in cloudformation.describe_stacks()["Stacks"]:
                cloudformation.delete_stack(StackName=stack["StackName"])
        made.organization.move_account(account, unit)


def assumed_by(function_role: str, account: str, role: str) -> str:
    """The outcome of a role of the hub assuming a role of an account: "assumed", or the error code."""
    credentials = as_role(example.HUB, function_role)
    sts = boto3.client("sts", region_name=REGION, **credentials)  # type: ignore[call-overload]  # the keys are valid
    try:
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName=function_role)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "assumed"


def rename(made: World, account: str, name: str = "") -> str:
    """Rename an account, as its administrator can (Account Management API, PutAccountName); return the former name."""
    described = made.organization.backend.get_account_by_id(account)
    former = str(described.name)
    described.name = name or former
    return former
