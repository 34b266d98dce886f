"""Texts that come from outside: bounded, and always possible to store and to log. Pure."""

from __future__ import annotations

from typing import Final

# The most characters of a text that the ledger stores or a log line contains. DynamoDB stores 400 KB in a row, and
# Lambda truncates nothing: each line is paid for.
MAX_TEXT: Final = 500


def bounded(text: object, most: int = MAX_TEXT) -> str:
    """Return a text with at most `most` characters, and an ellipsis if it was longer.

    Lone surrogates, which UTF-8 cannot encode, and so neither DynamoDB nor a log accepts, become question marks.
    """
    whole = str(text)
    shown = whole if len(whole) <= most else f"{whole[:most]}..."
    return shown.encode("utf-8", "replace").decode("utf-8")
