"""The threat model: every guarantee names a test that exists."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import page, section
from tests.support.build import ROOT

TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
ATTACKS = {path.name for path in (ROOT / "tests/security").glob("test_*.py")}
_TEST = re.compile(r"`(test_\w+\.py)`")
ACTORS = (
    "Someone who can tag an instance or a VPC",
    "An instance, and whoever is root on it",
    "An administrator of a member account",
    "An administrator of an organizational unit",
    "A network operator, and whoever changes the configuration",
    "Someone with write access to the bucket of the package",
    "Someone on a developer's machine, or a web page that is open there",
)


def guarantees(actor: str) -> list[list[str]]:
    """The rows of an actor's table: asset, guarantee, mechanism, tests, and what remains."""
    lines = section(page("docs/security.md"), f"### {actor}").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in rows if row[0] != "asset"]


@pytest.mark.parametrize("actor", ACTORS)
def test_each_guarantee_names_a_test(actor: str) -> None:
    """Each guarantee has its mechanism, its tests, and what remains."""
    rows = guarantees(actor)
    assert len(rows) > 1
    for row in rows:
        assert len(row) == 5
        assert all(row), row
        assert _TEST.search(row[3]), row[1]


def test_tests_exist() -> None:
    """A renamed or split test file is renamed on the page, too."""
    assert set(_TEST.findall(page("docs/security.md"))) - TESTS == set()


def test_every_attack_is_on_the_page() -> None:
    """No file of attacks is missing from the threat model."""
    assert ATTACKS - set(_TEST.findall(page("docs/security.md"))) == set()
