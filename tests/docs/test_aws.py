"""The page on AWS: each assumption is complete, and each that is not certain is tried by the checklist."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import page, section
from tests.support.build import ROOT

COLUMNS = 6
CERTAIN = "high"
AWS = page("docs/aws.md")
_ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
_STEP = re.compile(r"^### Step (\d+)\. ", re.MULTILINE)
_NAME = re.compile(r"\borgdns-[a-z-]+[a-z]")
_URL = re.compile(r"https://(?:docs\.aws\.amazon\.com|repost\.aws)/[^\s)#\"'>,]+")
ASSUMPTIONS = {
    cells[0]: cells
    for line in AWS.splitlines()
    if _ROW.match(line)
    for cells in [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]]
}
STEPS: set[str] = set(_STEP.findall(AWS))


def step(number: str) -> str:
    """The text of a step of the checklist."""
    (heading,) = [line for line in AWS.splitlines() if line.startswith(f"### Step {number}. ")]
    return section(AWS, heading)


def cited() -> set[str]:
    """The documents of AWS that the code cites."""
    modules = [path for name in ("hub", "network", "orgdns", "spoke") for path in (ROOT / name).rglob("*.py")]
    return {url.rstrip(".;:") for module in modules for url in _URL.findall(module.read_text(encoding="utf-8"))}


def test_ids_are_unique() -> None:
    """No two assumptions have one id."""
    assert len(ASSUMPTIONS) == len(_ROW.findall(AWS)) > COLUMNS


@pytest.mark.parametrize("number", sorted(ASSUMPTIONS))
def test_each_assumption_is_complete(number: str) -> None:
    """It has a source, a certainty and a consequence. A step tries it if it is not certain."""
    cells = ASSUMPTIONS[number]
    assert len(cells) == COLUMNS
    assert all(cells[:5])
    assert "](" in cells[2] or cells[3].startswith(("medium", "low"))
    assert cells[3].split()[0].rstrip(",") in {CERTAIN, "medium", "low"}
    tried = set(re.findall(r"\d+", cells[5]))
    assert tried <= STEPS
    assert tried or cells[3] == CERTAIN
    assert all(re.search(rf"\b{number}\b", step(each)) for each in tried)


@pytest.mark.parametrize("number", sorted(STEPS))
def test_each_step_has_commands_and_what_to_expect(number: str) -> None:
    """A step names the assumptions that it tries, what to type, and what to see."""
    text = step(number)
    known = set(re.findall(r"\b[A-Z]\d+\b", text.split("```")[0])) & ASSUMPTIONS.keys()
    assert known or number in {"1", "2", "15"}
    assert "```" in text or number == "14"
    assert "xpect" in text
    # A step that names an assumption also stands in its row.
    assert all(number in re.findall(r"\d+", ASSUMPTIONS[each][5]) for each in known)


def test_the_page_has_every_document_that_the_code_rests_on() -> None:
    """Whatever document of AWS the code cites is a source of an assumption."""
    known = {url.rstrip(".;:") for url in _URL.findall(AWS)}
    assert cited() - known == set()


def test_the_checklist_names_what_is_deployed() -> None:
    """A resource of orgdns in a command is in a template; the others are stacks of the rollout by hand."""
    commands = "".join(AWS[AWS.index("## Checklist") :].split("```")[1::2])
    templates = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").iterdir())
    known = set(_NAME.findall(templates)) | set(re.findall(r"--stack-name (orgdns-[a-z-]+)", page("docs/by-hand.md")))
    named = set(_NAME.findall(commands))
    assert named
    assert named - known == set()
