"""Claims whose version someone garbled or deleted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest

from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.rows import claim_key, claim_row
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Millis
from tests.support.build import claim, key, ref


@pytest.mark.parametrize("version", [{}, {"version": {"NULL": True}}, {"version": {"S": "9"}}])
def test_p2_a_claim_without_a_readable_version_is_written_again(table: Table, version: dict[str, Any]) -> None:
    """It fences nothing: its instance writes what holds now, whatever the version of the instance's row."""
    client: Any = boto3.client("dynamodb", region_name="eu-central-1")
    garbled = written(claim_row(claim(1)) | claim_key(key(), ref(1)) | {"live": True})
    client.put_item(TableName=table.name, Item=garbled | version)
    ledger, moved = DynamoLedger(table), replace(claim(1), launched_at=Millis(9))
    assert ledger.put_claim(moved, 1) == 1
    assert ledger.name(key()).claims == (moved,)
