"""AWS's answers: the errors for a missing answer, and fields that are checked where they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    ChecksumError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PaginationError,
    PartialCredentialsError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)
from botocore.parsers import ResponseParserError

from hub.runtime.boundary.unreadable import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

# What botocore raises if AWS cannot be reached, or sends no readable answer. Not `BotoCoreError`: botocore raises that
# for a caller's mistake, too, such as an unknown parameter, which no repetition fixes.
NO_ANSWER: Final = (
    ChecksumError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoConnection,
    NoCredentialsError,
    PaginationError,
    PartialCredentialsError,
    ResponseParserError,
    TokenRetrievalError,
)


class AnswerMalformed(Malformed):
    """AWS answered what its API Reference does not allow; the message names the field."""


class PageTokens:
    """The tokens of one listing's pages. AWS sends each of them once: a listing that returns to a page never ends."""

    def __init__(self) -> None:
        # Hashes, because a listing may have very many pages.
        self._seen: set[int] = set()

    def once(self, token: object) -> Any:  # noqa: ANN401 - a token of any type
        """The token of the next page.

        Raises:
            AnswerMalformed: if an earlier page of the listing had the same token.
        """
        hashed = hash(json.dumps(token, sort_keys=True, default=str))
        if hashed in self._seen:
            raise AnswerMalformed(f"AWS sent the same page token twice: {token!r:.200}")
        self._seen.add(hashed)
        return token


def required(answer: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - a field of any type
    """The value of a field that AWS always sends.

    Raises:
        AnswerMalformed: if the answer lacks the field.
    """
    if field not in answer:
        raise AnswerMalformed(f"an answer of AWS lacks {field}; it has {', '.join(sorted(answer)) or 'no field'}")
    return answer[field]


def text(answer: Mapping[str, Any], field: str, default: str | None = None) -> str:
    """The text in a field. It can be stored and logged: it has no lone surrogates.

    Raises:
        AnswerMalformed: if the value is not a text, or if the field is missing and there is no default.
        UnicodeEncodeError: if the text has lone surrogates.
    """
    value = required(answer, field) if default is None else answer.get(field, default)
    if not isinstance(value, str):
        raise AnswerMalformed(f"{field} is {type(value).__name__}, not a text")
    if not value.isascii():
        value.encode()
    return value


def identifier(answer: Mapping[str, Any], field: str) -> str:
    """The id in a field, which a later request can name: the SDK refuses a request with an empty id.

    Raises:
        AnswerMalformed: if there is no text, or an empty one.
        UnicodeEncodeError: if the text has lone surrogates.
    """
    value = text(answer, field)
    if not value:
        raise AnswerMalformed(f"{field} is empty")
    return value


def text_in(answer: object, field: str) -> str:
    """The text in a field of an answer, or nothing if there is none: the identity of something malformed."""
    value = answer.get(field) if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""
