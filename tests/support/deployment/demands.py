"""What CloudFormation needs to create, update and delete every resource of the templates of a configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cfn_flip

from orgdns.config.load import Config
from orgdns.deployment.accounts import Kind, account_ids
from orgdns.deployment.permissions.calls import bucket_of
from orgdns.deployment.stacks import network_region, profile_regions
from orgdns.deployment.templates import templates
from sandbox.aws.iam.callers.guard import request_of
from sandbox.aws.iam.callers.handlers import Resource, permissions_of_handlers
from sandbox.aws.iam.evaluation import Request
from sandbox.aws.iam.permission import Caller

# The parameters that say where the package is.
CODE: Final = {"CodeBucket": "{bucket}", "CodeKey": "orgdns-0a1b2c3d4e5f6071.zip"}
NOTHING: Final = {"Ref": "AWS::NoValue"}
_SUBSTITUTION: Final = re.compile(r"\$\{([^}]+)\}")
# The properties with the names of resources.
_NAMES: Final = (
    "RoleName",
    "QueueName",
    "FunctionName",
    "TableName",
    "LogGroupName",
    "AlarmName",
    "ManagedPolicyName",
    "Name",
)


def demands(config: Config, kind: Kind) -> Iterator[Request]:
    """The requests that CloudFormation makes in an account in the name of the user `deployer`."""
    account = account_ids(config)[kind]
    files = templates(config)
    for name, region in _stacks(config, kind):
        template = json.loads(cfn_flip.to_json(files[f"{name}.yaml"]))
        caller = Caller(account, region, config.organization.id, config.organization.management_account)
        place = {"AWS::Partition": config.partition, "AWS::Region": region, "AWS::AccountId": account}
        written = _Template(config, template["Resources"], place)
        for body in template["Resources"].values():
            properties = written.written_out(body.get("Properties", {}))
            for handler in ("create", "update", "delete"):
                if handler != "delete" or body.get("DeletionPolicy") != "Retain":
                    for permission, via in permissions_of_handlers(
                        Resource(body["Type"], properties, config.names.of(name)), handler, caller
                    ):
                        yield request_of(f"arn:aws:iam::{account}:user/deployer-{kind}", permission, region, via)


def _stacks(config: Config, kind: Kind) -> list[tuple[str, str]]:
    if kind is Kind.HUB:
        return [(name, config.hub.region) for name in ("hub", "rollout")]
    if kind is Kind.MANAGEMENT:
        regions = [spoke.region for spoke in config.unlisted_spokes]
        return [("spoke-account", config.hub.region), *(("spoke-region", region) for region in regions)]
    return [
        ("network", network_region(config)),
        ("network-zone-changes", config.route53_region),
        *(("network-region", region) for region in profile_regions(config)),
    ]


@dataclass(frozen=True, slots=True)
class _Template:
    """Writes out the functions in a template, as if no parameter had a value and nothing was conditional.

    Attributes:
        config: The configuration.
        resources: The resources by title.
        place: What pseudo parameters stand for.
    """

    config: Config
    resources: Mapping[str, Any]
    place: Mapping[str, str]

    def written_out(self, node: Any) -> Any:
        """A part of the template; None for a property that is left out."""
        if isinstance(node, list):
            return [self.written_out(value) for value in node]
        if not isinstance(node, dict):
            return node
        function, arguments = next(iter(node.items()), ("", None))
        if function in {"Ref", "Fn::GetAtt", "Fn::If", "Fn::Sub"}:
            return self._called(function, arguments)
        written = {key: self.written_out(value) for key, value in node.items()}
        return {key: value for key, value in written.items() if value is not None}

    def _called(self, function: str, arguments: Any) -> Any:
        match function:
            case "Fn::If":
                return None if NOTHING in arguments else self.written_out(arguments[1])
            case "Fn::GetAtt":
                return self._attribute(*arguments)
            case "Fn::Sub":
                return _SUBSTITUTION.sub(lambda match: str(self._referred(match[1])), arguments)
            case _:
                return CODE.get(arguments, "").format(bucket=bucket_of(self.config)) or self._name(arguments)

    def _referred(self, text: str) -> str | None:
        title, _, attribute = text.partition(".")
        return self._attribute(title, attribute) if attribute else self._name(title)

    def _name(self, name: str) -> str | None:
        if name in self.place or name == "AWS::NoValue":
            return self.place.get(name)
        properties = self.resources.get(name, {}).get("Properties", {})
        found = next((properties[key] for key in _NAMES if key in properties), name)
        return str(self.written_out(found))

    def _attribute(self, title: str, attribute: str) -> str:
        name = self._name(title)
        if attribute != "Arn" or self.resources[title]["Type"] != "AWS::IAM::Role":
            # Only the ARNs of roles are passed on to services.
            return f"arn:aws:function:::function:{name}" if "Function" in title else str(name)
        path = self.resources[title]["Properties"].get("Path", "/")
        return f"arn:{self.place['AWS::Partition']}:iam::{self.place['AWS::AccountId']}:role{path}{name}"
