"""How much a part of a template takes when CloudFormation has filled in its references. Pure.

The values of references are known at deployment only, so each counts at its maximum length.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

# `LogLevel` is a parameter with a list of values.
_LENGTHS: Final = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::URLSuffix": 16, "LogLevel": 5}
# API Reference, "HostedZone" (https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html).
_ZONE_ID: Final = 32
_NAME: Final = 64
# The longest ARN or URL of a resource in these templates is that of a log group's streams or of a queue.
_ARN: Final = 128
_SUBSTITUTION: Final = re.compile(r"\$\{([^!}][^}]*)\}")


def filled_in(node: Any) -> Any:  # noqa: ANN401 - a template is any JSON
    """A part of a template, with each reference replaced by a text of the longest length that its value can have."""
    filled: Any = node
    match node:
        case {"Ref": str(name)} if len(node) == 1:
            filled = _longest(name)
        case {"Fn::GetAtt": _} if len(node) == 1:
            filled = "x" * _ARN
        case {"Fn::Sub": str(text)} if len(node) == 1:
            filled = _SUBSTITUTION.sub(lambda match: _longest(match[1]), text)
        case {"Fn::If": [_, *branches]} if len(node) == 1:
            filled = max((filled_in(branch) for branch in branches), key=size)
        case dict():
            filled = {key: filled_in(value) for key, value in node.items()}
        case list():
            filled = [filled_in(each) for each in node]
    return filled


def size(node: object) -> int:
    """The characters of a part of a template as compact JSON, with its references at their maximum length."""
    return len(compact(filled_in(node)))


def compact(node: object) -> str:
    """A part of a template as JSON without white space between values, as IAM and Lambda measure it."""
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False)


def _longest(name: str) -> str:
    if name in _LENGTHS:
        return "x" * _LENGTHS[name]
    if name.startswith("Zone"):
        return "x" * _ZONE_ID
    return "x" * (_ARN if "." in name else _NAME)
