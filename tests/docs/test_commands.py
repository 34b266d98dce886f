"""What the pages tell people to type exists."""

from __future__ import annotations

import re

import pytest

from orgdns.cli.__main__ import COMMANDS
from tests.docs.pages import page
from tests.support.build import ROOT

PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.is_file()
)
_BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(
    r"^ *(?:\$ )?(?:bin/)?orgdns((?: +--(?:profile|region|installation) +\S+)*) +([a-z][a-z-]*)", re.MULTILINE
)


def called(text: str) -> set[str]:
    """The subcommands at the beginnings of lines in blocks of code."""
    return {name for block in _BLOCK.findall(text) for _, name in _CALL.findall(block)}


@pytest.mark.parametrize("name", PAGES)
def test_each_command_exists(name: str) -> None:
    """A page names no subcommand that orgdns does not have."""
    assert called(page(name)) - COMMANDS.keys() == set()


def test_the_rollout_consists_of_commands() -> None:
    """The README's rollout has no step that a command does not perform."""
    assert {"init", "validate", "deploy", "doctor"} <= called(page("README.md"))
    block = _BLOCK.findall(page("README.md").split("## Roll it out")[1])[0]
    lines = block.splitlines()
    assert [line for line in lines if not _CALL.match(line)] == []
