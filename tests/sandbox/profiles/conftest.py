from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.profiles.model import Limits
from sandbox.aws.profiles.rules import Profiles
from tests.support.profiles_world import ProfilesWorld, organization
from tests.support.sandbox.profiles.rules import Noon, Others

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
def profiles(others: Others) -> Profiles:
    return Profiles(Noon(), others, Limits())


@pytest.fixture
def profiles_world() -> Iterator[ProfilesWorld]:
    with organization() as made:
        yield made
