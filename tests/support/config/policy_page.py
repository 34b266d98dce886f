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
    expected: list[str]


def examples() -> list[Example]:
    found = []
    for section in _EXAMPLE.finditer(PAGE):
        blocks = _BLOCK.findall(section["body"])
        assert [kind for kind, _ in blocks] == ["yaml", "text"], section["title"]
        (_, snippet), (_, expected) = blocks
        found.append(Example(section["title"], snippet, expected.splitlines()))
    return found


def completed(snippet: str) -> str:
    """The example's configuration with the sections of the snippet in place of its own."""
    content, said = yaml.safe_load(EXAMPLE.read_text()), yaml.safe_load(snippet)
    content["organization"] |= said.pop("organization", {})
    return yaml.safe_dump(content | said)
