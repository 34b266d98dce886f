"""Rows of the ledger that someone deletes by hand, one at a time, on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import claim_key
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, InstanceRef, NameKey
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.sweeps import sweep_all

REGION, REMOTE = "eu-central-1", "eu-west-1"
CORP = "corp.internal"
Item = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def instances(made: World, clock: MovedClock) -> dict[str, InstanceRef]:
    """Instances with names of their own, and two accounts with one name, where the newer instance holds it."""
    refs = {}
    for label, account, region, name in (
        ("own", PAYMENTS, REGION, "own"),
        ("older", SEARCH, REMOTE, "both"),
        ("newer", PAYMENTS, REGION, "both"),
    ):
        clock.advance(60)
        (instance,) = made.launch(account, region, name)
        refs[label] = InstanceRef(account, region, instance)
        made.converge()
    sweep_all(made, clock)
    made.audit()
    return refs


def rows(made: World) -> Iterator[Item]:
    for page in made.client("dynamodb", HUB).get_paginator("scan").paginate(TableName=NAMES.ledger_table):
        yield from page["Items"]


def keys(made: World, *, pk: str = "", sk: str = "") -> list[Item]:
    """The keys of the rows whose two keys begin like this."""
    found = [{name: row[name] for name in (contract.PARTITION_KEY, contract.SORT_KEY)} for row in rows(made)]
    return [key for key in found if key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk)]


def row(made: World, key: Item) -> Item:
    found: Item = made.client("dynamodb", HUB).get_item(TableName=NAMES.ledger_table, Key=key)["Item"]
    return found


def delete(made: World, key: Item) -> None:
    made.client("dynamodb", HUB).delete_item(TableName=NAMES.ledger_table, Key=key)
    made.converge()


@pytest.mark.parametrize("label", ["own", "newer", "older"])
def test_p7_a_claim_row_deleted_by_hand_changes_no_record(
    made: World, instances: dict[str, InstanceRef], label: str
) -> None:
    """The stream reports the deletion. The record stays, and the claim of a holder comes back at once."""
    name = NameKey(made.zone_ids[CORP], Fqdn(f"{'own' if label == 'own' else 'both'}.{CORP}."))
    key = {part: {"S": text} for part, text in claim_key(name, instances[label]).items()}
    before, batches = made.owners(CORP), len(made.route53.batches)
    claim = row(made, key)
    delete(made, key)
    assert made.owners(CORP) == before
    if label != "older":
        # The version is that of the instance's row, which has settled since. No event asks for a copy, or causes it.
        expected = {part: value for part, value in claim.items() if part not in {"asked_at", "cause"}}
        expected |= {"copied": {"BOOL": True}}
        assert row(made, key) | {"version": claim["version"]} == expected
        *_, restored = made.logged(NAMES.publisher_function, "missing claims restored")
        assert restored["restored"] == [str(instances[label])]
    assert len(made.route53.batches) == batches


KINDS = {
    "instance": ("spoke#", "instance#"),
    "claim": ("name#", "claim#"),
    "published": ("name#", "published"),
    "status": ("spokes", ""),
    "generation": ("control", "generation#"),
    "zone": ("zones", ""),
}


@pytest.mark.some(one_in=3)
@pytest.mark.parametrize("kind", KINDS)
def test_p7_deleting_any_single_row_changes_no_record(made: World, clock: MovedClock, kind: str) -> None:
    """Neither at once, nor with the next sweeps and audits."""
    before, batches = made.owners(CORP), len(made.route53.batches)
    partition, sort = KINDS[kind]
    deleted = keys(made, pk=partition, sk=sort)
    assert deleted
    for key in deleted[:3]:
        delete(made, key)
        assert made.owners(CORP) == before
        made.audit()
        assert made.owners(CORP) == before
        sweep_all(made, clock)
        made.audit()
        assert made.owners(CORP) == before
    assert len(made.route53.batches) == batches
