"""The permissions that the templates grant to roles, one by one, and work on the deployed path that uses them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import settings

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import mark_key
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of
from hub.runtime.model.names import Fqdn, NameKey, Spoke
from hub.runtime.model.tasks import Audit, Sweep
from sandbox.aws.functions.service import Killed
from sandbox.aws.iam.guard import guarded_roles
from sandbox.example import HUB, NETWORK, SCIENCE, SEARCH
from sandbox.world import Vpc, World
from tests.support.generated import read
from tests.support.path.broken import minutes_until
from tests.support.path.faults import send
from tests.support.path.health import REGION, status, told
from tests.support.path.sweeps import forget_ended
from tests.support.path.vpcs import is_associated

CORP = "corp.internal"
# The account in which each template's roles are tried.
ACCOUNTS = {
    "hub": HUB,
    "network": NETWORK,
    "network-zone-changes": NETWORK,
    "spoke-account": SEARCH,
    "spoke-region": SEARCH,
}
# What a function needs when it starts, or once in a while.
AT_START = {
    "dynamodb:DescribeTable",
    "organizations:DescribeAccount",
    "s3:GetObject",
    "s3:ListBucket",
    "sts:AssumeRole",
}
# What the historian needs to compact a day.
TO_COMPACT = {"s3:GetObject", "s3:ListBucket"}
# The roles that find out what instances exist. Their tests are in a module of their own.
FINDERS = {NAMES.observer_role, NAMES.sweeper_role}
# The roles that no VPC needs.
OF_NAMES = {NAMES.observer_role, NAMES.publisher_role, NAMES.writer_role, NAMES.zone_reader_role}
# More names at once than the publisher publishes for one cause.
MANY_NAMES = 160


@dataclass(frozen=True, slots=True)
class Permission:
    """An action that a statement of a role's policy allows."""

    account: str
    role: str
    statement: str
    action: str

    def __str__(self) -> str:
        return f"{self.role}-{self.statement}-{self.action}"


@cache
def permissions(*templates: str) -> tuple[Permission, ...]:
    """The permissions of all roles in these templates."""
    return tuple(
        Permission(ACCOUNTS[template], _name(resource["Properties"]["RoleName"]), statement["Sid"], action)
        for template in templates
        for resource in read(template)["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    )


@cache
def tried_permissions(*templates: str) -> tuple[Permission, ...]:
    """Those of these templates' permissions that are tried: with `make test-deep`, all of them.

    Otherwise each action that any role may call is tried once, and each role with one action at least. Roles that may
    call the same action take turns.
    """
    every = permissions(*(template for template in ACCOUNTS if template != "network-zone-changes"))
    by_action: dict[str, list[Permission]] = {}
    for each in every:
        by_action.setdefault(each.action, []).append(each)
    chosen = {alike[turn % len(alike)] for turn, alike in enumerate(by_action.values())}
    roles = {each.role for each in chosen}
    chosen |= {each for each in {each.role: each for each in every}.values() if each.role not in roles}
    if not settings().derandomize:
        chosen = set(every)
    return tuple(each for each in permissions(*templates) if each in chosen)


def _name(name: str | dict[str, str]) -> str:
    return name if isinstance(name, str) else name["Fn::Sub"].replace("${AWS::Region}", REGION)


@contextmanager
def removed(made: World, permission: Permission) -> Iterator[None]:
    """Take an action away from a statement of the role's deployed policy, and bring it back."""
    iam = made.client("iam", permission.account)
    names = iam.list_role_policies(RoleName=permission.role)["PolicyNames"]
    documents = {
        name: iam.get_role_policy(RoleName=permission.role, PolicyName=name)["PolicyDocument"] for name in names
    }
    ((name, before),) = (
        (name, document)
        for name, document in documents.items()
        if permission.statement in {statement["Sid"] for statement in document["Statement"]}
    )
    policy = {"RoleName": permission.role, "PolicyName": name}
    after = [_without(statement, permission) for statement in before["Statement"]]
    assert sum(each != old for each, old in zip(after, before["Statement"], strict=True)) == 1
    left = [statement for statement in after if statement["Action"]]
    if left:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": left}))
    else:
        iam.delete_role_policy(**policy)
    try:
        yield
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(before))


def _without(statement: dict[str, Any], permission: Permission) -> dict[str, Any]:
    if statement["Sid"] != permission.statement:
        return statement
    return statement | {"Action": [action for action in statement["Action"] if action != permission.action]}


@dataclass(slots=True)
class Work:
    """Instances and VPCs that come, change and go, with what must be so in the end."""

    made: World
    number: int
    ending: str
    leaving: Vpc | None = None
    deleted: Vpc | None = None
    coming: str = ""
    joining: Vpc | None = None

    @classmethod
    def prepared(cls, made: World, number: int, *, vpcs: bool) -> Work:
        """What exists before a permission is lost: an instance with its name, an associated VPC, and another one."""
        (instance,) = made.launch(SEARCH, REGION, f"old-{number}")
        if not vpcs:
            made.converge()
            return cls(made, number, instance)
        leaving = made.add_vpc(SEARCH, REGION, associated=False)
        deleted = made.add_vpc(SEARCH, REGION, associated=False, tags={"dns": "private"})
        minutes_until(made, lambda: is_associated(made, leaving), 65)
        return cls(made, number, instance, leaving, deleted)

    def done(self, *, many: bool, afresh: bool) -> None:
        """Names and VPCs come and go, records and spokes are checked, and, if `many`, names are deferred.

        If `afresh`, the functions start anew.
        """
        made = self.made
        self._forget(afresh=afresh)
        (self.coming,) = made.launch(SEARCH, REGION, f"new-{self.number}")
        made.end(SEARCH, REGION, self.ending)
        made.converge()
        if self.leaving and self.deleted:
            # What the observer asked is forgotten, so that the associator asks, too.
            self._forget(afresh=afresh)
            self._change_vpcs(self.leaving, self.deleted)
        ec2 = made.client("ec2", SEARCH, REGION)
        (interface,) = made.described(SEARCH, REGION, self.coming)["NetworkInterfaces"]
        # A call that names no instance, so that the spoke is swept.
        ec2.assign_ipv6_addresses(
            NetworkInterfaceId=interface["NetworkInterfaceId"], Ipv6Addresses=[f"2001:db8::{self.number}"]
        )
        for number in range(MANY_NAMES if many else 0):
            mark = mark_key(NameKey(made.zone_ids[CORP], Fqdn(f"nobody{number}.{CORP}.")))
            item = {part: {"S": text} for part, text in mark.items()}
            made.client("dynamodb", HUB).put_item(TableName=NAMES.ledger_table, Item=item)
        made.converge()
        send(made, body_of(Sweep(Spoke(SEARCH, REGION))), NAMES.sweeps_queue)
        send(made, body_of(Audit((made.zone_ids[CORP],))), NAMES.sweeps_queue)
        made.converge()

    def _change_vpcs(self, leaving: Vpc, deleted: Vpc) -> None:
        made = self.made
        ec2 = made.client("ec2", SEARCH, REGION)
        self.joining = made.add_vpc(SEARCH, REGION, associated=False)
        # A set that no VPC had before, so that it is read.
        servers = [{"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]}]
        options = ec2.create_dhcp_options(DhcpConfigurations=servers)["DhcpOptions"]["DhcpOptionsId"]
        ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=self.joining.id)
        ec2.create_tags(Resources=[leaving.id], Tags=[{"Key": "dns", "Value": "private"}])
        made.delete_vpc(deleted)
        made.converge()

    def cleaned_up(self) -> None:
        """End what the work left."""
        self.made.end(SEARCH, REGION, self.coming)
        for vpc in (self.leaving, self.joining):
            if vpc:
                self.made.delete_vpc(vpc)
        self.made.converge()
        forget_ended(SEARCH, REGION)

    def _forget(self, *, afresh: bool) -> None:
        """Drop what the ledger knows of the account, and, if `afresh`, what the functions do."""
        key = {contract.PARTITION_KEY: {"S": contract.ACCOUNTS_KEY}, contract.SORT_KEY: {"S": SEARCH}}
        self.made.client("dynamodb", HUB).delete_item(TableName=NAMES.ledger_table, Key=key)
        for function in NAMES.functions if afresh else ():
            self.made.functions.cold_start(function)

    @property
    def right(self) -> bool:
        """Whether the new instance has its name, the old one has none, and each VPC is associated as it should be."""
        return (
            bool(self._resolved("new"))
            and not self._resolved("old")
            and (self.joining is None or is_associated(self.made, self.joining))
            and (self.leaving is None or not is_associated(self.made, self.leaving))
        )

    def _resolved(self, kind: str) -> set[str]:
        return self.made.resolve(f"{kind}-{self.number}.{CORP}", self.made.vpcs[SCIENCE, REGION])


def _fail_for_half_a_day(made: World) -> None:
    """Let the publisher fail until Lambda sets a batch aside."""

    def interrupt(function: str, moment: str) -> None:
        if function == NAMES.publisher_function and moment == "before":
            raise Killed("for half a day")

    before, made.functions.interrupt = made.functions.interrupt, interrupt
    (instance,) = made.launch(SEARCH, REGION, "set-aside")
    made.converge()
    made.clock.advance(13 * 3_600)  # type: ignore[attr-defined]  # the clock of a test can be moved
    made.converge()
    made.functions.interrupt = before
    made.end(SEARCH, REGION, instance)


def tried(made: World, permission: Permission, number: int) -> None:
    """Remove a permission while it is needed: orgdns names the role and the call, and recovers when it returns."""
    work = Work.prepared(made, number, vpcs=permission.role not in OF_NAMES)
    if permission.action.startswith(("logs:", "sqs:")):
        # CloudWatch counts what was before in a period of its own.
        made.pass_time(5)
    if permission.action in TO_COMPACT:
        # There is a day to compact.
        made.pass_time(10)
        made.clock.advance(26 * 3_600)  # type: ignore[attr-defined]  # the clock of a test can be moved
        made.converge()
    before = {function: len(made.functions.logs(function)) for function in NAMES.functions}
    with removed(made, permission):
        if permission.statement == "SetFailuresAside":
            _fail_for_half_a_day(made)
        work.done(many=permission.role == NAMES.publisher_role, afresh=permission.action in AT_START)
        for _ in range(4):
            if _is_named(made, permission, before):
                break
            made.pass_time(5)
        else:
            raise AssertionError((told(made), [problem.lines for problem in status(made)]))
    denied = {(each.role_arn.rpartition("/")[2], each.action) for each in made.guard.denied}
    made.guard.denied.clear()
    assert denied == ({(permission.role, permission.action)} if permission.role in guarded_roles(NAMES) else set())
    minutes_until(made, lambda: work.right, 65)
    work.cleaned_up()


def _is_named(made: World, permission: Permission, before: dict[str, int]) -> bool:
    """Whether the role and the call are named together in a log since then, or in a problem of `orgdns status`."""
    lines = (str(line) for function, start in before.items() for line in made.functions.logs(function)[start:])
    told = (line for problem in status(made) for line in (*problem.lines, problem.todo))
    return any(permission.role in line and permission.action in line for text in (lines, told) for line in text)
