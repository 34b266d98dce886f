"""Refuses policy documents that IAM refuses, although they can be read. Pure but for the simulated partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument

from sandbox.aws.partition import partition


def check_partitions(*documents: Mapping[str, Any]) -> None:
    """Refuse ARNs of another partition, in IAM's words.

    The account's own partition or a wildcard is valid ("Amazon Resource Names (ARNs)",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). The message is from
    https://github.com/aws/copilot-cli/issues/3844.

    Raises:
        MalformedPolicyDocument: if a Resource or a Principal is in another partition.
    """
    for document in documents:
        for arn in _arns(document):
            named = arn.split(":")[1]
            if named not in {partition(), "*"}:
                raise MalformedPolicyDocument(f'Partition "{named}" is not valid for resource "{arn}".')


def _arns(document: Mapping[str, Any]) -> Iterator[str]:
    statements = document["Statement"]
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        principal = statement.get("Principal")
        named = principal.get("AWS", ()) if isinstance(principal, Mapping) else ()
        for values in (statement.get("Resource", ()), named):
            texts = [values] if isinstance(values, str) else values
            yield from (text for text in texts if text.startswith("arn:"))
