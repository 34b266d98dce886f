"""The Lambda entry points: the only place where clients, clock and log are put together with the use cases."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import contract, observe, publish
from hub.runtime.aws.ec2 import SpokeInstances
from hub.runtime.aws.ledger import DynamoLedger
from hub.runtime.aws.organization import OrganizationAccounts
from hub.runtime.aws.route53 import WriterZones
from hub.runtime.aws.rows import name_key_of
from hub.runtime.aws.sessions import CLIENT_CONFIG, SPOKE_CONFIG, AssumedClients
from hub.runtime.compiled import from_json
from hub.runtime.events import Hint, NotOurs, hint_of
from hub.runtime.model import Change, Fqdn, InstanceRef, Millis, NameKey
from hub.runtime.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from botocore.config import Config

    from hub.runtime.policy import Policy
    from hub.runtime.ports import TimeLeft

logger: Final = Logger(service=contract.PREFIX)
metrics: Final = Metrics(namespace=contract.METRICS_NAMESPACE, service=contract.PREFIX)

# How long a zone that is closed to the writer role is tried, before its names are let go so that others go on.
PATIENCE_MILLIS: Final = 120_000

# What Lambda takes as a partial batch response (Lambda Developer Guide, "Implementing partial batch responses").
_Response = dict[str, list[dict[str, str]]]


@logger.inject_lambda_context
@metrics.log_metrics
def observer(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take a batch of messages off the events queue; name those that must be delivered again."""
    hints: list[Hint] = []
    messages: dict[InstanceRef, list[str]] = {}
    for record in event["Records"]:
        try:
            hint = hint_of(record["body"], int(record["attributes"]["ApproximateReceiveCount"]))
        except NotOurs as reason:
            # It never can succeed, so it is not kept: delivering it again would only hide what matters.
            metrics.add_metric("EventsDropped", MetricUnit.Count, 1)
            logger.warning("event dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
            continue
        hints.append(hint)
        messages.setdefault(hint.ref, []).append(record["messageId"])
    failed: list[str] = []
    for outcome in replace(_observer(), time_left=_time_left(context)).observe(hints):
        seen: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
        match outcome.ending:
            case observe.Ending.RETRY:
                metrics.add_metric("EventsRetried", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event kept for later", extra=seen)
                failed += messages[outcome.ref]
            case observe.Ending.DROPPED:
                metrics.add_metric("EventsDropped", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event dropped", extra=seen)
            case observe.Ending.RECORDED:
                metrics.add_metric("InstancesRecorded", MetricUnit.Count, 1)
                logger.info("instance recorded", extra=seen | {"dns_names": outcome.names})
            case observe.Ending.UNCHANGED:
                logger.info("instance unchanged", extra=seen)
        for refusal in outcome.refusals:
            told = seen | {"rule": refusal.rule, "reason": refusal.reason}
            if refusal.declined:
                logger.debug("name not asked for", extra=told)
                continue
            metrics.add_metric("NamesRefused", MetricUnit.Count, 1)
            logger.info("name refused", extra=told)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@logger.inject_lambda_context
@metrics.log_metrics
def publisher(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take a batch of the ledger's changes; name the first one that must be delivered again."""
    # The first change of each name: Lambda delivers again from the lowest sequence number that is answered.
    first: dict[NameKey, str] = {}
    claimants: defaultdict[NameKey, set[str]] = defaultdict(set)
    changed_at: dict[NameKey, int] = {}
    for record in event["Records"]:
        change = record["dynamodb"]
        key = name_key_of(change["Keys"][contract.PARTITION_KEY]["S"])
        first.setdefault(key, change["SequenceNumber"])
        changed_at.setdefault(key, int(change["ApproximateCreationDateTime"] * 1000))
        claimants[key].add(change["Keys"][contract.SORT_KEY]["S"].removeprefix(contract.CLAIM_PREFIX))
    failed: list[str] = []
    for outcome in replace(_publisher(), time_left=_time_left(context)).publish(first):
        seen: dict[str, object] = {
            "dns_name": outcome.key.fqdn,
            "zone": outcome.key.zone_id,
            "instances": sorted(claimants[outcome.key]),
            "reason": outcome.reason,
        }
        closed = outcome.ending is publish.Ending.CLOSED
        if closed and _now() - changed_at[outcome.key] < PATIENCE_MILLIS:
            # Permissions take a while to be everywhere after a deployment.
            outcome = replace(outcome, ending=publish.Ending.RETRY)  # noqa: PLW2901 - it is this outcome, seen in time
        _tell_published(outcome, seen)
        if outcome.ending is publish.Ending.RETRY:
            failed.append(first[outcome.key])
    if not failed:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}]}


def _tell_published(outcome: publish.Outcome, seen: dict[str, object]) -> None:
    """Count and log what became of a name."""
    if outcome.left_out:
        metrics.add_metric("MembersLeftOut", MetricUnit.Count, outcome.left_out)
        logger.warning("shared name full", extra=seen | {"left_out": outcome.left_out})
    match outcome.ending:
        case publish.Ending.RETRY:
            metrics.add_metric("NamesRetried", MetricUnit.Count, 1)
            logger.warning("name kept for later", extra=seen)
        case publish.Ending.CLOSED:
            metrics.add_metric("NamesInClosedZones", MetricUnit.Count, 1)
            logger.error("zone closed", extra=seen)
        case publish.Ending.CONFLICT:
            metrics.add_metric("NamesInConflict", MetricUnit.Count, 1)
            logger.warning("name in conflict", extra=seen)
        case publish.Ending.PUBLISHED:
            metrics.add_metric("NamesPublished", MetricUnit.Count, 1)
            metrics.add_metric("RecordSetsChanged", MetricUnit.Count, len(outcome.changes))
            logger.info("name published", extra=seen | {"changes": [_told(change) for change in outcome.changes]})
        case publish.Ending.UNCHANGED:
            logger.debug("name unchanged", extra=seen)


def _told(change: Change) -> str:
    record_set = change.record_set
    return f"{change.action} {record_set.type} {' '.join(record_set.values)} {record_set.set_identifier}"


def _now() -> Millis:
    return Millis(int(time.time() * 1000))


def _time_left(context: LambdaContext) -> TimeLeft:
    return lambda: context.get_remaining_time_in_millis() / 1000


DEPLOY_BOTH: Final = "deploy the hub template and the package that were made from one configuration"


class Misdeployed(Exception):
    """Package and template do not belong together."""


def _setting(name: str) -> str:
    """What the hub stack says in the function's environment.

    Raises:
        Misdeployed: When it does not.
    """
    try:
        return os.environ[name]
    except KeyError as missing:
        raise Misdeployed(f"the hub stack does not say {name}: {DEPLOY_BOTH}") from missing


def _zone_ids(policy: Policy) -> dict[Fqdn, str]:
    """The ids of the policy's zones.

    Raises:
        Misdeployed: When some are missing: then nothing is decided, and every message is kept.
    """
    ids: dict[Fqdn, str] = json.loads(_setting(contract.ENV_ZONE_IDS))
    missing = sorted(set(policy.domains) - set(ids))
    if missing:
        raise Misdeployed(
            f"the policy in the package knows zones that the hub stack does not: {', '.join(missing)}: {DEPLOY_BOTH}"
        )
    return ids


def _no_time() -> float:
    """What stands for the time left until an invocation says how much it has."""
    return 0.0


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def _ledger(config: Config) -> DynamoLedger:
    client = _session().client("dynamodb", config=config)
    return DynamoLedger(client, _setting(contract.ENV_LEDGER_TABLE), _now, time.sleep)


@cache
def _policy() -> Policy:
    return from_json(files("hub.runtime").joinpath(contract.POLICY_FILE).read_text(encoding="utf-8"))


@cache
def _observer() -> observe.Observer:
    sts = _session().client("sts", config=SPOKE_CONFIG)
    policy = _policy()
    ledger = _ledger(SPOKE_CONFIG)
    clients = AssumedClients(_session(), sts, "ec2", contract.OBSERVER_ROLE, _now, SPOKE_CONFIG)
    return observe.Observer(
        policy=policy,
        zone_ids=_zone_ids(policy),
        accounts=OrganizationAccounts(_session().client("organizations", config=SPOKE_CONFIG), ledger, _now),
        instances=SpokeInstances(clients),
        ledger=ledger,
        clock=_now,
        sleep=time.sleep,
        time_left=_no_time,
    )


@cache
def _publisher() -> publish.Publisher:
    sts = _session().client("sts", config=CLIENT_CONFIG)
    clients = AssumedClients(_session(), sts, "route53", contract.PUBLISHER_ROLE, _now, CLIENT_CONFIG)
    pace = Pace(float(_setting(contract.ENV_ROUTE53_SHARE)), _now() / 1000)
    zones = WriterZones(clients, _setting(contract.ENV_WRITER_ROLE_ARN), pace, _now, time.sleep)
    policy = _policy()
    ids = _zone_ids(policy)
    return publish.Publisher(
        _ledger(CLIENT_CONFIG), zones, _no_time, adopting=frozenset(ids[domain] for domain in policy.adopting)
    )
