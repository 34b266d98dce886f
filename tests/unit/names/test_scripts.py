from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.runtime.names.labels import NameRefused, label_of
from hub.runtime.names.scripts import mixed_scripts
from hub.runtime.names.templates import Template
from tests.support.build import CORP

MAIL = "\u043f\u043e\u0447\u0442\u0430"
LATIN = st.characters(min_codepoint=0x61, max_codepoint=0x7A)
CYRILLIC = st.characters(min_codepoint=0x430, max_codepoint=0x44F)
GREEK = st.characters(min_codepoint=0x3B1, max_codepoint=0x3C9)


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("", ()),
        ("web-1", ()),
        (MAIL, ()),
        (f"{MAIL}-1", ()),
        ("caf\xe9", ()),
        ("e\u0301", ()),
        ("\u02bcweb", ()),
        ("\u3042\u30a2\u4e9c\u3005\u30fc", ()),
        ("\ud55c\u5b57", ()),
        ("\u4e2d\u3105", ()),
        ("\u0627\u0661\u06f1", ()),
        ("\u0939\u093f\u0967", ()),
        (f"web{MAIL}", ("Cyrillic", "Latin")),
        ("\u0430\u03b1", ("Cyrillic", "Greek")),
        ("\u3042\ud55c", ("Hangul", "Hiragana")),
        ("\u3042\u3105", ("Bopomofo", "Hiragana")),
        ("web\u4e001", ("Han", "Latin")),
        ("web\u0967", ("Devanagari", "Latin")),
        ("\U00017000\U00017001", ()),
        ("web\U00017000", ("Latin", "Tangut")),
    ],
)
def test_scripts_that_do_not_go_together(text: str, scripts: tuple[str, ...]) -> None:
    """Letters of one script go together, as do those of Japanese, Korean and Chinese; digits go with every script."""
    assert mixed_scripts(text) == scripts


@given(st.lists(st.one_of(LATIN, CYRILLIC, GREEK), min_size=1, max_size=20).map("".join))
def test_label_has_letters_of_one_script(text: str) -> None:
    """No tag of Latin, Cyrillic and Greek letters, many of which look alike, becomes a label that mixes them."""
    blocks = {min(ord(character) // 0x80, 9) for character in text}
    try:
        label_of(text)
    except NameRefused as refused:
        assume("mixes" in str(refused))
        assert len(blocks) > 1
    else:
        assert len(blocks) == 1


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    """Any text is of one script, or mixes at least two that have names; a part of it never mixes more."""
    scripts = mixed_scripts(text)
    assert len(scripts) != 1
    assert set(mixed_scripts(text[1:])) <= set(scripts)
    assert not scripts or any(category(character).startswith(("L", "N")) for character in text)


def test_two_tags_in_one_label_cannot_share_out_a_mixture() -> None:
    """The tags in one label count together, because their owner chooses both; the rule's own letters do not count."""
    values = {"name": "\u0440\u0430", "tag:rest": "yments", "short_id": "0000000a"}
    with pytest.raises(NameRefused, match="Cyrillic and Latin"):
        Template.parse("{name}{tag:rest}.corp.internal", [CORP]).name(values.__getitem__)
    with pytest.raises(NameRefused, match="Cyrillic and Latin"):
        Template.parse("{name}-{tag:rest}.corp.internal", [CORP]).name(values.__getitem__)
    for fine in ("{name}.{tag:rest}.corp.internal", "web-{name}.corp.internal", "{name}-{short_id}.corp.internal"):
        assert Template.parse(fine, [CORP]).name(values.__getitem__).fqdn.endswith(".corp.internal.")
