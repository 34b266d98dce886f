"""The catalog of log messages is what the functions log, and what the pages tell people to look for."""

from __future__ import annotations

import ast
import re

import pytest

from orgdns.cli.reports import dead_letters
from orgdns.reference.logs.message import Message
from orgdns.reference.logs.page import MESSAGES
from tests.docs.pages import page
from tests.support.build import ROOT
from tests.support.reference.logged import fields, logged
from tests.support.reference.sources import NotFollowed, Place

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
# The texts that a query of Logs Insights, or a filter of CloudWatch Logs, compares a message with.
_COMPARED = re.compile(r"\bmessage (?:=|in) (\[[^\]]*\]|\"[^\"]*\")")
_TEXT = re.compile(r'"([^"]*)"')


def texts(text: str) -> set[str]:
    """The messages that queries on a page look for."""
    return {found for compared in _COMPARED.findall(text) for found in _TEXT.findall(compared)}


def test_each_message_is_in_the_catalog_and_nothing_else() -> None:
    """The sources log the messages of the catalog: texts, levels, names of fields, and the functions that log them."""
    listed = {
        (each.text, each.level.value, frozenset(each.fields.split())): frozenset(each.functions) for each in MESSAGES
    }
    assert len(listed) == len(MESSAGES)
    assert logged() == listed


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('x = {"a": 1}\n logger.info("m", extra=x | {"b": 2})', ["a b"]),
        ('x = {"a": 1}\n y = x | ({"b": 2} if z else {"c": 3})\n logger.info("m", extra=y)', ["a b", "a c"]),
        ('x: dict[str, int] = {"a": 1}\n logger.info("m", extra={**x, "b": 2})', ["a b"]),
        ('if z:\n  x = {"a": 1}\n else:\n  x = {"b": 1}\n logger.info("m", extra=x)', ["a", "b"]),
    ],
)
def test_fields_are_followed(body: str, names: list[str]) -> None:
    """A dict that is made in steps has the fields of all of them, in each way in which it may be made."""
    assert sorted(" ".join(sorted(each)) for each in of_function(body)) == names


@pytest.mark.parametrize(
    "body",
    [
        'x = {"a": 1}\n x["b"] = 2\n logger.info("m", extra=x)',
        'x = {"a": 1}\n x |= {"b": 2}\n logger.info("m", extra=x)',
        'logger.info("m", extra=dict(a=1))',
        'logger.info("m", extra={z: 1})',
        'logger.info("m", extra=elsewhere)',
    ],
)
def test_what_cannot_be_followed_is_an_error(body: str) -> None:
    """No field escapes the catalog because it is written in another way."""
    with pytest.raises(NotFollowed):
        of_function(body)


def of_function(body: str) -> set[frozenset[str]]:
    """The fields of the message that a function with this body logs."""
    (function,) = ast.parse(f"def report():\n {body}").body
    assert isinstance(function, ast.FunctionDef)
    (extra,) = (node.value for node in ast.walk(function) if isinstance(node, ast.keyword) and node.arg == "extra")
    return fields(Place("none.py", function), extra)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: f"{each.text}-{len(each.fields)}")
def test_each_message_has_a_meaning(message: Message) -> None:
    """It is a sentence, and the page has it."""
    assert message.meaning.endswith(".")
    assert f"| {message.meaning} |" in page("docs/logs.md")


@pytest.mark.parametrize("name", PAGES)
def test_each_query_looks_for_a_message_that_exists(name: str) -> None:
    """A renamed message is renamed in the queries, too."""
    assert texts(page(name)) - {each.text for each in MESSAGES} == set()


def test_pages_have_queries() -> None:
    """The queries are read as they are written."""
    assert {"name refused", "name will be retried", "records changed by someone else"} <= texts(page("docs/logs.md"))


def test_the_command_looks_for_messages_that_exist() -> None:
    """`orgdns dead-letters` tells people to look for these."""
    named = {value for name, value in vars(dead_letters).items() if name.endswith("_LOG_MESSAGE")}
    assert len(named) == 5
    assert named - {each.text for each in MESSAGES} == set()
