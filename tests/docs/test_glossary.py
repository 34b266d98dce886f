"""The glossary has every word that the design defines, each in a line, in alphabetical order."""

from __future__ import annotations

import re

from tests.docs.pages import page, section

_ROW = re.compile(r"^\| (?!word \||-)([^|]+) \| ([^|]+) \|$", re.MULTILINE)
GLOSSARY = _ROW.findall(page("docs/glossary.md"))


def test_every_word_of_the_design_is_there() -> None:
    """A reader of the glossary misses no word of the code, logs and metrics."""
    defined = _ROW.findall(section(page("docs/design.md"), "## Words"))
    words = {word for row, _ in defined for word in re.findall(r"\*([^*]+)\*", row)}
    assert words
    assert words - {word for word, _ in GLOSSARY} == set()


def test_words_are_in_order() -> None:
    """A word is found where the alphabet has it, once."""
    words = [word.lower() for word, _ in GLOSSARY]
    assert words == sorted(set(words))
