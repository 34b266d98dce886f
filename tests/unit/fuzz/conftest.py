from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fuzz.functions import deployed
from tests.support.fuzz.properties import Properties
from tests.support.fuzz.scenarios import Scenarios


@pytest.fixture(scope="module")
def properties() -> Iterator[Properties]:
    """The functions over APIs in memory, in every scenario."""
    with deployed() as functions:
        yield Properties(functions, Scenarios(functions))
