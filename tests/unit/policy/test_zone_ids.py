"""The ids of the zones in the functions' environment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn
from hub.runtime.policy.zone_ids import decoded, encoded

LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: Fqdn(".".join([*labels, ""])))
IDS = st.from_regex(r"Z[A-Z0-9]{7,31}", fullmatch=True)


@given(st.dictionaries(DOMAINS, IDS, min_size=1))
def test_decoded_text_has_the_same_zones(zone_ids: dict[Fqdn, str]) -> None:
    """No zone and no id is lost or changed."""
    assert decoded(encoded(zone_ids)) == zone_ids


def test_zones_with_one_parent_name_it_once() -> None:
    """The text is short where many zones are below one domain."""
    zones = {Fqdn(f"{number}.10.in-addr.arpa."): f"Z{number}" for number in range(3)} | {Fqdn("corp.internal."): "ZC"}
    assert encoded(zones) == "10.in-addr.arpa.:0=Z0,1=Z1,2=Z2;internal.:corp=ZC"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"corp.internal.": "Z0"}', "internal.:corp", "internal.:=Z0"])
def test_another_text_is_refused(text: str) -> None:
    """The environment of another version is not taken for zones."""
    with pytest.raises(ValueError, match="not a list of zones"):
        decoded(text)
