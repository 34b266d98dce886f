"""The rows that record what is published under names, and what a dry run keeps back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import name_pk
from hub.runtime.boundary.schema import flag, number, text
from hub.runtime.boundary.unreadable import readable
from hub.runtime.model.names import InstanceRef, Millis, NameKey, Published, RecordSet, RecordType, Withheld
from hub.runtime.model.owner import IN_LEDGER
from hub.runtime.model.reasons.cause import Cause
from hub.runtime.model.reasons.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.aws.ledger.rows import Row


def published_key(key: NameKey) -> Row:
    """The key of the row that records what is published under a name."""
    return {contract.PARTITION_KEY: name_pk(key), contract.SORT_KEY: contract.PUBLISHED_KEY}


def published_row(key: NameKey, published: Published) -> Row:
    """The row that records what is published under a name."""
    row: Row = {
        **published_key(key),
        "pending": published.pending,
        "record_sets": _record_set_rows(published.record_sets),
    }
    if published.refused:
        row |= {"refused": published.refused, "refused_at": published.refused_at}
    if published.rules:
        row["rules"] = _rule_rows(published)
    if published.withheld:
        row["withheld"] = _record_set_rows(published.withheld.record_sets)
        row["blocked"] = published.withheld.blocked
    if published.evidence:
        row |= _evidence_row(published.evidence)
    return row | ({"conflict": published.conflict} if published.conflict else {})


def published_of(key: NameKey, row: Mapping[str, Any]) -> Published:
    """What is published under a name, from its row."""
    record_sets, withheld = _record_sets(key, row["record_sets"]), None
    if "withheld" in row:
        withheld = Withheld(_record_sets(key, row["withheld"]), text(row.get("blocked", "")))
    return Published(
        record_sets=record_sets,
        pending=flag(row["pending"]),
        conflict=text(row["conflict"]) if "conflict" in row else None,
        refused=text(row.get("refused", "")),
        refused_at=Millis(number(row.get("refused_at", 0))),
        rules=_rules(record_sets, row.get("rules", {})),
        withheld=withheld,
        # No decision needs it, so what cannot be read of it keeps nobody from the name.
        evidence=evidence if isinstance(evidence := readable(_evidence, row, key), Evidence) else None,
    )


def _evidence_row(evidence: Evidence) -> Row:
    """The attributes that say how the record sets are known. `seen` is `accepted`, unless it is another time."""
    fields: Row = {
        "accepted": evidence.accepted,
        contract.CAUSE: evidence.cause.value,
        "by": evidence.by,
        "sent": evidence.sent,
    }
    seen = {"seen": evidence.seen} if evidence.seen != evidence.accepted else {}
    return {name: value for name, value in fields.items() if value} | seen


def _evidence(row: Mapping[str, Any]) -> Evidence | None:
    """How the record sets are known; None if the row does not say it, as those of versions without history."""
    accepted = number(row.get("accepted", 0))
    if not accepted and "seen" not in row:
        return None
    return Evidence(
        seen=number(row.get("seen", accepted)),
        accepted=accepted,
        cause=Cause.named(row.get(contract.CAUSE)),
        by=text(row.get("by", "")),
        sent=number(row.get("sent", 0)),
    )


def _rule_rows(published: Published) -> dict[str, list[int]]:
    """The places of the record sets of each rule: most names have one rule, and a shared one a hundred instances."""
    rules = dict(published.rules)
    places: dict[str, list[int]] = {}
    for place, record_set in enumerate(published.record_sets):
        ref = record_set.instance
        if ref in rules:
            places.setdefault(rules[ref], []).append(place)
    return places


def _rules(record_sets: tuple[RecordSet, ...], rows: Mapping[str, Any]) -> tuple[tuple[InstanceRef, str], ...]:
    found = {
        ref: text(rule)
        for rule, places in rows.items()
        for place in map(number, places)
        if (ref := record_sets[place].instance)
    }
    return tuple(sorted(found.items()))


def _record_set_rows(record_sets: Iterable[RecordSet]) -> list[Row]:
    return [
        {
            "type": record_set.type.value,
            "ttl": record_set.ttl,
            "values": list(record_set.values),
            "set_identifier": IN_LEDGER.set_identifier(record_set.holder),
        }
        for record_set in record_sets
    ]


def _record_sets(key: NameKey, rows: Iterable[Mapping[str, Any]]) -> tuple[RecordSet, ...]:
    return tuple(
        RecordSet(
            fqdn=key.fqdn,
            type=RecordType(row["type"]),
            ttl=number(row["ttl"]),
            values=tuple(map(text, row["values"])),
            holder=IN_LEDGER.holder(text(row["set_identifier"])),
        )
        for row in rows
    )
