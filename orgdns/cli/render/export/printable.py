"""Text from tags as one line of printable characters. Pure."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with non-printable characters, such as control characters, replaced by Python's escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
