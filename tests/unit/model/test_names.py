from __future__ import annotations

from hub.runtime.model.names import (
    InstanceRef,
)
from tests.support.build import ref


def test_set_identifier_names_its_owner() -> None:
    """A SetIdentifier gives its instance; text in any other form gives none."""
    assert InstanceRef.of_set_identifier(ref(1).set_identifier) == ref(1)
    for other in (None, "", "orgdns/", f"x{ref(1).set_identifier}", f"{ref(1).set_identifier}\n", "orgdns/1/2/3"):
        assert InstanceRef.of_set_identifier(other) is None
