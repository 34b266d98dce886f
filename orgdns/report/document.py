"""The report as JSON. Pure.

An object has the fields of its value. A long list is a table: `columns` has the names of the fields, and each of the
`rows` the values in this order, so that 50,000 names take half of the bytes.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from orgdns.report import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.report.model import Report


def report_document(report: Report) -> dict[str, Any]:
    """The document of `orgdns report --json`, which the page also has."""
    return dict(_fields(report))


def _fields(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any dataclass
    kind: Any = type(value)
    hints = _hints(kind)
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, model.Listing):
            (row,) = get_args(hints[field.name])
            yield field.name, _table(part, [each.name for each in fields(row)])
        else:
            yield field.name, _plain(part)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _table(listing: model.Listing[Any], columns: list[str]) -> dict[str, Any]:
    rows = [[_plain(getattr(row, column)) for column in columns] for row in listing.rows]
    return {"total": listing.total, "kinds": dict(listing.kinds), "columns": columns, "rows": rows}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if is_dataclass(value):
        return dict(_fields(value))
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return dict(value) if hasattr(value, "items") else value
