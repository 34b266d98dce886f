"""Builds the simulated organization: emulator and bridges, accounts, deployed stacks, VPCs."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from hub.package import package
from sandbox import example
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.deployer import deployer
from sandbox.aws.cloudformation.stack_instances import RealStackInstance
from sandbox.aws.cloudwatch.alarms import Alarms
from sandbox.aws.cloudwatch.bridge import metrics_answered
from sandbox.aws.cloudwatch.event_rules import RuleMetrics
from sandbox.aws.cloudwatch.functions import FunctionMetrics
from sandbox.aws.cloudwatch.metrics import MetricStore
from sandbox.aws.cloudwatch.queues import QueueMetrics
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.events.ec2 import ec2_events
from sandbox.aws.events.eventbridge import Router, events_routed
from sandbox.aws.events.route53_calls import route53_calls
from sandbox.aws.events.trails import Trails
from sandbox.aws.firewall.bridge import dns_firewall
from sandbox.aws.functions.account import account_settings
from sandbox.aws.functions.mappings import own_event_sources
from sandbox.aws.functions.packages import Packages
from sandbox.aws.functions.service import Functions
from sandbox.aws.functions.streams import SHARDS
from sandbox.aws.iam.guard import Guard, guarded_roles
from sandbox.aws.iam.management import management_calls
from sandbox.aws.network import AutodefinedRules, dns_attributes, resolver_rules
from sandbox.aws.organization import build_organization, member_accounts_below, organization_bridges
from sandbox.aws.partition import in_partition
from sandbox.aws.profiles.bridge import answering_zones, route53_profiles
from sandbox.aws.profiles.model import FIREWALL_RULE_GROUP, RESOLVER_RULE
from sandbox.aws.regions import Regions
from sandbox.aws.resolution.server import DnsServer
from sandbox.aws.resolver_configs import resolver_configs
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.schedules import Schedules
from sandbox.aws.vpcs.dhcp import default_dhcp_options
from sandbox.world.deployment import Deployment
from sandbox.world.simulation import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.load import Config
    from sandbox.aws.firewall.model import Firewalls
    from sandbox.aws.organization import OrganizationSpec
    from sandbox.aws.profiles.rules import Profiles
    from sandbox.aws.resolution.firewall import FirewallRule
    from sandbox.aws.resolution.forwarding import ResolverRule
    from sandbox.clock import Clock


def _rules_of_vpc(profiles: Profiles, vpc_id: str) -> tuple[ResolverRule, ...]:
    brought = profiles.others_of_vpc(vpc_id, RESOLVER_RULE)
    return resolver_rules(vpc_id, {resource.resource_id for resource in brought})


def _firewall_of_vpc(profiles: Profiles, firewalls: Firewalls, vpc_id: str) -> tuple[FirewallRule, ...]:
    brought = profiles.others_of_vpc(vpc_id, FIREWALL_RULE_GROUP)
    return firewalls.rules_of_vpc(vpc_id, [(resource.priority, resource.resource_id) for resource in brought])


@contextmanager
def world(
    config: Config,
    clock: Clock,
    spec: OrganizationSpec = example.ORGANIZATION,
    *,
    shards: int = SHARDS,
    seed: int = 0,
    deployed: bool = True,
) -> Iterator[World]:
    """An organization with everything deployed, one VPC in each covered account and region, and no instance yet.

    If it is not `deployed`, it has its accounts, VPCs and the zones that exist before, and nothing of orgdns: whoever
    deploys that sees it work. The ledger's stream has this many shards. The functions take them in an order that the
    seed decides.
    """
    ids = {str(zone.domain): zone.id or example.new_zone_id(zone.domain) for zone in config.zones}
    router = Router(clock)
    guard = Guard(guarded_roles(config.names))
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(in_partition(config.partition))
        enter(emulated_aws())
        route53 = enter(strict_route53(clock, ids=ids))
        enter(organization_bridges())
        enter(management_calls())
        profiles = enter(route53_profiles(clock))
        deploy = enter(deployer())
        metrics = MetricStore(clock)
        queue_metrics = QueueMetrics(metrics, clock)
        enter(queue_metrics.in_force())
        enter(metrics_answered(metrics))
        enter(own_event_sources())
        enter(account_settings())
        packages = Packages()
        enter(packages.in_force())
        enter(events_routed(router))
        trails = Trails()
        enter(ec2_events(router.emit, clock, trails))
        enter(route53_calls(router.emit, clock, trails))
        enter(guard.in_force())
        regions = Regions()
        enter(regions.in_force())
        enter(replaced(RealStackInstance, regions=regions))
        reverse = AutodefinedRules()
        enter(resolver_configs(reverse))
        enter(default_dhcp_options())
        firewalls = enter(dns_firewall())
        dns_server = enter(
            DnsServer(
                partial(answering_zones, route53, profiles),
                reverse_of_vpc=reverse.of_vpc,
                attributes_of_vpc=dns_attributes,
                rules_of_vpc=partial(_rules_of_vpc, profiles),
                firewall_of_vpc=partial(_firewall_of_vpc, profiles, firewalls),
            )
        )
        organization = build_organization(spec)
        functions = Functions(clock, guard, packages, shards=shards, seed=seed)
        router.watcher = RuleMetrics(metrics)
        functions.watcher = function_metrics = FunctionMetrics(metrics, clock)
        made = World(
            config,
            clock,
            organization,
            deploy,
            route53,
            router,
            functions,
            guard,
            dns_server,
            reverse,
            Schedules(clock, router, metrics),
            profiles,
            trails,
            packages,
            regions,
            metrics,
            function_metrics,
            Alarms(metrics, queue_metrics, clock),
        )
        deployment = Deployment(config, deploy, made.client, packages)
        deployment.prepare_network(organization)
        if deployed:
            deployment.prepare(organization)
            deployment.deploy()
            functions.discover(config.hub.account, config.hub.region)
        else:
            for reporter in (False, True):
                packages.trust_code(package(config.compiled_policy(), reporter=reporter).content)
            functions.everywhere = True
        for account in member_accounts_below(organization.backend, config.organization.units):
            for region in config.spokes.regions:
                made.add_vpc(account, region)
        yield made
