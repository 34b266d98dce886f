"""The JSON of a report."""

from __future__ import annotations

import json
from typing import get_type_hints

from hypothesis import given, settings

from orgdns.report import model
from orgdns.report.document import report_document
from orgdns.report.model import FORMAT, Report
from tests.support.cli.reports import drawn, name, report


def test_long_lists_are_tables() -> None:
    """A table names its columns once, says how many rows there are, and counts them by kind."""
    names = model.Listing(7, {"published": 7}, (name(1), name(2)))
    document = report_document(report(names=names))
    table = document["names"]
    assert table["total"] == 7
    assert table["kinds"] == {"published": 7}
    assert table["columns"][:3] == ["name", "zone", "values"]
    assert dict(zip(table["columns"], table["rows"][1], strict=True))["instance"] == name(2).instance


def test_an_empty_table_has_its_columns() -> None:
    """A reader need not ask whether there are rows."""
    document = report_document(report(vpcs=model.Listing()))
    assert document["vpcs"]["columns"][0] == "vpc"
    assert document["vpcs"]["rows"] == []


def test_the_format_is_said() -> None:
    """A reader can tell whether it knows the fields."""
    assert report_document(report())["format"] == FORMAT


@given(drawn(Report))
@settings(max_examples=10)
def test_each_report_is_json(made: Report) -> None:
    """Whatever it says, its document is what JSON can carry, with a key for each field."""
    document = report_document(made)
    assert json.loads(json.dumps(document)) == document
    assert document.keys() == get_type_hints(Report).keys()
