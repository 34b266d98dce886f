"""What happens in the organization: instances start and change their tags, and EventBridge says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from orgdns.config.load import parse
from sandbox.aws.partition import arn_of
from sandbox.aws.route53.rules import Action
from sandbox.bench.path.services.spokes import UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.config.load import Config
    from sandbox.bench.path.hub import Hub

DOMAIN: Final = "burst.internal"
ZONE: Final = "Z0BURST0INTERNAL0BENCH"
EVENTS: Final = "EventsQueue"
ALIASES: Final = "aliases"
NAME: Final = "Name"
REGIONS: Final = ("eu-central-1", "eu-west-1")
# EC2 reports the tags of a new instance before it runs.
PENDING_SECONDS: Final = 3.0


def config(share: float) -> Config:
    """Return a configuration in which each instance gets the name of its tag, and one for each alias.

    It keeps no history: the historian reads what the path has written, and the path does not wait for it.
    """
    return parse(
        f"""
organization:
  id: o-a1b2c3d4e5
  management_account: "111111111111"
  units: [{UNIT}]
hub: {{account: "222222222222", region: eu-central-1}}
network: {{account: "333333333333", route53_share: {share}}}
spokes: {{regions: [{", ".join(REGIONS)}]}}
history: {{days: 0}}
guards: {{account_names: 100000, account_records: 200000, zone_records: 1000000}}
zones:
  - domain: {DOMAIN}
    id: {ZONE}
    resolved_by: {{vpcs: all, except: [{{tag: {{tag: dns, value: private}}}}]}}
policy:
  rules:
    - {{name: by-tag, template: "{{name}}.{DOMAIN}", ttl: 60, conflict: newest}}
    - {{name: aliases, aliases: {ALIASES}, template: "{{alias}}.{DOMAIN}", ttl: 60, conflict: newest}}
"""
    )


@dataclass(slots=True)
class Traffic:
    """Starts and changes in the organization, and when names were published."""

    hub: Hub
    # When each name was created last.
    published: dict[str, float] = field(default_factory=dict)
    events: int = 0

    def __post_init__(self) -> None:
        self.hub.route53.changed = self._changed

    def start(self, account: str, region: str, tags: Mapping[str, str]) -> str:
        """Start an instance, which runs from now on; its tags were reported before."""
        instance_id = self.hub.organization.launch(account, region, tags)
        self._report(account, region, instance_id, "aws.ec2", "EC2 Instance State-change Notification", state="running")
        return instance_id

    def create(self, account: str, region: str, tags: Mapping[str, str]) -> None:
        """Create an instance, which runs after some seconds."""
        instance_id = self.hub.organization.launch(account, region, tags, "pending")
        self._tags(account, region, instance_id, tags)

        def run() -> None:
            self.hub.organization.instances[account, region][instance_id]["State"] = {"Name": "running"}
            self._report(
                account, region, instance_id, "aws.ec2", "EC2 Instance State-change Notification", state="running"
            )

        self.hub.simulation.after(PENDING_SECONDS, run)

    def tag(self, account: str, region: str, instance_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an instance."""
        self.hub.organization.tag(account, region, instance_id, tags)
        self._tags(account, region, instance_id, tags)

    def _tags(self, account: str, region: str, instance_id: str, tags: Mapping[str, str]) -> None:
        detail: dict[str, Any] = {
            "changed-tag-keys": sorted(tags),
            "service": "ec2",
            "resource-type": "instance",
            "tags": dict(tags),
        }
        self._report(account, region, instance_id, "aws.tag", "Tag Change on Resource", **detail)

    def _report(
        self, account: str, region: str, instance_id: str, source: str, detail_type: str, **detail: object
    ) -> None:
        self.events += 1
        now = datetime.fromtimestamp(self.hub.simulation.now, UTC)
        if source == "aws.ec2":
            detail["instance-id"] = instance_id
        self.hub.deliver(
            EVENTS,
            {
                "version": "0",
                "id": str(self.events),
                "source": source,
                "detail-type": detail_type,
                "account": account,
                "region": region,
                "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "resources": [arn_of("ec2", region, account, f"instance/{instance_id}")],
                "detail": detail,
            },
        )

    def _changed(self, name: str, action: Action) -> None:
        if action is not Action.DELETE:
            self.published[name] = self.hub.simulation.now
