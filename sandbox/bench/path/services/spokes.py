"""The organization: its accounts, their instances and VPCs, and what EC2, STS and Organizations answer about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sandbox.bench.path.services.quotas import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.calls import Caller
    from sandbox.bench.path.services.parameters import Services

UNIT: Final = "ou-ab12-workload"
_ROOT: Final = "o-a1b2c3d4e5/r-ab12"
Described = dict[str, Any]


@dataclass(slots=True)
class Organization:
    """The instances of each account and region, as EC2 describes them, and the buckets of the calls."""

    simulation: Simulation
    services: Services
    instances: defaultdict[tuple[str, str], dict[str, Described]] = field(default_factory=lambda: defaultdict(dict))
    calls: Counter[str] = field(default_factory=Counter)
    # How often the instances of each spoke were described.
    described: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _buckets: dict[tuple[str, ...], Bucket] = field(default_factory=dict)
    _number: int = 0

    def launch(self, account: str, region: str, tags: Mapping[str, str], state: str = "running") -> str:
        """Start an instance; return its id."""
        number, self._number = self._number, self._number + 1
        instance_id = f"i-{number:017x}"
        launched = datetime.fromtimestamp(self.simulation.now, UTC)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.instances[account, region][instance_id] = {
            "InstanceId": instance_id,
            "State": {"Name": state},
            "LaunchTime": launched,
            "Placement": {"AvailabilityZone": f"{region}a"},
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "PrivateIpAddress": address,
            "NetworkInterfaces": [
                {
                    "VpcId": "vpc-0a1b2c3d",
                    "SubnetId": "subnet-0a1b2c3d",
                    "Attachment": {"DeviceIndex": 0, "Status": "attached", "AttachTime": launched},
                    "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
                }
            ],
        }
        return instance_id

    def tag(self, account: str, region: str, instance_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an instance."""
        instance = self.instances[account, region][instance_id]
        instance["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]

    def admit(self, operation: str, code: str, bucket: tuple[float, float], *of: str) -> str:
        """Count a call and take its token; return an error code if there is none."""
        self.calls[operation] += 1
        if operation == "DescribeInstances":
            self.described[of] += 1
        if self._buckets.setdefault((operation, *of), Bucket(*bucket)).take(1, self.simulation.now):
            return ""
        return code


class Ec2Client:
    """A client of EC2 in a region of an account."""

    def __init__(self, organization: Organization, caller: Caller, account: str, region: str) -> None:
        self._organization, self._caller = organization, caller
        self._of = (account, region)

    def get_paginator(self, _operation: str) -> Ec2Client:
        """Return itself: only instances are listed."""
        return self

    def paginate(self, **given: Any) -> Iterator[Any]:  # noqa: ANN401 - botocore's
        """List the instances with these ids, or all, in one page."""
        services = self._caller.services
        self._caller.repeated(
            "DescribeInstances",
            services.describe,
            lambda: self._organization.admit(
                "DescribeInstances", "RequestLimitExceeded", services.describes, *self._of
            ),
        )
        instances = self._organization.instances[self._of]
        ids = next((each["Values"] for each in given.get("Filters", ()) if each["Name"] == "instance-id"), instances)
        # As they are now: what changes later is another description.
        found = [dict(instances[each]) for each in ids if each in instances]
        yield {"Reservations": [{"Instances": found}]}


class StsClient:
    """A client of STS. The access key of a session is the account of its role."""

    def __init__(self, organization: Organization, caller: Caller) -> None:
        self._organization, self._caller = organization, caller

    def assume_role(self, *, RoleArn: str, **_given: object) -> Any:  # noqa: ANN401, N803 - botocore's
        """Begin a session of a role."""
        services = self._caller.services
        self._caller.repeated(
            "AssumeRole",
            services.assume_role,
            lambda: self._organization.admit("AssumeRole", "Throttling", services.assumptions),
        )
        return {"Credentials": {"AccessKeyId": RoleArn.split(":")[4], "SecretAccessKey": "-", "SessionToken": "-"}}


class OrganizationsClient:
    """A client of Organizations. All accounts are in one unit, and each has a name of its own."""

    def __init__(self, organization: Organization, caller: Caller) -> None:
        self._organization, self._caller = organization, caller

    def describe_account(self, *, AccountId: str) -> Any:  # noqa: ANN401, N803 - botocore's
        """Describe an account."""
        services = self._caller.services
        self._caller.repeated(
            "DescribeAccount",
            services.describe_account,
            lambda: self._organization.admit("DescribeAccount", "TooManyRequestsException", services.describe_accounts),
        )
        paths = [f"{_ROOT}/{UNIT}/{AccountId}/"]
        return {"Account": {"Id": AccountId, "Name": f"team {AccountId}", "State": "ACTIVE", "Paths": paths}}
