"""What Route 53's refusal of a change batch says. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.runtime.names.labels import NameRefused, parse_domain

# The two ways in which Route 53's messages name a record set (API Reference, ChangeResourceRecordSets,
# InvalidChangeBatch; the wordings differ between kinds of faults).
_NAMED: Final = re.compile(r"name='([^']+)'|DNS name ([^\s,]+)")
# How Route 53 says that a zone is at its quota of records (Developer Guide, "Quotas": records in a hosted zone).
_ZONE_FULL: Final = "MAX_RRSETS_BY_ZONE"


@dataclass(frozen=True, slots=True)
class BatchRefusal:
    """Why Route 53 refused a change batch.

    `names` are the names that the message blames, without those that orgdns cannot have sent. `zone_full` means that
    the zone is at its quota of records.

    """

    message: str
    names: frozenset[str] = frozenset()
    zone_full: bool = False


def refusal_of(message: str) -> BatchRefusal:
    """Return what a message of Route 53 says. An unknown wording blames no name."""
    return BatchRefusal(message or "no reason given", _names_in(message), zone_full=_ZONE_FULL in message)


def _names_in(message: str) -> frozenset[str]:
    names: set[str] = set()
    for quoted, plain in _NAMED.findall(message):
        try:
            names.add(parse_domain(quoted or plain))
        except NameRefused:
            continue
    return frozenset(names)
