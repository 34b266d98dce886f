"""Composes the use cases with clients, clock and settings, once for each execution environment."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.aws import settings
from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.aws.instances import SpokeInstances
from hub.runtime.aws.ledger.health.path import DynamoPath
from hub.runtime.aws.ledger.health.spokes import DynamoSpokeHealth
from hub.runtime.aws.ledger.labels import DynamoLabels
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.queues.further import FurtherMessages
from hub.runtime.aws.queues.tasks import QueuedTasks
from hub.runtime.aws.sessions import CLIENT_CONFIG, QUEUE_CONFIG, SPOKE_CONFIG, AssumedClients, client, session
from hub.runtime.aws.shared_accounts import SharedAccounts
from hub.runtime.model.names import Millis
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.observer.failed_looks import FailedLooks
from hub.runtime.observer.recorder import Recorder
from hub.runtime.observer.usage import AccountUsage
from hub.runtime.policy.label_registry import LabelRegistry
from hub.runtime.rate_limit import Demand
from hub.runtime.sweeper.schedule.scheduler import SweepScheduler

if TYPE_CHECKING:
    from botocore.config import Config

    from hub.runtime.associator.associator import Associator
    from hub.runtime.associator.discovery import VpcDiscovery
    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.aws.vpcs import SpokeVpcs
    from hub.runtime.aws.zones import WriterZones
    from hub.runtime.observer.call_sweeps import CallSweepRequests
    from hub.runtime.observer.observer import Observer
    from hub.runtime.policy.decide import Policy
    from hub.runtime.publisher.backlog.releaser import Releaser
    from hub.runtime.publisher.health.reporter import Reporter
    from hub.runtime.publisher.publisher import Publisher
    from hub.runtime.sweeper.auditor import Auditor
    from hub.runtime.sweeper.drift_repair import DriftRepair
    from hub.runtime.sweeper.release import LabelRelease
    from hub.runtime.sweeper.sweeper import Sweeper


def now() -> Millis:
    """Return the current time: the only clock of the runtime."""
    return Millis(int(time.time() * 1000))


@cache
def _table(config: Config) -> Table:
    name, stream = settings.value(contract.ENV_LEDGER_TABLE), settings.value(contract.ENV_LEDGER_STREAM)
    return Table(client("dynamodb", config), name, now, time.sleep, stream)


@cache
def _assumed_clients(session_name: str, config: Config) -> AssumedClients:
    """Return clients under assumed roles. All adapters of a function share them, so that it assumes each role once."""
    return AssumedClients(session(), client("sts", config), session_name, now, config)


@cache
def _labels(config: Config) -> LabelRegistry:
    table, pinned = _table(config), dict(settings.policy().account_labels)
    return LabelRegistry(DynamoLabels(table), DynamoLedger(table), pinned, settings.zone_ids(), now)


@cache
def _accounts(config: Config) -> OrganizationAccounts:
    """Return the accounts. All use cases of a function share them, so that it describes each account once."""
    coverage, shared = settings.policy().coverage, SharedAccounts(_table(config))
    return OrganizationAccounts(client("organizations", config), _labels(config), coverage, now, shared)


def _vpcs(session_name: str, policy: Policy) -> SpokeVpcs:
    from hub.runtime.aws.vpcs import SpokeVpcs

    by_profile = any(each.method is AssociationMethod.PROFILE for each in policy.association_policies)
    owner = settings.account_of_role(contract.ENV_AUTHORIZER_ROLE_ARN) if by_profile else ""
    return SpokeVpcs(_assumed_clients(session_name, CLIENT_CONFIG), settings.member_roles(), owner, settings.zone_ids())


@cache
def _turns() -> Turns:
    """Return the turns of calls to Route 53. All adapters of a function share them, and all functions the pace."""
    from hub.runtime.aws.pace.calls import watch_attempts
    from hub.runtime.aws.pace.row import DynamoPaceRow
    from hub.runtime.aws.pace.spent import CALLS
    from hub.runtime.aws.pace.turns import Turns

    # Before the first client of Route 53.
    session().register("response-received.route-53", watch_attempts)  # type: ignore[arg-type]  # any function will do
    share = float(settings.value(contract.ENV_ROUTE53_SHARE))
    return Turns(DynamoPaceRow(_table(CLIENT_CONFIG), share), share, now, time.sleep, CALLS)


@cache
def _zone_listings() -> WriterZones:
    """Return the zones that audits and repairs read. They leave requests for what is more urgent."""
    from hub.runtime.aws.zones import WriterZones

    clients = _assumed_clients(settings.names().sweeper_role, CLIENT_CONFIG)
    reader = settings.value(contract.ENV_ZONE_READER_ROLE_ARN)
    return WriterZones(clients, reader, _turns(), settings.owner(), Demand.listing())


@cache
def observer() -> Observer:
    """Return the observer."""
    from hub.runtime.observer.observer import Observer

    clients = _assumed_clients(settings.names().observer_role, SPOKE_CONFIG)
    return Observer(
        policy=settings.policy(),
        zone_ids=settings.zone_ids(),
        accounts=_accounts(SPOKE_CONFIG),
        labels=_labels(SPOKE_CONFIG),
        instances=SpokeInstances(clients, settings.member_roles()),
        recorder=Recorder(DynamoLedger(_table(SPOKE_CONFIG)), now, account_usage()),
        clock=now,
        sleep=time.sleep,
    )


@cache
def account_usage() -> AccountUsage:
    """Return the observer's counts of what accounts hold."""
    return AccountUsage(statuses(), settings.limits(), settings.zone_ids(), now)


@cache
def statuses() -> DynamoStatuses:
    """Return the statuses in which the observer records the times of events, and what spokes hold."""
    return DynamoStatuses(_table(SPOKE_CONFIG))


@cache
def failed_looks() -> FailedLooks:
    """Return what keeps the observer's failed looks in the ledger."""
    return FailedLooks(DynamoSpokeHealth(_table(SPOKE_CONFIG)), now)


@cache
def further_messages(queue_url: str) -> FurtherMessages:
    """Return a function's access to further messages of its queue, whose URL an environment variable has."""
    return FurtherMessages(client("sqs", QUEUE_CONFIG), settings.value(queue_url), now)


@cache
def call_sweeps() -> CallSweepRequests:
    """Return the observer's use case for calls."""
    from hub.runtime.observer.call_sweeps import CallSweepRequests

    return CallSweepRequests(statuses(), _tasks(contract.ENV_SWEEPS_QUEUE_URL, SPOKE_CONFIG), now)


@cache
def publisher() -> Publisher:
    """Return the publisher."""
    from hub.runtime.aws.compose.publishing import publisher_of

    clients = _assumed_clients(settings.names().publisher_role, CLIENT_CONFIG)
    return publisher_of(_table(CLIENT_CONFIG), clients, _turns(), lambda: client("sqs", CLIENT_CONFIG), now)


@cache
def releaser() -> Releaser:
    """Return the use case that brings names back from the backlog."""
    from hub.runtime.aws.compose.publishing import releaser_of

    clients = _assumed_clients(settings.names().publisher_role, CLIENT_CONFIG)
    return releaser_of(_table(CLIENT_CONFIG), clients, _turns(), now)


@cache
def publisher_health() -> Reporter:
    """Return what reports heartbeats, stalls and closed zones of the publisher."""
    from hub.runtime.aws.compose.publishing import reporter_of

    clients = _assumed_clients(settings.names().publisher_role, CLIENT_CONFIG)
    return reporter_of(_table(CLIENT_CONFIG), clients, _turns(), now)


@cache
def path() -> DynamoPath:
    """Return the rows about the path, in which the observer records heartbeats."""
    return DynamoPath(_table(SPOKE_CONFIG))


@cache
def sweeper() -> Sweeper:
    """Return the sweeper."""
    from hub.runtime.aws.queues.undelivered import SpokeQueues
    from hub.runtime.sweeper.sweeper import Sweeper

    ledger, statuses = DynamoLedger(_table(CLIENT_CONFIG)), DynamoStatuses(_table(CLIENT_CONFIG))
    clients = _assumed_clients(settings.names().sweeper_role, CLIENT_CONFIG)
    return Sweeper(
        policy=settings.policy(),
        policy_digest=settings.policy_digest(),
        zone_ids=settings.zone_ids(),
        accounts=_accounts(CLIENT_CONFIG),
        labels=_labels(CLIENT_CONFIG),
        instances=SpokeInstances(clients, settings.member_roles()),
        rows=ledger,
        statuses=statuses,
        recorder=Recorder(ledger, now, AccountUsage(statuses, settings.limits(), settings.zone_ids(), now)),
        guard=settings.guard(),
        clock=now,
        queues=SpokeQueues(clients, settings.member_roles()),
    )


@cache
def label_release() -> LabelRelease:
    """Return the use case that frees labels."""
    from hub.runtime.sweeper.release import LabelRelease

    return LabelRelease(_labels(CLIENT_CONFIG), DynamoLedger(_table(CLIENT_CONFIG)), settings.zone_ids(), now)


@cache
def vpc_discovery() -> VpcDiscovery | None:
    """Return the discovery of VPCs, or None if policy does not associate VPCs with any zone."""
    from hub.runtime.associator.discovery import VpcDiscovery
    from hub.runtime.aws.ledger.vpcs import DynamoVpcs

    policy = settings.policy()
    if not policy.association_policies:
        return None
    return VpcDiscovery(
        policy=policy,
        zone_ids=settings.zone_ids(),
        accounts=_accounts(CLIENT_CONFIG),
        vpcs=_vpcs(settings.names().sweeper_role, policy),
        rows=DynamoVpcs(_table(CLIENT_CONFIG)),
        spokes=DynamoStatuses(_table(CLIENT_CONFIG)),
        health=DynamoSpokeHealth(_table(CLIENT_CONFIG)),
        tasks=_tasks(contract.ENV_ASSOCIATIONS_QUEUE_URL),
        clock=now,
    )


@cache
def associator() -> Associator:
    """Return the associator."""
    from hub.runtime.aws.compose.associating import associator_of

    vpcs = _vpcs(settings.names().associator_role, settings.policy())
    clients = _assumed_clients(settings.names().associator_role, CLIENT_CONFIG)
    return associator_of(_table(CLIENT_CONFIG), clients, vpcs, _accounts(CLIENT_CONFIG), _turns(), now, time.sleep)


@cache
def drift_repair() -> DriftRepair:
    """Return the use case that repairs what others changed."""
    from hub.runtime.sweeper.drift_repair import DriftRepair

    ledger, statuses = DynamoLedger(_table(CLIENT_CONFIG)), DynamoStatuses(_table(CLIENT_CONFIG))
    return DriftRepair(ledger, statuses, _zone_listings(), now, statuses.paused, settings.dry_run())


@cache
def auditor() -> Auditor:
    """Return the auditor."""
    from hub.runtime.sweeper.auditor import Auditor

    ledger, statuses = DynamoLedger(_table(CLIENT_CONFIG)), DynamoStatuses(_table(CLIENT_CONFIG))
    return Auditor(ledger, statuses, _zone_listings(), settings.guard(), now, statuses.paused, settings.dry_run())


@cache
def sweep_scheduler() -> SweepScheduler:
    """Return the scheduler of sweeps and audits."""
    policy, statuses = settings.policy(), DynamoStatuses(_table(CLIENT_CONFIG))
    return SweepScheduler(
        spokes=settings.listed_spokes(client("cloudformation", CLIENT_CONFIG)),
        statuses=statuses,
        schedule=statuses,
        tasks=_tasks(contract.ENV_SWEEPS_QUEUE_URL),
        zone_ids=sorted(settings.zone_ids().values()),
        policy_digest=settings.policy_digest(),
        limits=settings.limits(),
        clock=now,
        associations=_tasks(contract.ENV_ASSOCIATIONS_QUEUE_URL) if policy.association_policies else None,
        dry_run=settings.dry_run(),
        version=settings.value(contract.ENV_VERSION),
    )


def _tasks(variable: str, config: Config = CLIENT_CONFIG) -> QueuedTasks:
    return QueuedTasks(client("sqs", config), settings.value(variable))
