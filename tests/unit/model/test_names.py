from __future__ import annotations

from hub.runtime.model.names import (
    InstanceRef,
)
from tests.support.build import record_set, ref


def test_text_names_its_instance() -> None:
    """A text gives its instance; a text in any other form gives none."""
    assert InstanceRef.named(str(ref(1))) == ref(1)
    for other in ("", "orgdns/", f"x{ref(1)}", f"orgdns/{ref(1)}", f"{ref(1)}\n", "orgdns/1/2/3"):
        assert InstanceRef.named(other) is None


def test_record_set_names_its_instance() -> None:
    """One that another tool made has none."""
    assert record_set(1).instance == ref(1)
