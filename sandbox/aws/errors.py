"""The errors with which a service answers a call of a client."""

from __future__ import annotations

from typing import Any


def service_error(client: Any, operation: str, code: str, status: int, message: str) -> Exception:  # noqa: ANN401 - botocore's own types
    """The error that the client raises for this answer, of the class that it has for the code."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = client.exceptions.from_code(code)(answer, operation)
    return error
