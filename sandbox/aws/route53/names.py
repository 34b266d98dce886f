"""DNS names as Route 53 stores, compares and orders them. Pure."""

from __future__ import annotations

import re
from typing import Final

MAX_LABEL: Final = 63
MAX_NAME: Final = 255
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
# One byte of a name as a caller may write it: an octal escape, or the character itself.
_BYTE: Final = re.compile(r"\\([0-3][0-7]{2})|(.)", re.DOTALL)


class BadName(ValueError):
    """A name that Route 53 cannot read; the text is Route 53's, as the error tells it."""


def labels(name: str) -> tuple[bytes, ...]:
    r"""The labels of a name, lower case, octal escapes (`\052`) undone; the root's empty label is left out.

    A label has at most 63 bytes, a name at most 255 with its dots, and a character beyond printable ASCII must
    come as an escape. "DNS domain name format",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html

    Raises:
        BadName: with the problem in Route 53's words.
    """
    found = tuple(_label(text, name) for text in name.removesuffix(".").split("."))
    if sum(len(label) + 1 for label in found) > MAX_NAME:
        raise BadName(_problem("DomainNameTooLong", "Domain name is too long", name))
    return found


def _label(text: str, name: str) -> bytes:
    if not text:
        raise BadName(_problem("DomainLabelEmpty", "Domain label is empty", name))
    found = bytearray()
    for escape, character in _BYTE.findall(text):
        if not escape and not " " < character < "\x7f":
            raise BadName(_problem("UnsupportedCharacter", "Value contains unsupported characters", character))
        found.append(int(escape, 8) if escape else ord(character))
    if len(found) > MAX_LABEL:
        raise BadName(_problem("DomainLabelTooLong", "Domain label is too long", text))
    return bytes(found).lower()


def _problem(code: str, explanation: str, culprit: str) -> str:
    return f"FATAL problem: {code} ({explanation}) encountered with '{culprit}'"


def stored_name(name: str) -> str:
    r"""The one form in which Route 53 keeps a name: absolute, lower case, escaped.

    "If the domain name includes any characters other than a to z, 0 to 9, - (hyphen), or _ (underscore), Route 53
    API actions return the characters as escape codes": `*.Example.com` is `\052.example.com.`
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html

    Raises:
        BadName: with the problem in Route 53's words.
    """
    return name_of_labels(labels(name))


def name_of_labels(parts: tuple[bytes, ...]) -> str:
    """The stored form of a name given as its labels."""
    return "".join(f"{_escaped(label.lower())}." for label in parts) or "."


def _escaped(label: bytes) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in label)


def listing_key(stored: str) -> str:
    """What ListResourceRecordSets orders names by: the labels reversed, each with its dot, in ASCII order.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    """
    return "".join(f"{label.decode('latin-1')}." for label in reversed(labels(stored)))


def is_within(stored: str, domain: str) -> bool:
    """Whether a name is the domain's own or below it; both in stored form."""
    return stored == domain or stored.endswith(f".{domain}")
