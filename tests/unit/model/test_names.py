from __future__ import annotations

from hub.runtime.model.names import (
    InstanceRef,
)
from tests.support.build import ref


def test_set_identifier_names_its_owner_and_nothing_else() -> None:
    """A SetIdentifier reads back as its instance; what is not exactly of that form is nobody of ours."""
    assert InstanceRef.of_set_identifier(ref(1).set_identifier) == ref(1)
    for other in (None, "", "orgdns/", f"x{ref(1).set_identifier}", f"{ref(1).set_identifier}\n", "orgdns/1/2/3"):
        assert InstanceRef.of_set_identifier(other) is None
