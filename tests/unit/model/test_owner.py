"""Whose records are whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import InstanceRef
from hub.runtime.model.owner import DEFAULT_OWNER, Owner
from tests.support.build import ref

OWNERS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True).map(Owner)
REFS = st.builds(
    lambda account, region, end: InstanceRef(account, region, f"i-{end}"),
    st.from_regex(r"[0-9]{12}", fullmatch=True),
    st.sampled_from(["eu-central-1", "us-gov-west-1"]),
    st.from_regex(r"[0-9a-f]{8}([0-9a-f]{9})?", fullmatch=True),
)


@given(OWNERS, OWNERS, REFS)
def test_only_the_owner_recognizes_a_set_identifier(mine: Owner, other: Owner, instance: InstanceRef) -> None:
    """A SetIdentifier gives the instance to its owner, and nothing to another one."""
    written = mine.set_identifier(str(instance))
    assert mine.holder(written) == str(instance)
    assert other.holder(written) == (str(instance) if other == mine else "")


def test_default_owner_writes_what_earlier_versions_wrote() -> None:
    """Records from before owners could be configured keep their owner."""
    assert DEFAULT_OWNER.set_identifier(str(ref(1))) == f"orgdns/{ref(1)}"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "orgdns/",
        "orgdns",
        "blue",
        f"{ref(1)}",
        f"xorgdns/{ref(1)}",
        f"orgdns//{ref(1)}",
        f"orgdns/orgdns/{ref(1)}",
        f"ORGDNS/{ref(1)}",
        f"orgdns/{ref(1)}\n",
        f"orgdns/{ref(1)}/x",
        "orgdns/1/2/3",
    ],
)
def test_other_texts_have_no_holder(text: str | None) -> None:
    """Only the exact form counts, so that nobody else's record set is taken for one of orgdns."""
    assert DEFAULT_OWNER.holder(text) == ""


def test_simple_record_set_has_no_set_identifier() -> None:
    """A record set that another tool made, and orgdns adopted, has no holder."""
    assert DEFAULT_OWNER.set_identifier("") == ""
