"""Permissions of the roles outside of the hub account are removed, one at a time."""

from __future__ import annotations

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.example import NETWORK, SEARCH
from sandbox.world import World
from tests.support.path.health import REGION
from tests.support.path.permissions import CORP, Permission, permissions, removed, tried, tried_permissions
from tests.support.path.sweeps import described_record_set

PERMISSIONS = tried_permissions("network", "spoke-account", "spoke-region")
# Only the next audit notices it: docs/runbook/permissions-missing.md.
MESSAGE = "changes of others without an event"
NOTICED_LATE = permissions("network-zone-changes")


@pytest.mark.some(one_in=6)
@pytest.mark.parametrize(("number", "permission"), list(enumerate(PERMISSIONS, start=1)), ids=map(str, PERMISSIONS))
def test_permission_is_named_and_comes_back(made: World, number: int, permission: Permission) -> None:
    """Status or a log names the role and the call. Nothing is lost."""
    tried(made, permission, number)


@pytest.mark.parametrize("permission", NOTICED_LATE, ids=str)
def test_audit_finds_what_zone_changes_do_not_report(made: World, permission: Permission) -> None:
    """The audit repairs what others delete, and logs the role and the call; after the repair, it takes seconds."""
    made.launch(SEARCH, REGION, "deleted")
    made.converge()
    with removed(made, permission):
        delete(made)
        made.converge()
        assert not is_there(made)
        logged = len(made.logged(NAMES.sweeper_function, MESSAGE))
        made.audit()
        assert is_there(made)
        (line,) = made.logged(NAMES.sweeper_function, MESSAGE)[logged:]
        assert permission.role in line["reason"]
        assert permission.action in line["reason"]
    delete(made)
    made.converge()
    assert is_there(made)
    made.audit()
    assert len(made.logged(NAMES.sweeper_function, MESSAGE)) == logged + 1


def delete(made: World) -> None:
    """Delete the record as another team of the networking account can."""
    change = {"Action": "DELETE", "ResourceRecordSet": described_record_set(made, "deleted")}
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [change]}
    )


def is_there(made: World) -> bool:
    return any(name == f"deleted.{CORP}." for name, *_ in made.owners(CORP))
