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
    """A name that Route 53 cannot read; the message is Route 53's."""


def labels(name: str) -> tuple[bytes, ...]:
    r"""The labels of a name in lower case, with octal escapes (`\052`) decoded and without the root's empty label.

    A label has at most 63 bytes, a name at most 255 with its dots. A character outside printable ASCII must be
    escaped. "DNS domain name format",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html

    Raises:
        BadName: if Route 53 cannot read the name, with Route 53's message.
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
    r"""The form in which Route 53 stores a name: absolute, lower case, escaped.

    "If the domain name includes any characters other than a to z, 0 to 9, - (hyphen), or _ (underscore), Route 53
    API actions return the characters as escape codes": `*.Example.com` is `\052.example.com.`
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html

    Raises:
        BadName: if Route 53 cannot read the name, with Route 53's message.
    """
    return name_of_labels(labels(name))


def name_of_labels(parts: tuple[bytes, ...]) -> str:
    """The stored form of a name, given its labels."""
    return "".join(f"{_escaped(label.lower())}." for label in parts) or "."


def _escaped(label: bytes) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in label)


def listing_key(stored: str) -> str:
    """The key by which ListResourceRecordSets orders names: the labels reversed, each with its dot, in ASCII order.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    """
    return "".join(f"{label.decode('latin-1')}." for label in reversed(labels(stored)))


def is_within(stored: str, domain: str) -> bool:
    """Whether a name is the domain itself or below it; both in stored form."""
    return stored == domain or stored.endswith(f".{domain}")
