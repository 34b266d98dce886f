"""The rows and attributes of the ledger with what others changed in the zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import name_pk
from hub.runtime.boundary.schema import number
from hub.runtime.model.drift import Drift, ZoneDrift
from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.model.names import NameKey


def drift_key(key: NameKey) -> Row:
    """The key of the row with the drift of a name."""
    return {contract.PARTITION_KEY: name_pk(key), contract.SORT_KEY: contract.DRIFT_KEY}


def drift_row(key: NameKey, drift: Drift) -> Row:
    """The row with the drift of a name."""
    values = {"by": drift.by, "at": drift.at, "repaired_at": list(drift.repaired_at), "damped": drift.damped}
    return drift_key(key) | values


def drift_of(row: Mapping[str, Any]) -> Drift:
    """The drift of a name, from its row."""
    repaired_at = tuple(Millis(number(at)) for at in row["repaired_at"])
    return Drift(row["by"], Millis(number(row["at"])), repaired_at, damped=row["damped"])


def zone_drift_row(drifts: Iterable[ZoneDrift]) -> Row:
    """The attribute of a zone's status with its drift."""
    fields = [
        {
            "by": drift.by,
            "since": drift.since,
            "at": drift.at,
            "changes": drift.changes,
            "damped_at": drift.damped_at,
        }
        for drift in drifts
    ]
    return {"drift": fields}


def zone_drift_of(row: Mapping[str, Any]) -> tuple[ZoneDrift, ...]:
    """The drift of a zone, from the row of its status."""
    return tuple(
        ZoneDrift(
            by=fields["by"],
            since=Millis(number(fields["since"])),
            at=Millis(number(fields["at"])),
            changes=number(fields["changes"]),
            damped_at=Millis(number(fields["damped_at"])),
        )
        for fields in row.get("drift", ())
    )
