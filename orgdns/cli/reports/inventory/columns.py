"""The columns of the inventory: what they are called, and what a row has in them. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from orgdns.cli.reports.nearest import nearest
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from orgdns.cli.reports.inventory.row import InventoryRow

# What a column shows of a row: a text, a number, a list of texts, tags, or None for what is not known.
Value = str | int | list[str] | dict[str, str] | None


def _label(row: InventoryRow) -> Value:
    return (row.facts.label or None) if row.facts else None


def _launched(row: InventoryRow) -> Value:
    return time(row.facts.launched_at) if row.facts and row.facts.launched_at else None


def _seen(row: InventoryRow) -> Value:
    return time(row.facts.seen_at) if row.facts and row.facts.seen_at else None


# Every field of a row in JSON and CSV, in this order. A later version may add some.
COLUMNS: Final[Mapping[str, Callable[[InventoryRow], Value]]] = {
    "name": lambda row: row.name.fqdn.removesuffix(".") or None,
    "type": lambda row: row.name.type or None,
    "values": lambda row: list(row.name.values),
    "ttl": lambda row: row.name.ttl or None,
    "status": lambda row: row.name.status.value,
    "reason": lambda row: row.name.reason or None,
    "rule": lambda row: row.name.rule or None,
    "note": lambda row: row.name.note or None,
    "zone": lambda row: row.domain.removesuffix(".") if row.domain else None,
    "zone_id": lambda row: row.name.zone_id or None,
    "holders": lambda row: row.name.holders,
    "recorded_at": lambda row: time(row.name.recorded_at) if row.name.recorded_at else None,
    "instance": lambda row: row.name.instance.id if row.name.instance else None,
    "account": lambda row: row.name.instance.account if row.name.instance else None,
    "label": _label,
    "units": lambda row: list(row.facts.units) if row.facts else [],
    "region": lambda row: row.name.instance.region if row.name.instance else None,
    "az": lambda row: (row.facts.az or None) if row.facts else None,
    "vpcs": lambda row: list(row.facts.vpcs) if row.facts else [],
    "subnets": lambda row: [each.subnet_id for each in row.facts.interfaces] if row.facts else [],
    "addresses": lambda row: list(row.facts.addresses) if row.facts else [],
    "state": lambda row: (row.facts.state or None) if row.facts else None,
    "launched_at": _launched,
    "seen_at": _seen,
    "tags": lambda row: dict(row.facts.tags) if row.facts else {},
}
# What fits a terminal, in the order in which people read it.
SHOWN: Final = ("name", "type", "values", "instance", "account", "label", "region", "state", "status", "reason")
TAG: Final = "tag:"
_TAGS: Final = json.JSONEncoder(ensure_ascii=False)


def fields_of(row: InventoryRow) -> dict[str, Any]:
    """All fields of a row, as in JSON."""
    return {name: read(row) for name, read in COLUMNS.items()}


def text_of(row: InventoryRow, column: str) -> str:
    """What a row has in a column, as text: empty for nothing. `tag:KEY` is the column of a tag."""
    if column.startswith(TAG):
        key = column.removeprefix(TAG)
        return next((value for name, value in row.facts.tags if name == key), "") if row.facts else ""
    return _text(COLUMNS[column](row))


def texts_of(row: InventoryRow) -> Iterator[str]:
    """What a row has in each of the columns, as text."""
    return (_text(read(row)) for read in COLUMNS.values())


def _text(value: Value) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case list():
            return " ".join(value)
        case dict():
            return _TAGS.encode(value) if value else ""
        case int():
            return str(value)


def columns_of(texts: Sequence[str], faults: list[str], default: Sequence[str] = SHOWN) -> tuple[str, ...]:
    """The columns that a person names, separated by commas; what is wrong is added to the faults."""
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    faults += [_unknown("--columns", name) for name in names if not _known(name)]
    return tuple(dict.fromkeys(names)) or tuple(default)


def sort_of(text: str | None, faults: list[str]) -> tuple[str, bool]:
    """The column to sort by, and whether the greatest comes first; what is wrong is added to the faults."""
    if text is None:
        return "name", False
    name = text.removeprefix("-")
    if not _known(name):
        faults.append(_unknown("--sort", name))
    return name, text.startswith("-")


def _known(name: str) -> bool:
    return name in COLUMNS or (name.startswith(TAG) and name != TAG)


def _unknown(option: str, name: str) -> str:
    return f"{option}: {name!r} is not a column{nearest(name, COLUMNS)}: there are {', '.join(COLUMNS)} and tag:KEY"
