"""What would make a deployment fail, found before it begins: each problem with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.sessions import error_code
from hub.runtime.installation import log_group
from orgdns.cfn.zone_ids import shown_domain, zone_id_title
from orgdns.deployment.accounts import Kind
from orgdns.deployment.bucket import Bucket
from orgdns.deployment.cloudformation.stack_states import Next, found_stack, next_step
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.stacks import Part, network_region

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from hub.runtime.model.names import Fqdn
    from orgdns.config.load import Config, Zone
    from orgdns.deployment.accounts import Accounts

_PRINCIPAL: Final = "member.org.stacksets.cloudformation.amazonaws.com"
# The most runs at a time of the functions that SQS calls (docs/operate.md), and one for a shard of the stream.
_CONCURRENCY: Final = 108
# "Concurrent executions", which `aws service-quotas list-service-quotas --service-code lambda` lists ("Request a quota
# increase", https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
_QUOTA: Final = "L-B99A9384"
# Names of roles are global in an account.
_TAKEN: Final = (
    "If another installation has this name, for example in a region that is lost, give this one a name of its own "
    "('installation', docs/disaster.md)"
)
_MANAGEMENT: Final = "run `orgdns deploy --management` with credentials of the management account"
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        text: What is wrong, and what to do.
        blocks: Whether the deployment would fail.
    """

    text: str
    blocks: bool = True


def preflight(config: Config, accounts: Accounts, parts: Collection[Part]) -> tuple[Finding, ...]:
    """What the checks find. A check that may not look is a warning."""
    check = _Checks(config, accounts)
    checks: list[Callable[[], Iterator[Finding]]] = []
    if Part.NETWORK in parts:
        checks += [check.zones, check.network_names]
    if Part.HUB in parts:
        checks += [check.hub_names, check.concurrency]
    if Part.ROLLOUT in parts:
        checks += [check.organization]
    return tuple(finding for each in checks for finding in _looked(each))


def _looked(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except (ClientError, BotoCoreError) as error:
        yield Finding(f"not checked, because AWS says: {error}", blocks=False)


@dataclass(frozen=True, slots=True)
class _Checks:
    config: Config
    accounts: Accounts

    def _hub(self, service: str) -> Any:  # noqa: ANN401 - the client of any service
        return self.accounts.client(Kind.HUB, service, self.config.hub.region)

    def _network(self, service: str, region: str) -> Any:  # noqa: ANN401 - as above
        return self.accounts.client(Kind.NETWORK, service, region)

    def organization(self) -> Iterator[Finding]:
        """The hub account is a delegated administrator of StackSets, which has trusted access."""
        config = self.config
        listed = self._hub("organizations").get_paginator("list_delegated_administrators")
        try:
            pages = list(listed.paginate(ServicePrincipal=_PRINCIPAL))
        except ClientError as error:
            if error_code(error) not in _DENIED:
                raise
            # AWS denies the call to any account that is neither a delegated administrator nor the management account.
            yield Finding(
                f"the hub account {config.hub.account} is no delegated administrator of the organization, or these "
                f"credentials may not call organizations:ListDelegatedAdministrators: {_MANAGEMENT}"
            )
            return
        if config.hub.account not in {each["Id"] for page in pages for each in page["DelegatedAdministrators"]}:
            yield Finding(
                f"the hub account {config.hub.account} is no delegated administrator of StackSets: {_MANAGEMENT}"
            )
            return
        access = self._hub("cloudformation").describe_organizations_access(CallAs="DELEGATED_ADMIN")["Status"]
        if access != "ENABLED":
            yield Finding(f"StackSets' trusted access to the organization is {access}: {_MANAGEMENT}")

    def concurrency(self) -> Iterator[Finding]:
        """Lambda may run the functions at the same time."""
        allowed = self._hub("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
        if allowed < _CONCURRENCY:
            yield Finding(
                f"the hub account may run {allowed:,} functions at a time, and orgdns runs {_CONCURRENCY} or more: "
                f"request 1,000, with credentials of the hub account: aws service-quotas "
                f"request-service-quota-increase --region {self.config.hub.region} --service-code lambda "
                f"--quota-code {_QUOTA} --desired-value 1000",
                blocks=False,
            )

    def zones(self) -> Iterator[Finding]:
        """Existing zones are private zones of the networking account, and the VPCs of new ones exist."""
        region = network_region(self.config)
        outputs = found_stack(self._network("cloudformation", region), self.config.names.network_stack).outputs
        for index, zone in enumerate(self.config.zones):
            if zone.id:
                yield from self._existing_zone(f"zones[{index}].id", zone)
            elif zone_id_title(zone.domain) not in outputs:
                yield from self._new_zone(f"zones[{index}].create", zone)

    def _existing_zone(self, place: str, zone: Zone) -> Iterator[Finding]:
        account = self.config.network.account
        try:
            found = self._network("route53", self.config.route53_region).get_hosted_zone(Id=zone.id)["HostedZone"]
        except ClientError as error:
            if error_code(error) != "NoSuchHostedZone":
                raise
            yield Finding(f"{place}: the networking account {account} has no hosted zone {zone.id}: correct the id")
            return
        if not found.get("Config", {}).get("PrivateZone"):
            yield Finding(f"{place}: {zone.id} is a public hosted zone: orgdns writes to private zones only")
        if _domain(found["Name"]) != _domain(zone.domain):
            yield Finding(
                f"{place}: {zone.id} is the zone {found['Name'].removesuffix('.')}, not {shown_domain(zone.domain)}: "
                "correct the id or the domain"
            )

    def _new_zone(self, place: str, zone: Zone) -> Iterator[Finding]:
        assert zone.create is not None
        vpc, region = zone.create.vpc, zone.create.region
        try:
            self._network("ec2", region).describe_vpcs(VpcIds=[vpc])
        except ClientError as error:
            if error_code(error) not in {"InvalidVpcID.NotFound", "InvalidVpcID.Malformed"}:
                raise
            yield Finding(
                f"{place}.vpc: the networking account {self.config.network.account} has no VPC {vpc} in {region}: "
                "name one of its VPCs"
            )

    def network_names(self) -> Iterator[Finding]:
        """The names of the network stack's roles are free if the stack does not exist."""
        region, names = network_region(self.config), self.config.names
        if found_stack(self._network("cloudformation", region), names.network_stack).status:
            return
        if _exists(lambda: self._network("iam", region).get_role(RoleName=names.writer_role), "NoSuchEntity"):
            yield Finding(
                f"the networking account has the role {names.writer_role}, but no stack {names.network_stack} in "
                f"{region}: if the stack is in another region, write it to deployment.network_region. {_TAKEN}; "
                "otherwise delete the role"
            )

    def hub_names(self) -> Iterator[Finding]:
        """The names of the hub's resources are free if the stack will be created."""
        region, table = self.config.hub.region, self.config.names.ledger_table
        # A stack that an operation is in progress of, or that a person must repair, has its table and its roles.
        found = found_stack(self._hub("cloudformation"), self.config.names.hub_stack)
        if next_step(found) not in {Next.CREATE, Next.DELETE_FIRST}:
            return
        if _exists(lambda: self._hub("dynamodb").describe_table(TableName=table), "ResourceNotFoundException"):
            yield Finding(
                f"the table {table} is left from an earlier hub, and a new one cannot have its name. If nobody needs "
                f"what it says, run: aws dynamodb update-table --region {region} --table-name {table} "
                f"--no-deletion-protection-enabled && aws dynamodb delete-table --region {region} --table-name {table}"
            )
        yield from self._buckets(region)
        role = self.config.names.observer_role
        if _exists(lambda: self._hub("iam").get_role(RoleName=role), "NoSuchEntity"):
            yield Finding(
                f"the hub account has the role {role}, but no stack {self.config.names.hub_stack} in {region}. "
                f"{_TAKEN}; otherwise delete the role"
            )
        prefix = log_group(self.config.names.of(""))
        names = {log_group(function) for function in self.config.names.functions}
        groups = self._hub("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        for name in sorted(names & {each["logGroupName"] for each in groups}):
            yield Finding(
                f"the log group {name} is left from an earlier hub, and a new one cannot have its name. If nobody "
                f"needs the logs, run: aws logs delete-log-group --region {region} --log-group-name {name}"
            )

    def _buckets(self, region: str) -> Iterator[Finding]:
        """The names of the buckets of history and of reports are free."""
        config, names, account = self.config, self.config.names, self.config.hub.account
        if config.history.days:
            yield from self._bucket(names.history_bucket(account, region), region, "keep no history (history.days: 0)")
        if config.report.files:
            without = "write no files every day (report.daily: [])"
            yield from self._bucket(names.reports_bucket(account, region), region, without)

    def _bucket(self, name: str, region: str, without: str) -> Iterator[Finding]:
        """The name of a bucket of the hub is free. `without` says how to do without it."""
        account = self.config.hub.account
        try:
            left = Bucket(self._hub("s3"), name, account, region, own=True).exists()
        except DeploymentFault:
            yield Finding(
                f"another account than {account} has the bucket {name}, or these credentials may not call "
                "s3:ListBucket for it: grant that, or give this installation a name of its own ('installation'), or "
                f"{without}"
            )
            return
        if left:
            yield Finding(
                f"the bucket {name} is left from an earlier hub, and a new one cannot have its name. If nobody needs "
                f"what it says, run: aws s3 rb --force --region {region} s3://{name}. Otherwise copy it first: "
                f"aws s3 sync s3://{name} s3://A-BUCKET-OF-YOURS"
            )


def _domain(name: str | Fqdn) -> str:
    return name.removesuffix(".").lower()


def _exists(look: Callable[[], object], *missing: str) -> bool:
    try:
        look()
    except ClientError as error:
        if error_code(error) in missing:
            return False
        raise
    return True
