from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model import Fqdn
from hub.runtime.naming import NameRefused, Template, label_of, parse_domain
from tests.build import CORP

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("web", "web"),
        ("Web 1", "web-1"),
        ("web_1", "web-1"),
        ("  -- web --  ", "web"),
        ("it's", "it-s"),
        ("db.corp.internal", "db-corp-internal"),
        ("\\052", "052"),
        ("a" * 63, "a" * 63),
    ],
)
def test_tag_becomes_label(raw: str, label: str) -> None:
    """A tag becomes the label that a person would expect."""
    assert label_of(raw) == label


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no letter or digit"),
        ("*", "no letter or digit"),
        ("..", "no letter or digit"),
        ("a" * 64, "64 characters"),
        ("caf\u00e9", "outside ASCII"),
        ("\U0001f600", "outside ASCII"),
        ("\u202egnp", "outside ASCII"),
        ("a\x00b", "control characters"),
        ("xn--80ak6aa92e", "international"),
    ],
)
def test_tag_is_refused_with_a_reason(raw: str, reason: str) -> None:
    """What cannot be a label is refused, and the reason says why."""
    with pytest.raises(NameRefused, match=reason):
        label_of(raw)


@given(st.text(max_size=300))
def test_any_tag_is_a_label_or_refused(raw: str) -> None:
    """Whatever stands in a tag, the outcome is one valid label or a refusal: never a second label, never an escape."""
    try:
        label = label_of(raw)
    except NameRefused:
        return
    assert LABEL.fullmatch(label)
    assert label_of(label) == label


def test_domain_is_normalised_once() -> None:
    """A domain is absolute and lower case, however it was written."""
    assert parse_domain("Corp.Internal") == parse_domain("corp.internal.") == "corp.internal."


@pytest.mark.parametrize("text", ["", ".", "a..b", "-a.b", "a_b.c", "*.a", "a" * 64, ".".join(["abcdefgh"] * 29)])
def test_bad_domain_is_refused(text: str) -> None:
    """A domain that DNS has no room for is refused."""
    with pytest.raises(NameRefused):
        parse_domain(text)


def test_template_lies_in_the_most_specific_zone() -> None:
    """Of nested zones, the record belongs into the one that the Resolver asks."""
    nested = Fqdn("dev.corp.internal.")
    assert Template.parse("{name}.dev.corp.internal", [CORP, nested]).domain == nested
    assert Template.parse("{name}.prod.corp.internal.", [CORP, nested]).domain == CORP


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("{nam}.corp.internal", ["unknown variable {nam}"]),
        ("{name}.elsewhere", ["outside every zone"]),
        ("{nam}.elsewhere", ["unknown variable {nam}", "outside every zone"]),
        ("{name}.notcorp.internal", ["outside every zone"]),
        ("corp.internal", ["outside every zone"]),
        ("web.corp.internal", ["one and the same name"]),
        ("{name}..corp.internal", ["empty label"]),
        ("{name}-.corp.internal", ["no label"]),
        ("{NAME}.corp.internal", ["unknown variable {NAME}"]),
        ("*.{name}.corp.internal", ["no label"]),
        ("{name.corp.internal", ["no label"]),
        ("{name}-{account_name}.corp.internal", ["a label of its own"]),
    ],
)
def test_bad_template_is_refused_with_all_reasons(text: str, reasons: list[str]) -> None:
    """A template's faults are told all at once."""
    with pytest.raises(NameRefused) as refused:
        Template.parse(text, [CORP])
    assert all(reason in str(refused.value) for reason in reasons)


def test_name_too_long_for_dns_is_refused() -> None:
    """A name past DNS's 255 octets is refused, not cut."""
    template = Template.parse(".".join(["{name}"] * 4) + ".corp.internal", [CORP])
    with pytest.raises(NameRefused, match="characters"):
        template.name({"name": "a" * 63})


def test_label_glued_too_long_is_refused() -> None:
    """A label that only together gets too long is refused, not cut."""
    template = Template.parse("{name}-{region}.corp.internal", [CORP])
    with pytest.raises(NameRefused, match="DNS allows 63"):
        template.name({"name": "a" * 60, "region": "eu-central-1"})


@given(name=st.text(max_size=80), account=st.text(max_size=80))
def test_tag_never_leaves_its_label(name: str, account: str) -> None:
    """Whatever an owner writes into the tag, the labels after it stay what policy says."""
    template = Template.parse("{name}.{account_name}.corp.internal", [CORP])
    try:
        fqdn = template.name({"name": name, "account_name": account})
    except NameRefused:
        return
    assert fqdn.split(".", 1)[1] == f"{label_of(account)}.corp.internal."
