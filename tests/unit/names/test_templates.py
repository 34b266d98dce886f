from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn
from hub.runtime.names.labels import MAX_NAME, NameRefused, label_of
from hub.runtime.names.templates import SHAPES, Template, matches, pattern_fault
from orgdns.config.checks.collisions import Known, by_any_tag, collision
from tests.support.build import CORP


@pytest.mark.parametrize("inner", ["app", "dev"])
def test_template_lies_in_the_most_specific_zone(inner: str) -> None:
    """Of nested zones, the record belongs to the zone that Resolver answers from, whatever the name."""
    nested = Fqdn(f"{inner}.corp.internal.")
    for zones in ([CORP, nested], [nested, CORP]):
        assert Template.parse(f"{{name}}.{inner}.corp.internal", zones).domain == nested
        assert Template.parse("{name}.prod.corp.internal.", zones).domain == CORP


def test_template_in_a_reverse_zone_within_another_is_refused() -> None:
    """The most specific zone also decides whether a template is in a reverse zone."""
    with pytest.raises(NameRefused, match="reverse zone"):
        Template.parse("{name}.10.in-addr.arpa", [Fqdn("in-addr.arpa."), Fqdn("10.in-addr.arpa.")])


def test_template_outside_every_zone_lists_the_zones() -> None:
    """The reason lists the zones for names, and says so if there are none."""
    reverse = Fqdn("1.10.in-addr.arpa.")
    for domains, zones in (
        ([reverse, Fqdn("instances.internal."), CORP], "corp.internal, instances.internal"),
        ([reverse], "none"),
    ):
        with pytest.raises(NameRefused) as refused:
            Template.parse("{name}.elsewhere", domains)
        assert str(refused.value) == f"it lies outside every zone (zones: {zones})"


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("{nam}.corp.internal", ["unknown variable {nam}"]),
        ("{name}.elsewhere", ["outside every zone"]),
        ("{nam}.elsewhere", ["unknown variable {nam}", "outside every zone"]),
        ("{name}.notcorp.internal", ["outside every zone"]),
        ("corp.internal", ["outside every zone"]),
        ("{name}..corp.internal", ["empty label"]),
        ("{name}-.corp.internal", ["is not a label"]),
        ("{tag:}.corp.internal", ["unknown variable {tag:}"]),
        ("{name}.1.10.in-addr.arpa", ["reverse zone"]),
        ("{name}-{ou}.corp.internal", ["a label of its own"]),
        ("{account_name}-{ou}.corp.internal", ["a label of its own"]),
        ("{private_ipv4}{account_name}.corp.internal", ["with a hyphen or a dot"]),
        ("{account_name}{device_index}.corp.internal", ["with a hyphen or a dot"]),
        ("{tag:a\x07}.corp.internal", ["control characters"]),
        ("{NAME}.corp.internal", ["unknown variable {NAME}"]),
        ("*.{name}.corp.internal", ["is not a label"]),
        ("{name.corp.internal", ["is not a label"]),
        ("{name}-{account_name}.corp.internal", ["a label of its own"]),
    ],
)
def test_bad_template_is_refused_with_all_reasons(text: str, reasons: list[str]) -> None:
    """The reason names all faults of a template."""
    with pytest.raises(NameRefused) as refused:
        Template.parse(text, [CORP, Fqdn("1.10.in-addr.arpa.")])
    assert all(reason in str(refused.value) for reason in reasons)


def test_name_too_long_for_dns_is_refused() -> None:
    """A name longer than the 255 octets of DNS is refused, not cut."""
    template = Template.parse(".".join(["{name}"] * 4) + ".corp.internal", [CORP])
    with pytest.raises(NameRefused, match="characters"):
        template.name({"name": "a" * 63}.__getitem__)


def test_name_as_long_as_dns_allows_is_given() -> None:
    """A name may have 254 characters with the trailing dot, and not 255."""
    template = Template.parse("{name}." + ".".join(["a" * 59] * 3) + ".b.corp.internal", [CORP])
    assert len(template.name(lambda _: "a" * 57).fqdn) == MAX_NAME
    with pytest.raises(NameRefused, match="255 characters"):
        template.name(lambda _: "a" * 58)


def test_label_of_parts_that_is_too_long_is_refused() -> None:
    """A label whose parts are together longer than 63 characters is refused, not cut."""
    template = Template.parse("{name}-{region}.corp.internal", [CORP])
    region = "eu-central-1"
    fitting = "a" * (63 - len(f"-{region}"))
    assert template.name({"name": fitting, "region": region}.__getitem__).fqdn.startswith(f"{fitting}-{region}.")
    with pytest.raises(NameRefused, match="64 characters; DNS allows 63"):
        template.name({"name": f"{fitting}a", "region": region}.__getitem__)


def test_account_name_may_be_joined_to_a_fact() -> None:
    """A value that no owner chooses may share a label with an account's name."""
    template = Template.parse("{name}.{account_name}-{region}.corp.internal", [CORP])
    assert template.variables == {"name", "account_name", "region"}


@given(name=st.text(max_size=80), account=st.text(max_size=80))
def test_tag_never_leaves_its_label(name: str, account: str) -> None:
    """Whatever an owner writes in a tag, the labels after it are those of the policy."""
    template = Template.parse("{name}.{account_name}.corp.internal", [CORP])
    try:
        fqdn = template.name({"name": name, "account_name": account}.__getitem__).fqdn
    except NameRefused:
        return
    assert fqdn.split(".", 1)[1] == f"{label_of(account).text}.corp.internal."


def test_key_of_a_tag_may_contain_dots() -> None:
    """Dots in the key of a tag do not separate labels."""
    template = Template.parse("{tag:kubernetes.io/cluster}.{name}.corp.internal", [CORP])
    values = {"tag:kubernetes.io/cluster": "Blue", "name": "web"}
    assert template.name(values.__getitem__).fqdn == "blue.web.corp.internal."


def test_name_notes_how_its_texts_changed() -> None:
    """A tag that had to change leaves a note; a tag that did not leaves none."""
    template = Template.parse("{name}.{region}.corp.internal", [CORP])
    given_name = template.name({"name": "Ledger DB", "region": "eu-west-1"}.__getitem__)
    (note,) = given_name.notes
    assert note.startswith("'Ledger DB' is written 'ledger-db'")


@pytest.mark.parametrize(
    ("text", "values", "name"),
    [
        ("{name}-{short_id}", {"name": "B\xfccher", "short_id": "0000000a"}, "xn--bcher-0000000a-gsb"),
        ("{name}", {"name": "M\xfcnchen"}, "xn--mnchen-3ya"),
        ("{name}.{region}", {"name": "\xe4", "region": "eu"}, "xn--4ca.eu"),
    ],
)
def test_label_is_encoded_whole(text: str, values: dict[str, str], name: str) -> None:
    """A label of several parts is encoded as one international label and decodes to what was written."""
    made = Template.parse(f"{text}.corp.internal", [CORP]).name(values.__getitem__)
    assert made.fqdn == f"{name}.corp.internal."
    encoded = name.split(".", maxsplit=1)[0]
    assert made.notes[-1].endswith(f"is encoded as an international name: {encoded!r}")
    shown = encoded.removeprefix("xn--").encode("ascii").decode("punycode")
    assert shown.split("-")[0] == values["name"].lower()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{tag:env}--{name}", {"tag:env": "xn", "name": "80ak6aa92e"}),
        ("x{tag:env}", {"tag:env": "n--80ak6aa92e"}),
        ("{name}-{short_id}", {"name": "\u05e9\u05dc\u05d5\u05dd", "short_id": "a0000000"}),
    ],
)
def test_harmless_parts_of_a_forbidden_label_are_refused(text: str, values: dict[str, str]) -> None:
    """Harmless parts do not make a label that a single tag could not be."""
    with pytest.raises(NameRefused, match="international name"):
        Template.parse(f"{text}.corp.internal", [CORP]).name(values.__getitem__)


@pytest.mark.parametrize(
    ("pattern", "name", "met"),
    [
        ("web", "web", True),
        ("web", "web1", False),
        ("web*", "web", True),
        ("web*", "web-1", True),
        ("web*", "web.eu", False),
        ("*.eu", "web.eu", True),
        ("*", "a.b", False),
        ("*-*", "a-b", True),
        ("w.b", "wxb", False),
    ],
)
def test_pattern_stays_within_a_label(pattern: str, name: str, *, met: bool) -> None:
    """A star stands for any characters but a dot; every other character stands for itself."""
    assert matches(pattern, name) is met


@given(
    st.text("ab*-.", min_size=1, max_size=10).filter(lambda text: pattern_fault(text) is None),
    st.text("ab-.", max_size=12),
)
def test_pattern_is_a_regular_expression_without_its_cost(pattern: str, name: str) -> None:
    """Every pattern matches what it would if each star was tried with every text."""
    expected = re.fullmatch("[a-z0-9-]*".join(map(re.escape, pattern.split("*"))), name)
    assert matches(pattern, name) is (expected is not None)


def test_pattern_with_many_stars_is_matched_at_once() -> None:
    """A tag cannot make the comparison with a pattern take minutes."""
    began = time.monotonic()
    assert not matches("*a" * 30 + "*b", "a" * 63)
    assert matches("*a" * 30 + "*", "a" * 63)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", ["", "Web", "web_", "a..b", ".a", "a b", "[a]", "a?"])
def test_pattern_that_could_never_match_is_a_fault(text: str) -> None:
    """A pattern with characters that no name has is a mistake."""
    assert pattern_fault(text)
    assert pattern_fault("web-*.eu") is None


def inside(text: str) -> Template:
    return Template.parse(f"{text}.corp.internal", [CORP])


SAME: Known = {"region": ["eu-west-1"], "ou": ["flows", "eu-west-1"]}
APART: Known = {"region": ["eu-west-1"], "ou": ["flows"]}


@pytest.mark.parametrize(
    ("text", "other", "known", "reason"),
    [
        ("{tag:app}", "web", {}, "'{tag:app}' can equal 'web'"),
        ("x-{tag:app}", "x-web", {}, "'x-{tag:app}' can equal 'x-web'"),
        ("x-{tag:app}", "web", {}, None),
        ("{name}.{region}", "{name}.{ou}", SAME, "'{region}' can equal '{ou}'"),
        ("{name}.{region}", "{asg}.{ou}", SAME, "'{name}' can equal '{asg}' and '{region}' can equal '{ou}'"),
        ("{name}.{region}", "{name}.{ou}", APART, None),
        ("{ou}", "flows", APART, None),
        ("{name}", "{name}", {}, None),
    ],
)
def test_templates_collide_where_a_choice_could_give_a_name_of_the_other(
    text: str, other: str, known: Known, reason: str | None
) -> None:
    """Templates collide if two texts can be equal and someone chooses a part; the reason names the labels."""
    assert collision(inside(text), inside(other), known) == reason


@given(
    st.lists(
        st.sampled_from(["{name}", "{asg}", "{device_index}", "{short_id}", "{region}", "a", "1", "-"]), max_size=5
    ),
    st.text("a1-", max_size=12) | st.sampled_from(["eu-west-1", "a-eu-west-1", "eu-west-11", "1eu-west-1-1"]),
)
def test_label_gives_a_text_as_the_shapes_of_its_variables_say(parts: list[str], text: str) -> None:
    """Two labels meet if the variables' shapes, tried in every way, give the fixed text."""
    known: Known = {"region": ["eu-west-1", "eu-west-1-1"]}
    shapes = SHAPES | {"region": "|".join(map(re.escape, known["region"]))}
    expected = re.fullmatch("".join(f"({shapes[part[1:-1]]})" if part[0] == "{" else part for part in parts), text)
    variable = Template(f"{''.join(parts)}.{{name}}.corp.internal.", CORP)
    fixed = Template(f"{text}.{{asg}}.corp.internal.", CORP)
    met = collision(variable, fixed, known) is not None
    assert met is (expected is not None)


def test_freely_chosen_variables_read_alike() -> None:
    """Freely chosen variables read alike in two templates; the other variables do not change."""
    assert (
        by_any_tag(inside("{name}-{region}.{tag:app}.{account_id}")) == "{*}-{region}.{*}.{account_id}.corp.internal."
    )
    assert by_any_tag(inside("{alias}.region")) != by_any_tag(inside("{asg}.{region}"))
