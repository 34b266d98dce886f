"""The runbook: a page for each alarm of the hub and for each kind of problem, all with the same parts."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
import yaml

from orgdns.cli.__main__ import COMMANDS
from tests.docs.pages import page
from tests.support.build import EXAMPLE, ROOT
from tests.support.generated import content_of

FOLDER = ROOT / "docs" / "runbook"
INDEX = "docs/runbook/README.md"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ["What it means", "Who is affected", "What to check", "What to do", "When it is over"]
MOST_LINES = 60
LONGEST_LINE = 120
_CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
_SUBCOMMAND = re.compile(r"(?:^|[\s`$])orgdns ([a-z-]+)", re.MULTILINE)
# Kinds of problems without an alarm.
_WITHOUT_HYPHEN = {"paused", "unknown"}
# What `orgdns status` prints, and what CloudWatch has.
_OUTPUT = re.compile(r"^(?:   |[A-Z]).*$", re.MULTILINE)


@cache
def alarms() -> dict[str, str]:
    """The descriptions of the hub's alarms, by the names of their pages."""
    with_files = content_of("hub", yaml.safe_load(EXAMPLE.read_text()) | {"report": {"daily": ["html"]}})["Resources"]
    found = [each["Properties"] for each in with_files.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    return {alarm["AlarmName"].removeprefix("orgdns-"): alarm["AlarmDescription"] for alarm in found}


@cache
def kinds() -> set[str]:
    """The kinds of problems of which `orgdns status` itself tells: the texts of the form of a kind in the reports.

    An alarm that it only passes on is none of them.
    """
    texts: set[str] = set()
    reports = (ROOT / "orgdns" / "cli" / "reports" / "status").glob("*.py")
    for path in (each for each in reports if each.name != "alarm_problems.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    found = {text for text in texts if text in _WITHOUT_HYPHEN or re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    return found | texts & alarms().keys()


def commands(text: str) -> set[str]:
    """The subcommands that code on a page runs."""
    found: set[str] = set()
    for code in _CODE.findall(text):
        shown = "\n".join(line for line in code.splitlines() if not _OUTPUT.match(line)) if "\n" in code else code
        found |= set(_SUBCOMMAND.findall(shown))
    return found


def rows() -> list[list[str]]:
    """The rows of the index's tables."""
    lines = [line for line in page(INDEX).splitlines() if line.startswith("| [")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_there_are_kinds() -> None:
    """The kinds are read as the reports have them: with a page of an alarm, and without."""
    assert {"path-interrupted", "zones-closed", "unreadable", "paused", "not-audited"} <= kinds()


def test_each_alarm_and_each_kind_has_a_page() -> None:
    """No page is missing, and none is about something that no longer exists."""
    assert set(PAGES) == alarms().keys() | kinds()


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_is_about(name: str) -> None:
    """The second line names the alarm, the problem, or both."""
    first = page(f"docs/runbook/{name}.md").splitlines()
    assert first[0].startswith(f"# {name}: ")
    assert (f"Alarm `orgdns-{name}`" in first[2]) == (name in alarms())
    assert ("problem of `orgdns status`" in first[2]) == (name in kinds())


@pytest.mark.parametrize("name", PAGES)
def test_page_has_all_parts(name: str) -> None:
    """The parts are in one order, none is empty, and the page is short."""
    text = page(f"docs/runbook/{name}.md")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", [*PAGES, "README"])
def test_lines_are_short(name: str) -> None:
    """Lines are wrapped, except those of tables."""
    lines = page(f"docs/runbook/{name}.md").splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE and not line.startswith("|")] == []


@pytest.mark.parametrize("name", [*PAGES, "README"])
def test_each_command_exists(name: str) -> None:
    """Whatever code begins with `orgdns` is a subcommand."""
    assert commands(page(f"docs/runbook/{name}.md")) - {*COMMANDS} == set()


def test_pages_have_commands() -> None:
    """The commands are read as they are written."""
    assert {"status", "explain", "coverage", "dead-letters", "approve", "audit"} <= {
        command for name in PAGES for command in commands(page(f"docs/runbook/{name}.md"))
    }


@pytest.mark.parametrize("name", sorted(alarms()))
def test_description_names_the_page(name: str) -> None:
    """Whoever gets the notification finds the page."""
    assert alarms()[name].endswith(f" See docs/runbook/{name}.md.")


def test_the_index_has_each_page_once() -> None:
    """Alarms have their names, problems without an alarm their kinds, and each row a first command."""
    listed = [re.fullmatch(r"\[`(?:orgdns-)?([a-z-]+)`\]\(([a-z-]+)\.md\)", row[0]) for row in rows()]
    assert sorted(match[2] for match in listed if match) == PAGES
    assert all(match and match[1] == match[2] for match in listed)
    assert {match[2] for match in listed if match and f"`orgdns-{match[2]}`" in match[0]} == alarms().keys()
    assert all(len(row) == 3 and all(row) and row[2].startswith("`") for row in rows())
