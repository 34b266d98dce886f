"""The accounts of a small configuration in memory, and what a deployment brings into them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from hub.package import Package
from hub.runtime import contract
from orgdns.config.load import Config, parse
from orgdns.deployment.accounts import account_ids
from orgdns.deployment.bundle import Bundle
from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.execution import deploy, wait_for_others
from orgdns.deployment.opening import open_deployment
from orgdns.deployment.planning import Deployment, Plan, plan
from orgdns.deployment.removal.everything import destroy, removal
from orgdns.deployment.stacks import Part
from tests.support.config.configuration import GOOD
from tests.support.deployment.aws import Answer, Aws, Calls, refused
from tests.support.deployment.cloudformation import CloudFormation, State
from tests.support.deployment.route53 import Route53
from tests.support.deployment.s3 import S3, StoredBucket

ZONE = "ZoneIdInstancesDotInternal"
_ROLE = "Type: AWS::IAM::Role"
_ZONE_PARAMETER = f"Parameters:\n  {ZONE}: {{Type: String}}\n"
# The hub's template is too large for a call.
_LARGE = "# " + "x" * 52_000 + "\n"
_NETWORK = f"Resources:\n  WriterRole: {{{_ROLE}}}\nOutputs:\n  {ZONE}: {{Value: x}}\n"
_HUB = f"""{_LARGE}{_ZONE_PARAMETER}  CodeBucket: {{Type: String}}
  CodeKey: {{Type: String}}
  CodeSha256: {{Type: String}}
  S3ObjectVersion: {{Type: String, Default: ""}}
  LogLevel: {{Type: String, Default: INFO}}
Resources:
  Ledger: {{Type: AWS::DynamoDB::Table, DeletionPolicy: RetainExceptOnCreate}}
  History: {{Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}}
  FunctionsErrorsAlarm: {{Type: AWS::CloudWatch::Alarm}}
  HeartbeatsAlarm: {{Type: AWS::CloudWatch::Alarm}}
"""
_ROLLOUT = f"""{_ZONE_PARAMETER}  CloudTrailEvents: {{Type: String, Default: "false"}}
Resources:
  SpokeRegion: {{Type: AWS::CloudFormation::StackSet}}
"""
_SPOKE_ACCOUNT = f"{_ZONE_PARAMETER}Resources:\n  ReaderRole: {{{_ROLE}}}\n"
_SPOKE_REGION = """Parameters:
  CloudTrailEvents: {Type: String, Default: "false"}
Resources:
  StateRule: {Type: AWS::Events::Rule}
"""
TEMPLATES = {
    "network-zone-changes.yaml": _ROLLOUT,
    "network.yaml": _NETWORK,
    "hub.yaml": _HUB,
    "rollout.yaml": _ROLLOUT,
    "spoke-account.yaml": _SPOKE_ACCOUNT,
    "spoke-region.yaml": _SPOKE_REGION,
}


@cache
def example() -> Config:
    """The configuration of the example."""
    return parse(GOOD)


def bundle(version: str = "1") -> Bundle:
    """What the configuration becomes in this version of orgdns: all templates and the package differ."""
    more = "" if version == "1" else f"  Added{version}: {{{_ROLE}}}\n"
    templates = {file: text.replace("Resources:\n", f"Resources:\n{more}") for file, text in TEMPLATES.items()}
    return Bundle(templates, Package(b"zip" + version.encode(), ()), "{}")


@dataclass
class CloudWatch:
    """The alarms of an account; those in ALARM by name."""

    firing: set[str]

    def describe_alarms(self, AlarmNames: list[str]) -> Answer:
        return {
            "MetricAlarms": [
                {
                    "AlarmName": name,
                    "AlarmArn": f"arn:aws:cloudwatch:::alarm:{name}",
                    "StateValue": "ALARM" if name in self.firing else "OK",
                }
                for name in AlarmNames
            ]
        }


@dataclass
class Iam:
    """The roles of an account."""

    roles: list[Answer]

    def list_roles(self) -> Answer:
        return {"Roles": self.roles}


@dataclass
class Ledger:
    """The ledger's table: the paces that were stored, the requests, and the rows of VPCs.

    It may be gone, and `refusal` is the code and message of the error that answers to the note of a request.
    """

    paces: list[Answer] = field(default_factory=list)
    requests: list[Answer] = field(default_factory=list)
    vpcs: list[Answer] = field(default_factory=list)
    gone: bool = False
    refusal: tuple[str, str] | None = None

    def put_item(self, **request: Any) -> Answer:
        self._check("PutItem")
        row = {name: text for name, value in request["Item"].items() for text in value.values()}
        if row[contract.PARTITION_KEY] != contract.REQUESTS_KEY:
            self.paces.append(row)
            return {}
        if self.refusal:
            raise refused("PutItem", *self.refusal)
        self.requests.append(row)
        return {}

    def query(self, **_request: Any) -> Answer:
        self._check("Query")
        return {"Items": self.vpcs}

    def _check(self, operation: str) -> None:
        if self.gone:
            raise refused(operation, "ResourceNotFoundException")


@dataclass
class Organization:
    """AWS, and runs of `orgdns deploy` over it."""

    config: Config = field(default_factory=example)
    state: State = field(default_factory=State)
    buckets: dict[str, StoredBucket] = field(default_factory=dict)
    firing: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)
    route53: Route53 = field(default_factory=Route53)
    ledger: Ledger = field(default_factory=Ledger)
    roles: list[Answer] = field(default_factory=list)

    def service(self, account: str, service: str, region: str) -> Any:
        match service:
            case "cloudformation":
                return CloudFormation(self.state, self.buckets, account, region)
            case "s3":
                return S3(self.buckets, account, region)
            case "cloudwatch":
                return CloudWatch(self.firing)
            case "route53":
                return self.route53
            case "dynamodb":
                # The hub's stack makes the table, which outlives it.
                made = any(stack.name == self.config.names.hub_stack for stack in self._stacks())
                return self.ledger if made else Ledger(gone=True)
            case "iam":
                return Iam(self.roles)
        raise AssertionError(service)

    def _stacks(self) -> Iterator[Any]:
        """All stacks, also those that are deleted."""
        return (stack for region in self.state.regions.values() for stack in region.stacks.values())

    def deployment(self, content: Bundle | None = None, parts: tuple[Part, ...] = tuple(Part)) -> Deployment:
        accounts = Aws(account_ids(self.config), self.service, self.calls).accounts()
        opened = open_deployment(self.config, "orgdns.yaml", accounts, self.events.append, parts, content or bundle())
        return self._timed(opened)

    def _timed(self, opened: Deployment) -> Deployment:
        """The deployment with a clock that only its own sleep moves."""
        return replace(opened, sleep=self.state.sleep, clock=self.state.now)

    def run(self, content: Bundle | None = None, parts: tuple[Part, ...] = tuple(Part)) -> Plan:
        """Deploy as the command does, and return the plan that was executed."""
        deployment = self.deployment(content, parts)
        wait_for_others(deployment)
        planned = plan(deployment)
        deploy(deployment, planned)
        return planned

    def destroy(self, *, records: bool = False) -> tuple[str, ...]:
        """Destroy as the command does, and return what is left."""
        accounts = Aws(account_ids(self.config), self.service, self.calls).accounts()
        opened = open_deployment(
            self.config, "orgdns.yaml", accounts, self.events.append, bundle=bundle(), removes=True
        )
        deployment = self._timed(opened)
        return destroy(deployment, removal(deployment, records=records, associations=False))

    def copy(self) -> Organization:
        """An organization that is like this one now."""
        return deepcopy(self, {id(self.config): self.config})

    def end(self) -> Answer:
        """All that is deployed."""
        return {
            "stacks": sorted(
                (place, stack.name, stack.status, stack.body, stack.parameters, stack.tags)
                for place, region in self.state.regions.items()
                for stack in region.stacks.values()
                if stack.status != "DELETE_COMPLETE"
            ),
            "buckets": {name: (bucket.settings, sorted(bucket.objects)) for name, bucket in self.buckets.items()},
        }

    def stack(self, name: str) -> Any:
        """The stack of this name that is not deleted."""
        (found,) = (
            stack
            for region in self.state.regions.values()
            for stack in region.stacks.values()
            if stack.name == name and stack.status != "DELETE_COMPLETE"
        )
        return found
