"""From text to a DNS label, and from a domain to its one form, by written rules. Pure.

The rules of a label: RFC 1123, section 2.1 (letters, digits and hyphens; no hyphen at either end), RFC 1035, section
2.3.4 (63 octets a label, 255 a name), and for letters outside ASCII IDNA 2008 (RFC 5891) with the mappings of Unicode's
UTS #46. Route 53 takes more than that and stores it as octal escapes (Route 53 Developer Guide, "DNS domain name
format"); since no such character ever gets through here, none has to be compared either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Fqdn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

MAX_LABEL: Final = 63
# 255 octets on the wire are 254 characters with the trailing dot.
MAX_NAME: Final = 254
ENCODED: Final = "encoded as an international name"
# Enough of a stranger's text to recognise it by.
_SHOWN: Final = 60

LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_A_LABEL_CHARACTER: Final = re.compile(r"[^a-z0-9-]+")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_REVERSE: Final = re.compile(r"(?:(?P<v4>(?:[0-9]+\.){1,4})in-addr|(?P<v6>(?:[0-9a-f]\.){1,32})ip6)\.arpa\.")


class NameRefused(Exception):
    """No name can be made of this; the message is the reason, for a person to read."""


@dataclass(frozen=True, slots=True)
class Label:
    """A DNS label, and what was done to the text that it was made of."""

    text: str
    steps: tuple[str, ...] = ()


def label_of(raw: str) -> Label:
    """The DNS label that a tag or an account's name stands for.

    Upper case becomes lower case; each run of what is neither letter, digit nor hyphen becomes one hyphen; hyphens at
    the ends go; a label with letters outside ASCII is written as IDNA has it (`xn--...`).

    Raises:
        NameRefused: When nothing is left, it is longer than 63 characters, it holds control characters or what IDNA
            does not allow, such as a change of the writing direction, or it is written as IDNA has it already.
    """
    letters = letters_of(raw)
    label = encoded(letters.text)
    if len(label) > MAX_LABEL:
        raise NameRefused(f"{shown(raw)} makes a label of {len(label)} characters; DNS allows {MAX_LABEL}")
    return Label(label, (*letters.steps, *((ENCODED,) if label != letters.text else ())))


def letters_of(raw: str) -> Label:
    """The text of a label, or of a part of one, as in `label_of`, but in its own letters yet.

    Raises:
        NameRefused: When nothing is left, or it holds what no label may.
    """
    if CONTROL.search(raw):
        raise NameRefused(f"{shown(raw)} holds control characters")
    text = raw.lower() if raw.isascii() else _mapped(raw)
    steps = ["in lower case"] if text != raw else []
    label = (_NOT_A_LABEL_CHARACTER.sub("-", text) if text.isascii() else _letters_and_digits(text)).strip("-")
    if label != text:
        steps.append("hyphens for other characters, none at the ends")
    if not label:
        raise NameRefused(f"{shown(raw)} holds no letter or digit")
    return Label(label, tuple(steps))


def encoded(label: str) -> str:
    """A label of any letters as DNS has it.

    Raises:
        NameRefused: When IDNA does not allow it, or it is written as IDNA has it already: what it shows as would be
            somebody's choice that nobody here has read.
    """
    if label.startswith("xn--"):
        raise NameRefused(f"{shown(label)} looks like an encoded international name")
    if label.isascii():
        return label
    import idna  # noqa: PLC0415 - see below

    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        raise NameRefused(f"{shown(label)} cannot be an international name: {cut(str(error), 2 * _SHOWN)}") from error


def parse_domain(text: str) -> Fqdn:
    """The absolute, lower-case form of a domain; the one place where names from outside are normalised.

    Raises:
        NameRefused: When a label is empty, too long, or not made of letters, digits and inner hyphens.
    """
    domain = text.lower().removesuffix(".")
    if not domain:
        raise NameRefused("the domain is empty")
    if not text.isascii():
        # Some letters outside ASCII have a lower case inside it.
        raise NameRefused(f"{shown(text)} is no domain: write an international one as IDNA has it, xn--...")
    for label in domain.split("."):
        if len(label) > MAX_LABEL or not LABEL.fullmatch(label):
            raise NameRefused(
                f"{shown(text)} is no domain: {shown(label)} is no label of 1 to 63 letters, digits and inner hyphens"
            )
    if len(domain) + 1 > MAX_NAME:
        raise NameRefused(f"{shown(text)} is longer than {MAX_NAME - 1} characters")
    return Fqdn(f"{domain}.")


def reverse_name(address: str) -> Fqdn:
    """The name that PTR records of an address have (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    return Fqdn(f"{ip_address(address).reverse_pointer}.")


def reverse_network(domain: Fqdn) -> IPv4Network | IPv6Network | None:
    """The addresses that a reverse zone is for, or None when the domain is not one of a reverse zone."""
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


def enclosing(fqdn: Fqdn, domains: Iterable[Fqdn]) -> tuple[Fqdn, ...]:
    """Those of the domains that a name is, or lies in: the most specific one, which is asked for it, first."""
    return tuple(sorted((one for one in domains if f".{fqdn}".endswith(f".{one}")), key=len, reverse=True))


def is_reverse(domain: Fqdn) -> bool:
    """Whether a zone of this domain holds PTR records."""
    return domain.endswith((".in-addr.arpa.", ".ip6.arpa."))


def shown(raw: str) -> str:
    """A stranger's text for a message: quoted, escaped and cut."""
    return repr(raw) if len(raw) <= _SHOWN else f"{raw[:_SHOWN]!r}..."


def cut(text: str, most: int) -> str:
    """The text, or so many characters of it and a sign that there was more."""
    return text if len(text) <= most else f"{text[:most]}..."


# The tables of IDNA are large, and few names need them: they are not imported before one does.


def _mapped(raw: str) -> str:
    """The text in its one form: lower case, full-width letters as ordinary ones, invisible characters gone."""
    import idna  # noqa: PLC0415 - see above

    try:
        return idna.uts46_remap(raw, std3_rules=False)
    except idna.IDNAError as error:
        raise NameRefused(f"{shown(raw)} holds what no name may: {cut(str(error), 2 * _SHOWN)}") from error


def _letters_and_digits(text: str) -> str:
    """The text with one hyphen for each run of what is neither letter, mark, digit nor hyphen."""
    from unicodedata import category  # noqa: PLC0415 - see above

    kept = [
        character if character == "-" or category(character)[0] in "LM" or category(character) == "Nd" else " "
        for character in text
    ]
    return "-".join("".join(kept).split())
