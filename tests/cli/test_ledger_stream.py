"""`orgdns status` sees when the ledger's changes do not reach the publisher or the historian."""

from __future__ import annotations

import pytest

from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping, history_faults, ledger_faults, table_fault

ARN = "arn:aws:dynamodb:eu-central-1:222222222222:table/orgdns-ledger/stream/"
OLD, NEW = f"{ARN}2026-11-01T00:00:00.000", f"{ARN}2026-11-02T00:00:00.000"
TABLE = LedgerTable("orgdns-ledger", NEW)
FOLLOWS = Mapping("0a1b", NEW, "Enabled")


@pytest.mark.parametrize(
    ("table", "mappings", "expected"),
    [
        (TABLE, [FOLLOWS], []),
        (TABLE, [Mapping("0", OLD, "Disabled"), FOLLOWS], []),
        (TABLE, [Mapping("0", NEW, "Updating")], []),
        (LedgerTable("orgdns-ledger", ""), [FOLLOWS], ["has no stream"]),
        (TABLE, [Mapping("0", OLD, "Enabled")], [f"deploy the hub template with LedgerStreamArn={NEW}"]),
        (TABLE, [Mapping("0a1b", NEW, "Disabled")], ["update-event-source-mapping --uuid 0a1b --enabled"]),
        (TABLE, [], ["no event source mapping"]),
        (LedgerTable("orgdns-ledger", NEW, protected=False), [FOLLOWS], ["not protected from deletion"]),
        (LedgerTable("orgdns-ledger", "", protected=False), [], ["has no stream", "not protected"]),
    ],
)
def test_t21_faults_of_the_ledger(table: LedgerTable, mappings: list[Mapping], expected: list[str]) -> None:
    """No stream, another stream than the mapping's, and a mapping that is off: each with the way out."""
    faults = [*ledger_faults(table, mappings), *filter(None, [table_fault(table)])]
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))


@pytest.mark.parametrize(
    ("table", "mappings", "expected"),
    [
        (TABLE, [FOLLOWS], []),
        # The publisher's faults say so.
        (LedgerTable("orgdns-ledger", ""), [FOLLOWS], []),
        (TABLE, [Mapping("0", OLD, "Enabled")], [f"the historian follows {OLD}"]),
        (TABLE, [Mapping("0a1b", NEW, "Disabled")], ["so no history is kept: aws lambda update-event-source-mapping"]),
        (TABLE, [Mapping("0", NEW, "Enabled", "PROBLEM: not authorized")], ["for the historian: not authorized"]),
        # History is off.
        (TABLE, [], []),
    ],
)
def test_faults_of_history(table: LedgerTable, mappings: list[Mapping], expected: list[str]) -> None:
    """The same for the historian, which has a mapping of its own."""
    faults = history_faults(table, mappings)
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))
