"""Who had what, from when to when, as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import Document, record_set_fields
from orgdns.cli.reports.history.report import action_of
from orgdns.cli.reports.times import time, time_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.runtime.history.entry import Mark
    from hub.runtime.model.names import Fqdn
    from orgdns.cli.reports.history.holders import Holder
    from orgdns.cli.reports.history.report import Answer, Use


def answers_document(subject: str, answers: Sequence[Answer], zones: Mapping[str, Fqdn]) -> Document:
    """Who had the subject at a time."""
    return {
        "subject": subject,
        "at": [
            {
                "time": time(each.at),
                "known": not each.unknown,
                "reason": each.unknown or None,
                "names": [] if each.unknown else [_use(use, zones) for use in each.uses],
            }
            for each in answers
        ],
    }


def history_document(
    subject: str, uses: Sequence[Use], marks: Sequence[Mark], zones: Mapping[str, Fqdn], incomplete: Sequence[str]
) -> Document:
    """The periods of the subject, and what people did meanwhile. `incomplete` names what could not be read."""
    return {
        "subject": subject,
        "periods": [_use(use, zones) for use in uses],
        "actions": [
            {
                "time": time(mark.at),
                "action": action,
                "subject": about or None,
                "by": mark.by or None,
                "why": mark.why or None,
            }
            for mark in marks
            for action, about in [action_of(mark)]
        ],
        "incomplete": list(incomplete),
    }


def holders_document(found: Sequence[Holder] | str) -> Document:
    """Which instances had something by history, or why that is not known."""
    if isinstance(found, str):
        return {"history": {"unknown": found, "holders": []}}
    rows = [
        {
            "instance": each.instance,
            "since": time_or_none(each.since),
            "until": None if each.until is None else time(each.until),
            "names": list(each.names),
        }
        for each in found
    ]
    return {"history": {"unknown": None, "holders": rows}}


def _use(use: Use, zones: Mapping[str, Fqdn]) -> Document:
    return {
        "name": use.key.fqdn,
        "zone": zones.get(use.key.zone_id),
        "zone_id": use.key.zone_id,
        "since": time_or_none(use.since),
        "until": None if use.until is None else time(use.until),
        "known": use.record_sets is not None,
        "record_sets": [record_set_fields(each) for each in use.record_sets or ()],
        "why": use.why or None,
        "reason": use.reason or None,
    }
