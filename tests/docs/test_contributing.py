from __future__ import annotations

import re

import pytest

from tests.docs.pages import page, section, tracked
from tests.support.build import ROOT

PAGES = sorted(
    str(found.relative_to(ROOT))
    for found in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
)
DECISIONS = [name for name in PAGES if name.startswith("docs/decisions/")]
# The folders at the top that a path begins with; other texts with a slash begin with something else.
TOP = {"bin", "docs", "examples", "hub", "network", "orgdns", "requirements", "sandbox", "spoke", "templates", "tests"}
# A path in code type: of a file, or of a folder or package at the top.
_QUOTED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")
_STEP = re.compile(r"^\d+\. `([^`]+)`", re.MULTILINE)
GUIDES = {
    "### ... a record type": 5,
    "### ... a policy condition": 6,
    "### ... a command": 3,
    "### ... an output of a stack": 2,
    "### ... a hub function": 4,
    "### ... an event that spokes forward": 5,
    "### ... a call of AWS": 2,
}
FILES = {"CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "README.md", "generate.py", "pyproject.toml"}
# What a reader names themselves.
PLACEHOLDER = "NAME"


def paths(text: str) -> set[str]:
    """The paths that a text names: whatever has a slash, or ends as a file does."""
    named = set(_QUOTED.findall(text))
    return {name for name in named if "/" in name and name.split("/", 1)[0] in TOP} | named & FILES


def exists(path: str) -> bool:
    """Whether the file exists, or the folder of a file whose name the reader chooses."""
    return (ROOT / path).parent.is_dir() if PLACEHOLDER in path else (ROOT / path).exists()


@pytest.mark.parametrize("name", PAGES)
def test_each_path_that_a_page_names_exists(name: str) -> None:
    """A moved module is moved on the page, too."""
    assert sorted(path for path in paths(page(name)) if not exists(path)) == []


def test_pages_name_paths() -> None:
    """The pages are read as they are written: they do name files."""
    assert {"hub/runtime", "hub/stack.py", "generate.py"} <= paths(page("CONTRIBUTING.md"))


@pytest.mark.parametrize(("heading", "most"), GUIDES.items())
def test_guide_stays_within_its_number_of_files(heading: str, most: int) -> None:
    """A change that a newcomer is likely to make touches few files, each of which the guide names once."""
    files = _STEP.findall(section(page("CONTRIBUTING.md"), heading))
    assert 1 < len(files) <= most
    assert len(set(files)) == len(files)
    assert [path for path in files if not exists(path)] == []


@pytest.mark.parametrize("heading", GUIDES)
def test_each_name_in_a_guide_exists(heading: str) -> None:
    """A renamed function, class or constant is renamed in the guide, too."""
    guide = section(page("CONTRIBUTING.md"), heading)
    named = {match[1] for match in re.finditer(r"`(?:[A-Z]\w+\.)?(\w+)(?:\(\))?`", guide)} - {PLACEHOLDER}
    code = "\n".join(page(str(path)) for path in tracked() if path.suffix == ".py" and path.parts[0] != "tests")
    assert named
    assert [name for name in sorted(named) if not re.search(rf"\b{name}\b", code)] == []


def test_each_guide_is_checked() -> None:
    """A new guide has a number, too."""
    text = section(page("CONTRIBUTING.md"), "## How to add ...")
    assert set(re.findall(r"^### .+$", text, re.MULTILINE)) == set(GUIDES)


@pytest.mark.parametrize("name", PAGES)
def test_each_make_target_that_a_page_names_exists(name: str) -> None:
    """A page names no target of the Makefile that is not there."""
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page(name))) - targets == set()


@pytest.mark.parametrize("name", DECISIONS)
def test_decision_is_short_and_whole(name: str) -> None:
    """Each decision has its four parts, on less than a page."""
    headings = re.findall(r"^## (.+)$", page(name), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives considered"]
    assert len(page(name).splitlines()) <= 40


def test_each_decision_is_in_the_index() -> None:
    """The index of the documentation leads to each decision."""
    index = page("docs/README.md")
    assert [name for name in DECISIONS if name.removeprefix("docs/") not in index] == []
