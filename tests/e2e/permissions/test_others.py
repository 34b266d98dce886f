"""Each permission of each role outside of the hub account is removed."""

from __future__ import annotations

import pytest

from sandbox.example import NETWORK, SEARCH
from sandbox.world import World
from tests.support.path.health import REGION
from tests.support.path.permissions import CORP, Permission, permissions, removed, tried
from tests.support.path.sweeps import described_record_set

PERMISSIONS = permissions("network", "spoke-account", "spoke-region")
# Only EventBridge in the networking account sees it: docs/runbook/permissions-missing.md.
UNSEEN = permissions("network-zone-changes")


@pytest.mark.parametrize(("number", "permission"), list(enumerate(PERMISSIONS, start=1)), ids=map(str, PERMISSIONS))
def test_permission_is_named_and_comes_back(made: World, number: int, permission: Permission) -> None:
    """Status or a log names the role and the call. Nothing is lost."""
    tried(made, permission, number)


@pytest.mark.parametrize("permission", UNSEEN, ids=str)
def test_audit_finds_what_zone_changes_do_not_report(made: World, permission: Permission) -> None:
    """Nobody names this one. What others delete comes back with the audit, and within seconds after the repair."""
    made.launch(SEARCH, REGION, "deleted")
    made.converge()
    with removed(made, permission):
        delete(made)
        made.converge()
        assert not is_there(made)
        made.audit()
        assert is_there(made)
    delete(made)
    made.converge()
    assert is_there(made)


def delete(made: World) -> None:
    """Delete the record as another team of the networking account can."""
    change = {"Action": "DELETE", "ResourceRecordSet": described_record_set(made, "deleted")}
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [change]}
    )


def is_there(made: World) -> bool:
    return any(name == f"deleted.{CORP}." for name, *_ in made.owners(CORP))
