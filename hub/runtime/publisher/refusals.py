"""What Route 53's refusal of a change batch says. Pure.

A message only shows where to look first: what it blames is tried before anything is in conflict because of it. Its
wording is not documented, and differs over the years.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.texts import bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import RecordSet

# The ways in which Route 53's messages name a record set (API Reference, ChangeResourceRecordSets, InvalidChangeBatch
# and InvalidInput; the wordings differ between kinds of faults). A name has at most 255 characters.
_NAMED: Final = re.compile(r"name='([^']{1,255})'|DNS name ([^\s,]{1,255})|\bName=([^\s,\]]{1,255})")
# Where the message about the next change begins: the messages are one list, and each begins with a word.
_NEXT: Final = re.compile(r", (?=[A-Z]\w* )")
# How Route 53 says that a zone is at its quota of records (Developer Guide, "Quotas": records in a hosted zone).
_ZONE_FULL: Final = "MAX_RRSETS_BY_ZONE"


@dataclass(frozen=True, slots=True)
class BatchRefusal:
    """Why Route 53 refused a change batch.

    `message` is Route 53's, bounded. `blamed` are the names of the batch that it blames, each with what it says about
    that name, bounded. `zone_full` means that the zone is at its quota of records. A refusal that is not `known` has an
    error code that orgdns does not know.

    """

    message: str
    blamed: Mapping[str, str] = field(default_factory=dict)
    zone_full: bool = False
    known: bool = True

    def about(self, name: str) -> str:
        """Return what the refusal says about a name, or all that it says if it does not name it."""
        return self.blamed.get(name, self.message)


def refusal_of(message: str, names: Collection[str], *, known: bool = True) -> BatchRefusal:
    """Return what a message of Route 53 says about these names. An unknown wording blames no name."""
    shown = bounded(message.strip()) or "no reason given"
    return BatchRefusal(shown, _blamed(message, frozenset(names)), zone_full=_ZONE_FULL in message, known=known)


def fingerprint(desired: Collection[RecordSet]) -> str:
    """Return a short text that is the same for the same record sets. It is never empty."""
    parts = [
        "\n".join((record_set.type.value, str(record_set.ttl), record_set.holder, *record_set.values))
        for record_set in sorted(desired)
    ]
    return blake2b("\n\n".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _blamed(message: str, names: Collection[str]) -> dict[str, str]:
    """Return the part of the message for each name that it names. A part ends where the next one begins."""
    found = [match for match in _NAMED.finditer(message) if _name_in(match) in names]
    ends = [0, *(match.end() for match in found)]
    begins = [_begin(message, end, match) for end, match in zip(ends, found, strict=False)]
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for match, begin, end in zip(found, begins, [*begins[1:], len(message)], strict=False):
        parts[_name_in(match)].append(bounded(message[begin:end].strip(" ,[")))
    return {name: bounded("; ".join(dict.fromkeys(of_name))) for name, of_name in parts.items()}


def _name_in(match: re.Match[str]) -> str:
    return f"{next(filter(None, match.groups())).lower().removesuffix('.')}."


def _begin(message: str, after: int, match: re.Match[str]) -> int:
    """Return where the part begins that names a record set, after the part before it."""
    return max((boundary.end() for boundary in _NEXT.finditer(message, after, match.start())), default=after)
