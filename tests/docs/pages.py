"""What the documentation's tests read: the pages, and the files that the repository tracks."""

from __future__ import annotations

import subprocess
from pathlib import PurePosixPath

import pytest

from tests.support.build import ROOT


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next heading of its level or above."""
    level = heading.split(" ", 1)[0]
    lines = iter(text.splitlines())
    assert heading in lines, heading
    inside: list[str] = []
    for line in lines:
        if line.startswith("#") and len(line.split(" ", 1)[0]) <= len(level):
            break
        inside.append(line)
    return "\n".join(inside)


def tracked() -> tuple[PurePosixPath, ...]:
    """The files that the repository tracks; a copy without a repository skips the test."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    # git is found as a person's shell finds it.
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return tuple(PurePosixPath(line) for line in listed.stdout.splitlines() if (ROOT / line).exists())
