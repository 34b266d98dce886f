"""The keys of KMS that encrypt the hub, and the topics of its alarms. Each raises what AWS answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.installation import log_group
from orgdns.cli.reports.doctor.encryption import HISTORY, LOGS, QUEUES
from orgdns.cli.reports.doctor.facts import Key, Topic
from orgdns.cli.sources.doctor.reading import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.installation import Names
    from orgdns.cli.reports.doctor.facts import Bucket, Queue, Table

# The stubs lack most of these services.
Client = Any
_OF_AWS: Final = "alias/aws/"


def used(
    table: Table, queues: Iterable[Queue], groups: Iterable[str], history: Bucket | None
) -> dict[str, tuple[str, ...]]:
    """What each key in the hub encrypts, by the key as the resource names it. `groups` are the keys of log groups."""
    found: dict[str, dict[str, None]] = {}
    named = (
        (table.key, "ledger"),
        *((queue.key, QUEUES) for queue in queues),
        *((key, LOGS) for key in groups),
        (history.key if history else "", HISTORY),
    )
    for key, what in named:
        if key:
            found.setdefault(key, {})[what] = None
    return {key: tuple(what) for key, what in found.items()}


def keys_of_log_groups(client: Client, names: Names) -> tuple[str, ...]:
    """What names the keys of the functions' log groups."""
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=log_group(names.of("")))
    own = {log_group(function) for function in names.functions}
    groups = [group for page in pages for group in page["logGroups"] if group["logGroupName"] in own]
    return tuple(group.get("kmsKeyId", "") for group in groups)


def keys(client: Client, encrypted: Mapping[str, tuple[str, ...]]) -> tuple[Key, ...]:
    """These keys, with their states and policies."""
    return tuple(_key(client, name, what) for name, what in encrypted.items())


def topics_of_alarms(client: Client, names: Names) -> tuple[str, ...]:
    """The ARNs of the topics that the hub's alarms notify."""
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=names.of(""), AlarmTypes=["MetricAlarm"])
    arns = {arn for page in pages for alarm in page["MetricAlarms"] for arn in alarm.get("AlarmActions", ())}
    return tuple(arn for arn in sorted(arns) if ":sns:" in arn)


def topics(client: Client, arns: Iterable[str]) -> tuple[Topic, ...]:
    """These topics, each with what names its key."""
    attributes = ((arn, client.get_topic_attributes(TopicArn=arn)["Attributes"]) for arn in arns)
    return tuple(Topic(arn, found.get("KmsMasterKeyId", "")) for arn, found in attributes)


def _key(client: Client, name: str, encrypts: tuple[str, ...]) -> Key:
    if _OF_AWS in name:
        return Key(name, encrypts, of_aws=True)
    try:
        found = client.describe_key(KeyId=name)["KeyMetadata"]
    except ClientError as error:
        if missing(error, "NotFoundException"):
            return Key(name, encrypts)
        raise
    if found["KeyManager"] == "AWS":
        return Key(found["Arn"], encrypts, of_aws=True)
    return Key(found["Arn"], encrypts, found["KeyState"], policy=_policy(client, found["Arn"]))


def _policy(client: Client, arn: str) -> Mapping[str, Any] | None:
    """A key's policy, None if it cannot be read.

    Nobody of another account can read it ("GetKeyPolicy: cross-account use",
    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html), and few of its own may.
    """
    try:
        policy: Mapping[str, Any] = json.loads(client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    except ClientError:
        return None
    return policy
