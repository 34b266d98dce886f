from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn
from hub.runtime.names.labels import (
    Label,
    NameRefused,
    enclosing,
    label_of,
    parse_domain,
    reverse_name,
    reverse_network,
    unescaped,
)

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LOWER, HYPHENS, ENCODED = (
    "in lower case",
    "hyphens for other characters, none at the ends",
    "encoded as an international name",
)


@pytest.mark.parametrize(
    ("raw", "label", "steps"),
    [
        ("web", "web", ()),
        ("a--b", "a--b", ()),
        ("a" * 63, "a" * 63, ()),
        ("WEB", "web", (LOWER,)),
        ("Web 1", "web-1", (LOWER, HYPHENS)),
        ("web_1", "web-1", (HYPHENS,)),
        ("  -- web --  ", "web", (HYPHENS,)),
        ("it's", "it-s", (HYPHENS,)),
        ("db.corp.internal", "db-corp-internal", (HYPHENS,)),
        ("..a", "a", (HYPHENS,)),
        ("\\052", "052", (HYPHENS,)),
        ("*.web", "web", (HYPHENS,)),
        ("web \U0001f600", "web", (HYPHENS,)),
        ("\uff57\uff45\uff42", "web", (LOWER,)),
        ("M\xfcnchen", "xn--mnchen-3ya", (LOWER, ENCODED)),
        ("stra\xdfe", "xn--strae-oqa", (ENCODED,)),
        ("caf\xe9 du nord", "xn--caf-du-nord-dbb", (HYPHENS, ENCODED)),
        ("b\xfccher--a", "xn--bcher--a-65a", (ENCODED,)),
        ("\u05e9\u05dc\u05d5\u05dd", "xn--9dbne9b", (ENCODED,)),
        ("a\u3002b", "a-b", (LOWER, HYPHENS)),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "xn--j2bd4cyah0f", (ENCODED,)),
        ("web\u1369x", "web-x", (HYPHENS,)),
        ("\u043f\u043e\u0447\u0442\u0430-1", "xn---1-6kc9cet8a", (ENCODED,)),
        ("\u0440\u0430\u0443\u0440\u0430\u04cf", "xn--80aa0cbo65f", (ENCODED,)),
        ("\u6771\u4eac\u30bf\u30ef\u30fc", "xn--5ck2eqb538s34z", (ENCODED,)),
        ("\u30b5\u30fc\u30d0\u306e", "xn--u9jwh3c9h", (ENCODED,)),
        ("\ud55c\u5b57", "xn--p8sp35z", (ENCODED,)),
    ],
)
def test_tag_becomes_label(raw: str, label: str, steps: tuple[str, ...]) -> None:
    """A tag becomes the label that a person would expect, with a note of the changes."""
    assert label_of(raw) == Label(label, steps)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no letter or digit"),
        ("*", "no letter or digit"),
        ("..", "no letter or digit"),
        ("\U0001f600", "no letter or digit"),
        ("a" * 64, "64 characters"),
        ("\xfc" * 60, "too long"),
        ("\u202egnp", "not allowed"),
        ("a\x00b", "control characters"),
        ("a\x85b", "not allowed"),
        ("xn--80ak6aa92e", "encoded international"),
        ("XN--80AK6AA92E", "encoded international"),
        ("\uff58n--80ak6aa92e", "encoded international"),
        ("_xn--80ak6aa92e", "encoded international"),
        ("\u0661\u0662", "directionality"),
        ("1\u05d0", "cannot be an international name"),
        ("\u05d0a", "mixes letters of the scripts Hebrew and Latin: use one script"),
        ("\u0440\u0430yments", "mixes letters of the scripts Cyrillic and Latin"),
        ("web-\u043f\u043e\u0447\u0442\u0430", "Cyrillic and Latin"),
        ("\u0440\u0430ym\u03b5nts", "Cyrillic and Greek and Latin"),
        ("\u6771\u4eac\uac00\u3042", "Han and Hangul and Hiragana"),
        ("web\u4e001", "Han and Latin"),
        ("\ud800", "not allowed"),
    ],
)
def test_tag_is_refused_with_a_reason(raw: str, reason: str) -> None:
    """A tag that cannot be a label is refused, and the reason says why."""
    with pytest.raises(NameRefused, match=reason):
        label_of(raw)


@given(st.text(max_size=300))
def test_any_tag_is_a_label_or_refused(raw: str) -> None:
    """Any tag gives one valid label or a refusal: never a second label, never an escape."""
    try:
        label = label_of(raw).text
    except NameRefused:
        return
    assert LABEL.fullmatch(label)
    if not label.startswith("xn--"):
        assert label_of(label) == Label(label)


@given(st.text(min_size=64, max_size=300))
def test_reason_stays_short(raw: str) -> None:
    """A refusal quotes only the start of an untrusted text, because logs and rows contain it."""
    try:
        label_of(raw)
    except NameRefused as refused:
        reason = str(refused)
    else:
        return
    assert len(reason) < 1000


def test_long_text_is_quoted_by_its_start() -> None:
    """A refusal quotes enough of an untrusted text to recognize it, and no more."""
    with pytest.raises(NameRefused) as refused:
        label_of("*" * 255)
    assert str(refused.value) == f"'{'*' * 60}'... contains no letter or digit"
    with pytest.raises(NameRefused) as refused:
        label_of("*" * 60)
    assert str(refused.value) == f"'{'*' * 60}' contains no letter or digit"


@pytest.mark.parametrize("character", ["\u202e", "\u1100"])
def test_message_of_idna_is_cut(character: str) -> None:
    """IDNA's message contains the whole text; the reason has its first 120 characters."""
    with pytest.raises(NameRefused) as refused:
        label_of(character * 200)
    said = str(refused.value).split(": ", maxsplit=1)[1]
    assert len(said) == len("...") + 120
    assert said.endswith("...")


@given(st.text(st.characters(min_codepoint=0x370, max_codepoint=0x5FF), min_size=1, max_size=20))
def test_international_label_decodes_to_its_letters(raw: str) -> None:
    """An encoded label decodes to the original letters, in lower case and without forbidden characters."""
    try:
        label = label_of(raw).text
    except NameRefused:
        return
    if label.startswith("xn--"):
        shown = label.removeprefix("xn--").encode("ascii").decode("punycode")
        assert shown == shown.lower()
        assert label_of(shown).text == label


def test_domain_is_as_long_as_dns_allows() -> None:
    """A domain may have 253 characters, and not more."""
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert parse_domain(longest) == f"{longest}."
    with pytest.raises(NameRefused, match="longer than 253"):
        parse_domain(f"{longest}a")


def test_domain_is_normalized() -> None:
    """A parsed domain is absolute and lower case, however it was written."""
    assert parse_domain("Corp.Internal") == parse_domain("corp.internal.") == "corp.internal."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "^the domain is empty$"),
        (".", "^the domain is empty$"),
        ("a..b", "'' is not a label"),
        ("-a.b", "'-a' is not a label"),
        ("a_b.c", "'a_b' is not a label"),
        ("*.a", r"'\*' is not a label"),
        ("a" * 64, "is not a label"),
        (".".join(["abcdefgh"] * 29), "longer than 253"),
        # The sign for Kelvin, whose lower case is an ordinary letter.
        ("\u212a.internal", "^'\u212a.internal' is not a domain: write an international domain"),
    ],
)
def test_bad_domain_is_refused(text: str, reason: str) -> None:
    """An invalid domain is refused, and the reason says why."""
    with pytest.raises(NameRefused, match=reason):
        parse_domain(text)


@pytest.mark.parametrize("inner", ["app.corp.internal.", "dev.corp.internal."])
def test_most_specific_domain_around_a_name_comes_first(inner: str) -> None:
    """Of nested domains, the innermost comes first, whatever its name, and a domain contains itself."""
    zones = [Fqdn(zone) for zone in ("corp.internal.", "notcorp.internal.", inner, "internal.", f"x.{inner}")]
    around = (inner, "corp.internal.", "internal.")
    assert enclosing(Fqdn(f"web.{inner}"), zones) == around
    assert enclosing(Fqdn(inner), zones) == around
    assert enclosing(Fqdn("web.elsewhere."), zones) == ()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.1.2.3", "3.2.1.10.in-addr.arpa."),
        ("2001:db8::1", f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa."),
    ],
)
def test_address_has_its_reverse_name(address: str, name: str) -> None:
    """The name of an address's PTR records is the address backwards, by octets or nibbles."""
    assert reverse_name(address) == name


@given(st.ip_addresses(), st.integers(1, 4))
def test_reverse_zone_is_for_the_addresses_below_it(address: object, labels: int) -> None:
    """An address is in the network of every reverse zone that contains its reverse name."""
    name = reverse_name(str(address))
    tail = ".".join(name.removesuffix(".").split(".")[-2 - labels :])
    network = reverse_network(Fqdn(f"{tail}."))
    assert network is not None
    assert ip_address(str(address)) in network


@pytest.mark.parametrize(
    ("domain", "network"),
    [
        ("10.in-addr.arpa.", "10.0.0.0/8"),
        ("16.172.in-addr.arpa.", "172.16.0.0/16"),
        ("8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::/32"),
        ("300.10.in-addr.arpa.", None),
        ("in-addr.arpa.", None),
        ("0-25.1.10.in-addr.arpa.", None),
        ("corp.internal.", None),
    ],
)
def test_domain_of_a_reverse_zone_gives_its_network(domain: str, network: str | None) -> None:
    """A reverse zone covers whole octets or nibbles; any other domain is not a reverse zone."""
    assert reverse_network(Fqdn(domain)) == (ip_network(network) if network else None)


def test_octal_codes_of_route_53_are_characters() -> None:
    """Route 53 writes characters other than letters, digits, hyphens and underscores as codes."""
    assert unescaped("\\052.Corp.internal.") == "*.corp.internal."
    assert unescaped("a\\040b.test") == "a b.test."
    assert unescaped("a\\777.test") == "a\\777.test."
