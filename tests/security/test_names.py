"""An account takes no name that machines trust, no name that looks like another, and leads no name to a stranger."""

from __future__ import annotations

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.example import SCIENCE, SEARCH
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"
# Looks like `payments`; two letters are Cyrillic.
LOOKS_LIKE_PAYMENTS = "\u0440\u0430yments"
# Looks like `paypal`; all letters are Cyrillic.
LOOKS_LIKE_PAYPAL = "\u0440\u0430\u0443\u0440\u0430\u04cf"


@pytest.fixture
def anywhere(made: World) -> Vpc:
    return made.vpcs[SCIENCE, "eu-west-1"]


def named(made: World, tag: str, vpc: Vpc, *names: str) -> tuple[list[set[str]], set[str]]:
    """Launch an instance with the tag in an account with short names: the answers for the names, and its address."""
    (instance,) = made.launch(SEARCH, REGION, tag)
    made.converge()
    answers = [made.resolve(name, vpc) for name in names]
    address = {made.address(SEARCH, REGION, instance)}
    made.end(SEARCH, REGION, instance)
    made.converge()
    return answers, address


def reasons(made: World) -> list[str]:
    return [line["reason"] for line in made.logged(NAMES.observer_function, "name refused")]


@pytest.mark.parametrize(
    "tag", ["wpad", "ISATAP", "_autodiscover", "Instance Data", "\uff57\uff50\uff41\uff44", "MTA_STS"]
)
def test_well_known_name_is_nobodys(made: World, anywhere: Vpc, tag: str) -> None:
    """No tag, however it is written, gives a name that machines ask for by themselves, at any depth below a zone."""
    label = {"_autodiscover": "autodiscover", "Instance Data": "instance-data", "MTA_STS": "mta-sts"}.get(
        tag, tag.lower()
    )
    label = "wpad" if not label.isascii() else label
    answers, _ = named(made, tag, anywhere, f"{label}.{CORP}", f"{label}.{REGION}.search.{CORP}")
    assert answers == [set(), set()]
    assert any(f"{label!r} is reserved" in reason for reason in reasons(made))


def test_region_is_nobodys_name_below_a_zone(made: World, anywhere: Vpc) -> None:
    """A tag does not take the place where the names of a region seem to be, even of a region that is not covered."""
    for region in ("eu-west-1", "ap-southeast-2", "us-gov-west-1"):
        answers, address = named(made, region, anywhere, f"{region}.{CORP}", f"{region}.{REGION}.search.{CORP}")
        assert answers == [set(), address]
    assert any("is the code of a region" in reason for reason in reasons(made))


def test_tag_of_two_scripts_is_refused(made: World, anywhere: Vpc) -> None:
    """Letters that look like those of another script give no name. A wholly Cyrillic name is another name in DNS."""
    encoded = LOOKS_LIKE_PAYMENTS.encode("idna").decode()
    answers, _ = named(made, LOOKS_LIKE_PAYMENTS, anywhere, f"{encoded}.{CORP}", f"payments.{CORP}")
    assert answers == [set(), set()]
    assert any("mixes letters of the scripts Cyrillic and Latin" in reason for reason in reasons(made))
    answers, address = named(made, LOOKS_LIKE_PAYPAL, anywhere, f"paypal.{CORP}", f"xn--80aa0cbo65f.{CORP}")
    assert answers == [set(), address]


def test_name_leads_to_no_address_of_a_stranger(made: World, anywhere: Vpc) -> None:
    """A VPC with somebody else's public range publishes none of its addresses, but those that are private."""
    vpc = made.add_vpc(SEARCH, REGION, cidr="8.8.8.0/24")
    (instance,) = made.launch(SEARCH, REGION, "dns", subnet=vpc.subnet, address="8.8.8.8")
    made.add_interface(SEARCH, REGION, instance)
    made.converge()
    made.sweep()
    for name in (f"dns.{CORP}", f"dns.{REGION}.search.{CORP}", f"{instance}.instances.internal"):
        assert made.resolve(name, anywhere) == set()
    told = [reason for reason in reasons(made) if reason.startswith("8.8.8.8 ")]
    assert any("'corp.internal'" in reason and "'addresses'" in reason for reason in told)
