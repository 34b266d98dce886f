"""Permissions of the observer and the sweeper are removed, one at a time."""

from __future__ import annotations

import pytest

from sandbox.world import World
from tests.support.path.permissions import FINDERS, Permission, tried, tried_permissions

PERMISSIONS = [each for each in tried_permissions("hub") if each.role in FINDERS]


@pytest.mark.some(one_in=6)
@pytest.mark.parametrize(("number", "permission"), list(enumerate(PERMISSIONS, start=1)), ids=map(str, PERMISSIONS))
def test_permission_is_named_and_comes_back(made: World, number: int, permission: Permission) -> None:
    """Status or a log names the role and the call. Nothing is lost."""
    tried(made, permission, number)
