"""The rules that turn text into a DNS label, and a domain into its canonical form. Pure.

A label follows RFC 1123, section 2.1 (letters, digits and hyphens; no hyphen at either end), RFC 1035, section 2.3.4
(63 octets a label, 255 a name), and for letters outside ASCII IDNA 2008 (RFC 5891) with the mappings of Unicode's UTS
#46. Route 53 accepts more characters and stores them as octal escapes (Route 53 Developer Guide, "DNS domain name
format"). No such character passes these rules, so orgdns never has to compare escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.texts import bounded
from hub.runtime.model.names import Fqdn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

MAX_LABEL: Final = 63
# 255 octets on the wire are 254 characters with the trailing dot.
MAX_NAME: Final = 254
ENCODED: Final = "encoded as an international name"
# Enough of an untrusted text to recognize it.
_SHOWN: Final = 60

LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_A_LABEL_CHARACTER: Final = re.compile(r"[^a-z0-9-]+")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE: Final = re.compile(r"\\([0-3][0-7]{2})")
_REVERSE: Final = re.compile(r"(?:(?P<v4>(?:[0-9]+\.){1,4})in-addr|(?P<v6>(?:[0-9a-f]\.){1,32})ip6)\.arpa\.")


class NameRefused(Exception):
    """The text gives no valid name; the message is the reason, for a person to read."""


@dataclass(frozen=True, slots=True)
class Label:
    """A DNS label, and the changes that turned the text into it."""

    text: str
    steps: tuple[str, ...] = ()


def label_of(raw: str) -> Label:
    """The DNS label for a tag or an account's name.

    Upper case becomes lower case. Each run of characters that are not letters, digits or hyphens becomes one hyphen.
    Hyphens at the ends are removed. A label with letters outside ASCII is encoded as IDNA defines it (`xn--...`).

    Raises:
        NameRefused: if nothing remains, the label is longer than 63 characters, the text contains control characters or
            characters that IDNA forbids, such as a change of the writing direction, it mixes scripts, or it is already
            encoded.
    """
    letters = letters_of(raw)
    refuse_mixed_scripts(letters.text)
    label = encoded(letters.text)
    if len(label) > MAX_LABEL:
        raise NameRefused(f"{shown(raw)} gives a label of {len(label)} characters; DNS allows {MAX_LABEL}")
    return Label(label, (*letters.steps, *((ENCODED,) if label != letters.text else ())))


def letters_of(raw: str) -> Label:
    """The text of a label, or of a part of a label, as in `label_of`, but not encoded.

    Raises:
        NameRefused: if nothing remains, or the text contains characters that no label may have.
    """
    if CONTROL.search(raw):
        raise NameRefused(f"{shown(raw)} contains control characters")
    text = raw.lower() if raw.isascii() else _mapped(raw)
    steps = ["in lower case"] if text != raw else []
    label = (_NOT_A_LABEL_CHARACTER.sub("-", text) if text.isascii() else _letters_and_digits(text)).strip("-")
    if label != text:
        steps.append("hyphens for other characters, none at the ends")
    if not label:
        raise NameRefused(f"{shown(raw)} contains no letter or digit")
    return Label(label, tuple(steps))


def refuse_mixed_scripts(letters: str) -> None:
    """Refuse letters that someone chooses for a label, if they belong to several scripts.

    Raises:
        NameRefused: if they do, so that one may look like another.
    """
    if letters.isascii():
        return
    from hub.runtime.names.scripts import mixed_scripts  # noqa: PLC0415 - see below

    if scripts := mixed_scripts(letters):
        raise NameRefused(f"{shown(letters)} mixes letters of the scripts {' and '.join(scripts)}: use one script")


def encoded(label: str) -> str:
    """A label of any letters, encoded for DNS.

    Raises:
        NameRefused: if IDNA forbids the label, or it is already encoded: its owner would choose letters that none of
            these rules has checked.
    """
    if label.startswith("xn--"):
        raise NameRefused(f"{shown(label)} starts as an encoded international name does, with xn--")
    if label.isascii():
        return label
    import idna  # noqa: PLC0415 - see below

    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        raise NameRefused(f"{shown(label)} cannot be an international name: {bounded(error, 2 * _SHOWN)}") from error


def absolute(name: str) -> Fqdn:
    """A domain name of AWS, absolute and in lower case. Its labels are not checked."""
    return Fqdn(f"{name.lower().removesuffix('.')}.")


def unescaped(name: str) -> Fqdn:
    r"""A name as Route 53 writes it, with the characters that its octal codes stand for, such as \052 for `*`.

    "DNS domain name format" (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html).
    """
    return absolute(_ESCAPE.sub(lambda code: chr(int(code[1], 8)), name))


def parse_domain(text: str) -> Fqdn:
    """The absolute, lower-case form of a domain. All names from outside are normalized here.

    Raises:
        NameRefused: if a label is empty, too long, or has characters other than letters, digits and inner hyphens.
    """
    domain = text.lower().removesuffix(".")
    if not domain:
        raise NameRefused("the domain is empty")
    if not text.isascii():
        # Some letters outside ASCII have a lower-case form inside ASCII.
        raise NameRefused(f"{shown(text)} is not a domain: write an international domain in its encoded form, xn--...")
    for label in domain.split("."):
        if len(label) > MAX_LABEL or not LABEL.fullmatch(label):
            raise NameRefused(
                f"{shown(text)} is not a domain: {shown(label)} is not a label of 1 to 63 letters, digits and "
                "inner hyphens"
            )
    if len(domain) + 1 > MAX_NAME:
        raise NameRefused(f"{shown(text)} is longer than {MAX_NAME - 1} characters")
    return Fqdn(f"{domain}.")


def reverse_name(address: str) -> Fqdn:
    """The name of an address's PTR records (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    return Fqdn(f"{ip_address(address).reverse_pointer}.")


def reverse_network(domain: Fqdn) -> IPv4Network | IPv6Network | None:
    """The network of a reverse zone, or None if the domain is not that of a reverse zone."""
    match = _REVERSE.fullmatch(domain)
    if match is None:
        return None
    parts = (match["v4"] or match["v6"]).removesuffix(".").split(".")[::-1]
    try:
        if match["v4"]:
            octets = bytes(int(part) for part in parts)
            return ip_network((IPv4Address(octets.ljust(4, b"\0")), 8 * len(octets)))
        nibbles = "".join(parts)
        return ip_network((IPv6Address(int(nibbles.ljust(32, "0"), 16)), 4 * len(nibbles)))
    except ValueError:
        return None


def is_in(name: str, domain: str) -> bool:
    """Whether a name is a domain, or lies below it."""
    return domain in {".", name} or name.endswith(f".{domain}")


def enclosing(fqdn: Fqdn, domains: Iterable[Fqdn]) -> tuple[Fqdn, ...]:
    """The domains that contain a name or equal it. The most specific domain, whose zone answers, comes first."""
    return tuple(sorted((domain for domain in domains if is_in(fqdn, domain)), key=len, reverse=True))


def is_reverse(domain: Fqdn) -> bool:
    """Whether a zone of this domain is a reverse zone, which holds PTR records."""
    return domain.endswith((".in-addr.arpa.", ".ip6.arpa."))


def shown(raw: str) -> str:
    """An untrusted text for a message: quoted, escaped and cut."""
    return repr(raw) if len(raw) <= _SHOWN else f"{raw[:_SHOWN]!r}..."


# The tables of IDNA and Unicode are large, and few names need them, so they are imported on first use.


def _mapped(raw: str) -> str:
    """The canonical form of a text: lower case, full-width letters as ordinary ones, no invisible characters."""
    import idna  # noqa: PLC0415 - see above

    try:
        return idna.uts46_remap(raw, std3_rules=False)
    except idna.IDNAError as error:
        raise NameRefused(
            f"{shown(raw)} contains characters that no name may have: {bounded(error, 2 * _SHOWN)}"
        ) from error


def _letters_and_digits(text: str) -> str:
    """The text with one hyphen for each run of characters that are not letters, marks, digits or hyphens."""
    from unicodedata import category  # noqa: PLC0415 - see above

    kept = [
        character if character == "-" or category(character)[0] in "LM" or category(character) == "Nd" else " "
        for character in text
    ]
    return "-".join("".join(kept).split())
