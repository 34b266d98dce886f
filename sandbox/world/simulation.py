"""The simulated organization as tests, demo and server use it: launch instances, make VPCs, query DNS, read logs.

`World` reaches AWS as a person does, through clients of each account.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Unpack

import dns.message
import dns.query
import dns.rdatatype
from botocore.config import Config as ClientConfig
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from hub.runtime.contract import AUDIT_SCHEDULE, SWEEP_SCHEDULE
from sandbox.aws.cloudformation.stacks.operations import watch_all
from sandbox.aws.cloudwatch.metrics import MINUTE
from sandbox.aws.credentials import access_key, administrator_client
from sandbox.aws.events.ec2_tags import GROUP_TAG, called_by_aws
from sandbox.aws.iam.callers.principals import create_user
from sandbox.aws.launching import Launch, interface_request, launch_request, tag_list
from sandbox.aws.network import AutodefinedRules, NewVpc, chosen_ids, switch_dns_on
from sandbox.aws.resolution.server import LOOPBACK, DnsServer
from sandbox.aws.vpcs.shared_subnets import share_subnet
from sandbox.clock import Clock, MovedClock
from sandbox.world.deployment import Deployment, zone_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orgdns.config.load import Config
    from sandbox.aws.cloudformation.deployer import Deployer
    from sandbox.aws.cloudwatch.alarms import Alarms
    from sandbox.aws.cloudwatch.functions import FunctionMetrics
    from sandbox.aws.cloudwatch.metrics import MetricStore
    from sandbox.aws.events.eventbridge import Router
    from sandbox.aws.events.trails import Trails
    from sandbox.aws.functions.packages import Packages
    from sandbox.aws.functions.service import Functions
    from sandbox.aws.iam.guard import Guard
    from sandbox.aws.organization import Organization
    from sandbox.aws.profiles.rules import Profiles
    from sandbox.aws.regions import Regions
    from sandbox.aws.route53.state import StrictRoute53
    from sandbox.aws.schedules import Schedules
_ONCE: Final = ClientConfig(retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True, order=True)
class Vpc:
    """A VPC with one subnet."""

    account: str
    region: str
    id: str
    subnet: str


@dataclass(slots=True)
class World:
    """The simulated organization, and operations on it."""

    config: Config
    clock: Clock
    organization: Organization
    deployer: Deployer
    route53: StrictRoute53
    router: Router
    functions: Functions
    guard: Guard
    resolvers: DnsServer
    autodefined_rules: AutodefinedRules
    schedules: Schedules
    profiles: Profiles
    trails: Trails
    packages: Packages
    regions: Regions
    metrics: MetricStore
    function_metrics: FunctionMetrics
    alarms: Alarms
    # The first VPC of each account and region, which instances are launched in, and the VPCs made later.
    vpcs: dict[tuple[str, str], Vpc] = field(default_factory=dict)
    further_vpcs: list[Vpc] = field(default_factory=list)
    _networks: int = 0
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)

    def client(self, service: str, account: str, region: str | None = None) -> Any:  # noqa: ANN401 - any service's client
        """A client of a service with an administrator's access key of the account; in the hub's region by default."""
        region = region or self.config.hub.region
        if (service, account, region) not in self._clients:
            self._clients[service, account, region] = administrator_client(service, account, region, config=_ONCE)
        return self._clients[service, account, region]

    def access_key(self, account: str) -> tuple[str, str]:
        """Create an administrator's access key in the account; its id and its secret."""
        return access_key(account)

    def user(self, account: str, name: str, policies: Mapping[str, str]) -> tuple[str, str]:
        """Create a user with managed policies, by name, who may do no more than they allow; its key's id and secret.

        Only the API on loopback checks this.
        """
        return create_user(account, name, policies)

    def add_vpc(
        self,
        account: str,
        region: str,
        *,
        associated: bool = True,
        **how: Unpack[NewVpc],
    ) -> Vpc:
        """Create a VPC with one subnet and, if `associated`, associate it with every zone that exists, as by hand.

        By default its ids are random and its CIDR is unlike that of any other VPC.
        """
        ec2 = self.client("ec2", account, region)
        # Every VPC has its own network. 10.0.0.0/16 belongs to the first VPC of the networking account.
        self._networks += 1
        cidr = how.get("cidr") or f"10.{self._networks}.0.0/16"
        tags = tag_list(how.get("tags") or {})
        specification = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]} if tags else {}
        with chosen_ids(ec2, how.get("vpc_id"), how.get("subnet_id")):
            vpc_id = ec2.create_vpc(CidrBlock=cidr, **specification)["Vpc"]["VpcId"]
            subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr)["Subnet"]["SubnetId"]
        if how.get("dns", True):
            switch_dns_on(ec2, vpc_id)
        vpc = Vpc(account, region, vpc_id, subnet)
        if self.vpcs.setdefault((account, region), vpc) is not vpc:
            self.further_vpcs.append(vpc)
        if associated:
            for zone_id in self.zone_ids.values():
                if self.route53.exists(zone_id):
                    self.route53.associate(zone_id, vpc_id, region)
        return vpc

    def share(self, vpc: Vpc, participant: str) -> None:
        """Share the subnet of a VPC with another account, whose instances can then be launched in it."""
        share_subnet(vpc.account, vpc.region, vpc.subnet, participant)

    def delete_vpc(self, vpc: Vpc) -> None:
        """Delete a VPC with its subnet. Zones and Profiles keep their associations with it."""
        ec2 = self.client("ec2", vpc.account, vpc.region)
        ec2.delete_subnet(SubnetId=vpc.subnet)
        ec2.delete_vpc(VpcId=vpc.id)
        if vpc in self.further_vpcs:
            self.further_vpcs.remove(vpc)
        else:
            del self.vpcs[vpc.account, vpc.region]

    @property
    def zone_ids(self) -> dict[str, str]:
        """The id of each configured zone by domain, without the trailing dot."""
        return zone_ids(self.config)

    def launch(
        self,
        account: str,
        region: str,
        name: str | None = None,
        count: int = 1,
        tags: Mapping[str, str] | None = None,
        **how: Unpack[Launch],
    ) -> list[str]:
        """Launch instances, by default in the first VPC of the account and region; their ids."""
        group = how.get("group")
        named = ({"Name": name} if name is not None else {}) | dict(tags or {}) | ({GROUP_TAG: group} if group else {})
        subnet = how.get("subnet") or self.vpcs[account, region].subnet
        with called_by_aws() if group else nullcontext():
            answer = self.client("ec2", account, region).run_instances(**launch_request(subnet, named, count, how))
        return [instance["InstanceId"] for instance in answer["Instances"]]

    def add_interface(
        self,
        account: str,
        region: str,
        instance_id: str,
        device_index: int = 1,
        addresses: Sequence[str] = (),
        ipv6: Sequence[str] = (),
    ) -> str:
        """Attach a new interface in the instance's subnet; its id. The first address is the primary one.

        EC2 sends no event about it, and the interface outlives the instance.
        """
        ec2 = self.client("ec2", account, region)
        subnet = self.described(account, region, instance_id)["SubnetId"]
        made = ec2.create_network_interface(**interface_request(subnet, addresses, ipv6))["NetworkInterface"]
        interface: str = made["NetworkInterfaceId"]
        ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance_id, DeviceIndex=device_index)
        return interface

    def tag(self, account: str, region: str, instance_id: str, **tags: str) -> None:
        """Set tags on an instance."""
        self.client("ec2", account, region).create_tags(Resources=[instance_id], Tags=tag_list(tags))

    def stop(self, account: str, region: str, *instance_ids: str) -> None:
        """Stop instances; they keep their addresses."""
        self.client("ec2", account, region).stop_instances(InstanceIds=list(instance_ids))

    def start(self, account: str, region: str, *instance_ids: str) -> None:
        """Start stopped instances."""
        self.client("ec2", account, region).start_instances(InstanceIds=list(instance_ids))

    def end(self, account: str, region: str, *instance_ids: str) -> None:
        """Terminate instances."""
        self.client("ec2", account, region).terminate_instances(InstanceIds=list(instance_ids))

    def described(self, account: str, region: str, instance_id: str) -> dict[str, Any]:
        """An instance as DescribeInstances returns it."""
        answer = self.client("ec2", account, region).describe_instances(InstanceIds=[instance_id])
        instance: dict[str, Any] = answer["Reservations"][0]["Instances"][0]
        return instance

    def address(self, account: str, region: str, instance_id: str) -> str:
        """The primary private address of an instance."""
        address: str = self.described(account, region, instance_id)["PrivateIpAddress"]
        return address

    def deploy_spoke(self, account: str, regions: Sequence[str]) -> None:
        """Deploy the spoke stacks by hand, as for the management account, which StackSets never reach."""
        Deployment(self.config, self.deployer, self.client).deploy_spoke(account, regions)

    def sweep(self) -> None:
        """Fire the sweep schedule, and let the functions work until nothing is left to do."""
        self.schedules.fire(SWEEP_SCHEDULE, self.config.names.schedule_group)
        self.converge()

    def audit(self) -> None:
        """Fire the audit schedule, and let the functions work until nothing is left to do."""
        self.schedules.fire(AUDIT_SCHEDULE, self.config.names.schedule_group)
        self.converge()

    def empty_ledger(self) -> None:
        """Delete every row of the ledger, as if the table was lost and created anew."""
        tables = dynamodb_backends[self.config.hub.account][self.config.hub.region].tables
        tables[self.config.names.ledger_table].items.clear()

    def converge(self) -> None:
        """Let the functions work until nothing is left to do at the current time."""
        self.functions.converge()

    def pass_time(self, minutes: int) -> None:
        """Let minutes pass: in each, fire the due schedules, let the functions work, and evaluate the alarms.

        What happens at the end of a minute counts for the next one, as in CloudWatch.

        Raises:
            TypeError: if the clock cannot be moved.
        """
        if not isinstance(self.clock, MovedClock):
            raise TypeError("the machine's own clock cannot be moved: build the world with a MovedClock")
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            self.schedules.fire_due()
            self.converge()
            self.alarms.evaluate()
            watch_all()

    def ask(self, name: str, vpc: Vpc, kind: str = "A") -> dns.message.Message:
        """The answer to a DNS query over UDP, as an instance in the VPC gets it."""
        if vpc.id not in self._ports:
            self._ports[vpc.id] = self.resolvers.serve(vpc.id)
        query = dns.message.make_query(name, dns.rdatatype.from_text(kind))
        return dns.query.udp(query, LOOPBACK, port=self._ports[vpc.id], timeout=5)

    def resolve(self, name: str, vpc: Vpc, kind: str = "A") -> set[str]:
        """The values in the answer to a DNS query; empty if the name does not resolve."""
        return {str(value) for answer in self.ask(name, vpc, kind).answer for value in answer}

    def owners(self, domain: str) -> list[tuple[str, str, str, str | None]]:
        """The records of a zone without its NS and SOA: name, type, values and owner."""
        return [
            (record_set.name, record_set.type, " ".join(record_set.values), record_set.set_identifier)
            for record_set in self.route53.record_sets(self.zone_ids[domain])
            if record_set.type not in {"NS", "SOA"}
        ]

    def logged(self, function: str, message: str) -> list[dict[str, Any]]:
        """The lines of a function's log with this message, in order."""
        lines = self.functions.logs(function)
        return [line for line in lines if isinstance(line, dict) and line.get("message") == message]

    def waiting(self, queue: str) -> int:
        """How many messages a queue of the hub has, in flight or not."""
        found = sqs_backends[self.config.hub.account][self.config.hub.region].queues[queue]
        number: int = found.approximate_number_of_messages + found.approximate_number_of_messages_not_visible
        return number
