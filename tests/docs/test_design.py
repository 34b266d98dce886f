from __future__ import annotations

import re

from tests.docs.pages import page, section
from tests.support.build import ROOT

TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
_TEST = re.compile(r"`(test_\w+\.py)`")


def test_each_test_that_the_page_names_exists() -> None:
    """A renamed or split test file is renamed on the page, too."""
    assert set(_TEST.findall(page("docs/design.md"))) - TESTS == set()


def test_each_fault_names_a_test() -> None:
    """No fault is in the table without a test of it."""
    table = section(page("docs/design.md"), "## Faults and their tests")
    faults = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(faults) >= 33
    assert [fault for fault in faults if not _TEST.search(fault)] == []
