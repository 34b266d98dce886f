"""The name of an installation."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from hub.runtime.installation import LONGEST_INSTALLATION, Names
from hub.runtime.model.owner import Owner
from orgdns.cfn.rendering import Form
from orgdns.config.load import Config, ConfigInvalid, parse
from orgdns.config.partitions import known_regions
from orgdns.deployment.templates import templates
from spoke.scp import scp_text
from tests.support.build import EXAMPLE

DEFAULT, OTHER = Names("orgdns"), Names("dns-test")


def config(installation: str) -> Config:
    return parse(f"installation: {installation}\n{EXAMPLE.read_text()}")


def all_names(names: Names) -> dict[str, str]:
    """Each name by its attribute."""
    found = {name: getattr(names, name) for name in dir(Names) if not name.startswith("_")}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - a part of a template
    """All texts in a template, without descriptions."""
    if isinstance(value, dict):
        yield from (text for key, each in value.items() if "Description" not in key for text in (key, *texts(each)))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))
    elif isinstance(value, str):
        yield value


def test_default() -> None:
    """Without a name, the installation is called orgdns, as before installations had names."""
    assert parse(EXAMPLE.read_text()).names == DEFAULT
    assert config("dns-test").names == OTHER


def test_every_name_begins_with_the_installations() -> None:
    """So that no two installations have a resource of the same name. Parameters have it as a level of their names."""
    assert all(value.removeprefix("/orgdns/").startswith("dns-test") for value in all_names(OTHER).values())


def test_names_of_two_installations_in_templates_are_disjoint() -> None:
    """The templates of another installation name no resource of the first one, not even in a grant or a condition."""
    other = config("dns-test")
    files = templates(other, Form.JSON) | {"scp.json": scp_text(other)}
    named = re.compile(r"\borgdns-[a-z]|\b(?:event-bus|rule|table|schedule-group|role)/orgdns\b")
    for name, content in files.items():
        # The StackSets contain the templates of the spokes as texts.
        inner = [text for text in texts(yaml.safe_load(content)) if "\n" in text and "Resources" in text]
        parts = [yaml.safe_load(content), *(yaml.safe_load(text) for text in inner if text.lstrip().startswith("{"))]
        found = {text for part in parts for text in texts(part) if text not in inner and named.search(text)}
        assert not found, name


@pytest.mark.parametrize(("one", "other"), [("orgdns", "orgdns-test"), ("orgdns-test", "orgdns"), ("dns", "dns-2")])
def test_no_pattern_of_one_installation_matches_names_of_another(one: str, other: str) -> None:
    """Patterns in grants, bus policies and the service control policy match no role or stack of another installation.

    Not even if the name of one begins with that of the other.
    """
    mine = config(one)
    names = all_names(Names(other))
    theirs = {*names.values(), f"{names['delivery_role_prefix']}eu-central-1"}
    theirs |= {f"StackSet-{name}-0a1b2c3d" for name in Names(other).stack_sets}
    files = [*templates(mine, Form.JSON).values(), scp_text(mine)]
    parts = [part for content in files for part in texts(yaml.safe_load(content))]
    patterns = {part.rpartition("/")[2] for part in parts if "*" in part and one in part and "\n" not in part}
    assert patterns
    assert {(pattern, name) for pattern in patterns for name in theirs if fnmatchcase(name, pattern)} == set()


def test_longest_name_fits() -> None:
    """Every name fits where AWS allows least: 64 characters for roles, functions, rules, schedule groups and Profiles.

    "IAM and AWS STS quotas: name requirements"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), and the API references of the others.
    """
    names = Names("x" * LONGEST_INSTALLATION)
    region = max(known_regions(), key=len)
    assert max(map(len, all_names(names).values())) <= 64
    assert len(f"{names.delivery_role_prefix}{region}") <= 64
    assert len(f"{names.installation}-packages-123456789012-{region}") <= 63
    assert templates(config(names.installation))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Orgdns", "is not the name of an installation"),
        ("2orgdns", "is not the name of an installation"),
        ("orgdns-", "is not the name of an installation"),
        ("org--dns", "is not the name of an installation"),
        ("org.dns", "is not the name of an installation"),
        ('""', "is not the name of an installation"),
        ("x" * (LONGEST_INSTALLATION + 1), "is not the name of an installation"),
        ("default", "AWS reserves"),
        ("aws-dns", "AWS reserves"),
        ("orgdns-zone", "ends in '-zone', like names of resources of an installation 'orgdns'"),
        ("orgdns-vpc", "ends in '-vpc'"),
        ("orgdns-delivery", "ends in '-delivery'"),
        ("orgdns-spoke-account", "ends in '-spoke-account'"),
    ],
)
def test_unsuitable_name(name: str, reason: str) -> None:
    """The fault has its line, and says why the names of resources would not be valid, or not the installation's own."""
    with pytest.raises(ConfigInvalid) as invalid:
        config(name)
    assert re.search(f"line 1: installation: .*{re.escape(reason)}", str(invalid.value))


def test_names_that_are_accepted_never_collide() -> None:
    """An installation whose name begins like another's has no resource of the same name, whatever the name ends in."""
    for end in ("test", "blue", "2", "eu-west-1", "zones", "dev-hub2"):
        mine = set(all_names(config(f"orgdns-{end}").names).values())
        assert mine.isdisjoint(all_names(DEFAULT).values())
        assert not any(value.startswith(DEFAULT.delivery_role_prefix) for value in mine)


def test_names_are_a_value() -> None:
    """Equal for equal installations."""
    assert replace(OTHER, installation="orgdns") == DEFAULT


def test_owner_is_the_installation_by_default() -> None:
    """So that two installations never share an owner by accident."""
    assert parse(EXAMPLE.read_text()).owner == "orgdns"
    assert config("dns-test").owner == "dns-test"
    assert parse(f"installation: dns-two\nowner: dns-one\n{EXAMPLE.read_text()}").owner == "dns-one"


def test_owner_fits_into_a_set_identifier() -> None:
    """With the longest account, region and instance id, it has at most 128 characters.

    "Quotas on record sets" (Route 53 Developer Guide, "Quotas").
    """
    longest = Owner("x" * LONGEST_INSTALLATION).set_identifier(f"{'1' * 12}/{'r' * 32}/i-{'0' * 17}")
    assert len(longest) <= 128


@pytest.mark.parametrize("owner", ["Orgdns", "org/dns", '"org dns"', '""', "x" * (LONGEST_INSTALLATION + 1)])
def test_unsuitable_owner(owner: str) -> None:
    """The fault has its line."""
    with pytest.raises(ConfigInvalid, match=r"line 1: owner: .*is not the owner of records"):
        parse(f"owner: {owner}\n{EXAMPLE.read_text()}")


def test_a_fault_of_the_installation_is_the_only_one() -> None:
    """The owner that is missing then is not another fault."""
    with pytest.raises(ConfigInvalid) as invalid:
        config("default")
    assert len(invalid.value.faults) == 1
