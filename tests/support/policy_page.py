"""The examples of docs/policy.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from tests.support.build import EXAMPLE, ROOT

PAGE = (ROOT / "docs" / "policy.md").read_text()

_EXAMPLE = re.compile(r"^### (?P<title>[^\n]+)\n(?P<body>(?:(?!^##).)*)", re.MULTILINE | re.DOTALL)

_BLOCK = re.compile(r"^```(yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    title: str
    snippet: str
    told: list[str]


def examples() -> list[Example]:
    found = []
    for section in _EXAMPLE.finditer(PAGE):
        blocks = _BLOCK.findall(section["body"])
        assert [kind for kind, _ in blocks] == ["yaml", "text"], section["title"]
        (_, snippet), (_, told) = blocks
        found.append(Example(section["title"], snippet, told.splitlines()))
    return found


def completed(snippet: str) -> str:
    """The example's configuration with what the snippet says in place of what it has there."""
    content, said = yaml.safe_load(EXAMPLE.read_text()), yaml.safe_load(snippet)
    content["organization"] |= said.pop("organization", {})
    return yaml.safe_dump(content | said)
