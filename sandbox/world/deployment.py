"""Deploys orgdns into the simulated organization, in the steps of docs/by-hand.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.package import package
from hub.runtime.installation import DEFAULT_NAMES
from orgdns.cfn.event_patterns import TRAIL_EVENTS
from orgdns.cfn.zone_ids import zone_id_title
from orgdns.deployment.templates import templates
from sandbox import example
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.cloudformation.template import parsed_template
from sandbox.aws.functions.packages import Packages
from sandbox.aws.iam.keys.customer_keys import create_keys
from sandbox.aws.network import chosen_ids, switch_dns_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orgdns.config.load import Config
    from sandbox.aws.cloudformation.deployer import Deployer
    from sandbox.aws.organization import Organization

# Of the installation that has the default name.
BUCKET: Final = DEFAULT_NAMES.of("packages")
NAMED_IAM: Final = ("CAPABILITY_NAMED_IAM",)


def zone_ids(config: Config) -> dict[str, str]:
    """The id of each configured zone by domain, without the trailing dot."""
    domains = {zone.domain.removesuffix("."): zone.id for zone in config.zones}
    return {domain: zone_id or example.new_zone_id(domain) for domain, zone_id in domains.items()}


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stacks of one configuration, and what they need to be deployed."""

    config: Config
    deployer: Deployer
    client: Callable[..., Any]
    packages: Packages = field(default_factory=Packages)

    def prepare(self, organization: Organization) -> None:
        """Let the hub administer StackSets, and the organization share resources, as the management account does."""
        organization.register_stack_sets_administrator(self.config.hub.account)
        self.client("ram", self.config.organization.management_account).enable_sharing_with_aws_organization()

    def prepare_network(self, organization: Organization) -> None:
        """Create what an organization has before orgdns: keys, the network's VPCs, and the zones that exist."""
        config = self.config
        create_keys(config, organization.account_ids)
        for zone in config.zones:
            place = zone.create
            vpc_id = place.vpc if place else f"vpc-{len(zone_ids(config)):017x}"
            region = place.region if place else config.hub.region
            ec2 = self.client("ec2", config.network.account, region)
            with chosen_ids(ec2, vpc_id):
                ec2.create_vpc(CidrBlock="10.0.0.0/16")
            switch_dns_on(ec2, vpc_id)
            if place is None:
                self.client("route53", config.network.account).create_hosted_zone(
                    Name=zone.domain,
                    CallerReference=zone.domain,
                    VPC={"VPCId": vpc_id, "VPCRegion": region},
                    HostedZoneConfig={"PrivateZone": True},
                )

    def deploy(self) -> None:
        """Deploy the network, hub and rollout templates, in this order."""
        config, names = self.config, self.config.names
        hub, region = config.hub.account, config.hub.region
        files = templates(config)
        zones = self.deployer.deploy(
            config.network.account, region, names.network_stack, files["network.yaml"], capabilities=NAMED_IAM
        )
        parameters = self._upload_package()
        parameters |= {name: value for name, value in zones.items() if name.startswith("ZoneId")}
        self.deployer.deploy(hub, region, names.hub_stack, files["hub.yaml"], parameters, NAMED_IAM)
        body = files["network-zone-changes.yaml"]
        self.deployer.deploy(
            config.network.account,
            config.route53_region,
            names.zone_changes_stack,
            body,
            self.parameters_of(body),
            NAMED_IAM,
        )
        if "network-region.yaml" in files:
            for covered in config.spokes.regions:
                body = files["network-region.yaml"]
                self.deployer.deploy(
                    config.network.account, covered, names.network_region_stack, body, self.parameters_of(body)
                )
        body = files["rollout.yaml"]
        self.deployer.deploy(hub, region, names.rollout_stack, body, self.parameters_of(body), NAMED_IAM)
        self._check_rollout()

    def _check_rollout(self) -> None:
        """Raise if a stack of the rollout failed. The rollout itself tolerates that, and the organization has no fault.

        Raises:
            DeploymentFailed: with the reason of the first.
        """
        client = self.client("cloudformation", self.config.hub.account)
        for stack_set in client.list_stack_sets(Status="ACTIVE", CallAs="DELEGATED_ADMIN")["Summaries"]:
            for each in client.list_stack_instances(StackSetName=stack_set["StackSetName"], CallAs="DELEGATED_ADMIN")[
                "Summaries"
            ]:
                if each["Status"] != "CURRENT":
                    place = f"{stack_set['StackSetName']} in {each['Account']}/{each['Region']}"
                    raise DeploymentFailed(f"{place}: {each['StatusReason']}")

    def _upload_package(self) -> dict[str, str]:
        """Put the Lambda package into a bucket of the hub account; the hub template's parameters that say where."""
        built = package(self.config.compiled_policy(), reporter=bool(self.config.report.files))
        self.packages.trust_code(built.content)
        region = self.config.hub.region
        s3 = self.client("s3", self.config.hub.account, region)
        # us-east-1 is S3's default, and refused as a constraint (S3 API Reference, CreateBucket).
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        bucket = self.config.names.of("packages")
        s3.create_bucket(Bucket=bucket, **place)
        s3.put_object(Bucket=bucket, Key=built.key, Body=built.content)
        return {"CodeBucket": bucket, "CodeKey": built.key, "CodeSha256": built.code_sha256}

    def deploy_spoke(self, account: str, regions: Sequence[str]) -> None:
        """Deploy the spoke stacks by hand, as for the management account, which StackSets never reach."""
        files = templates(self.config)
        for name, where in (("account", regions[:1]), ("region", regions)):
            body = files[f"spoke-{name}.yaml"]
            parameters = self.parameters_of(body)
            for region in where:
                self.deployer.deploy(
                    account, region, self.config.names.of(f"spoke-{name}"), body, parameters, NAMED_IAM
                )

    def parameters_of(self, body: str) -> dict[str, str]:
        """The values of a template's parameters: the zones' ids, and that CloudTrail trails log API calls."""
        ids = zone_ids(self.config)
        values = {zone_id_title(zone.domain): ids[zone.domain.removesuffix(".")] for zone in self.config.zones}
        values[TRAIL_EVENTS] = "true"
        return {name: values[name] for name in parsed_template(body).get("Parameters", {})}
