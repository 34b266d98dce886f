"""Events of calls that change records in the zones, as CloudTrail logs them in the networking account. Pure.

An event is only a hint: it says which names to compare. What decides is what the zone holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.messages import NotOurs, content_of, detail_of, short, task_in
from hub.runtime.model.tasks import Associate
from hub.runtime.names.labels import unescaped

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.tasks import SweeperTask

# A change batch has at most this many resource records, and so names ("Quotas", "Quotas on API requests",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html).
MOST_NAMES: Final = 1_000
# A caller's ARN in logs and in the ledger, in characters.
MOST_CALLER: Final = 256
_NAME: Final = re.compile(r"(?=.{1,255}$)(?:[a-z0-9_-]{1,63}\.)+")


@dataclass(frozen=True, slots=True)
class Writer:
    """The role with which the publisher changes records, and the networking account, which has it and the zones."""

    account: str
    role: str


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """Someone else changed records of these names in a zone. `names` is None if the event does not say which.

    `unreadable` counts the changes of the call whose names cannot be read: an audit finds them. `zone_ids` has one
    zone, or every zone of orgdns if the event does not say which.
    """

    zone_ids: tuple[str, ...]
    names: tuple[Fqdn, ...] | None
    by: str
    unreadable: int = 0


def is_zone_change(content: dict[str, Any]) -> bool:
    """Whether the content of a message is an event of Route 53, not a task."""
    return content.get("source") == contract.ZONE_SOURCE


def sweeper_task_of(body: str, writer: Writer, zone_ids: Collection[str]) -> SweeperTask | ZoneChange:
    """Return the task in a message of the sweeper's queue, or what the event of a change reports.

    Raises:
        NotOurs: if the message is neither.
    """
    content = content_of(body)
    if is_zone_change(content):
        return zone_change_of(content, writer, zone_ids)
    task = task_in(content)
    if isinstance(task, Associate):
        raise NotOurs("the message is a task for the associator")
    return task


def zone_change_of(event: dict[str, Any], writer: Writer, zone_ids: Collection[str]) -> ZoneChange:
    """Return the change that an event reports.

    Raises:
        NotOurs: if the event is not a successful change in one of the zones, or the publisher made the change.
    """
    if event.get("account") != writer.account:
        raise NotOurs(f"the event is from {short(event.get('account'))}, not from the networking account")
    detail = detail_of(event)
    if detail.get("eventName") != contract.ZONE_CALL or "errorCode" in detail:
        raise NotOurs(f"the event is not a successful {contract.ZONE_CALL}")
    identity = detail.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    # The ARN of a role may have a path. An account has only one role of a name, whatever its path is.
    issuer, _, role = _issuer(identity).rpartition("/")
    if role == writer.role and f":iam::{writer.account}:role" in issuer:
        raise NotOurs("the publisher made the change")
    parameters = detail.get("requestParameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    zone_id = parameters.get("hostedZoneId")
    if zone_id is None:
        # CloudTrail omits request parameters above 100 KB ("CloudTrail record contents",
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
        return ZoneChange(tuple(sorted(zone_ids)), None, _caller(identity))
    if not isinstance(zone_id, str) or zone_id not in zone_ids:
        raise NotOurs(f"{short(zone_id)} is not a zone of orgdns")
    names, unreadable = _names(parameters)
    return ZoneChange((zone_id,), names, _caller(identity), unreadable)


def _names(parameters: dict[str, Any]) -> tuple[tuple[Fqdn, ...] | None, int]:
    """The changed names, and how many changes cannot be read. Names that orgdns cannot have are left out.

    The names are None if they are unknown or too many.
    """
    changes = readable(lambda each: list(each["changeBatch"]["changes"]), parameters, "changes")
    if isinstance(changes, Unreadable):
        return None, 0
    found = [readable(_name, change, "change") for change in changes]
    names = {each for each in found if not isinstance(each, Unreadable)}
    possible = sorted(name for name in names if _NAME.fullmatch(name))
    unreadable = sum(isinstance(each, Unreadable) for each in found)
    return tuple(possible) if len(possible) <= MOST_NAMES else None, unreadable


def _name(change: Any) -> Fqdn:  # noqa: ANN401 - whatever the event has
    name = change["resourceRecordSet"]["name"]
    return unescaped(name)


def _caller(identity: dict[str, Any]) -> str:
    """Who made the call: an ARN, an AWS service, or the kind of the identity."""
    known = (identity.get(key) for key in ("arn", "invokedBy", "principalId", "type"))
    return bounded(next((text for text in known if isinstance(text, str) and text), "an unknown caller"), MOST_CALLER)


def _issuer(identity: dict[str, Any]) -> str:
    """The ARN of the role whose session made the call, or an empty text."""
    match identity:
        case {"sessionContext": {"sessionIssuer": {"arn": str(arn)}}}:
            return arn
        case _:
            return ""
