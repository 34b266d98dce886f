"""Whether a label mixes the letters of several scripts, so that it looks like another label. Pure.

In `p\u0430yments` the second letter is Cyrillic, and looks like a Latin one. A label has letters of one script: Latin,
Cyrillic or Arabic. The scripts that Japanese, Korean and Chinese are written in together count as one. That is the
level "Highly Restrictive" of Unicode's UTS #39, section 5.2
(https://www.unicode.org/reports/tr39/#Restriction_Level_Detection), without its mixtures with Latin: in `web\u4e001`
the ideograph looks like a hyphen. A label in a single script that looks like a Latin label becomes `xn--...`, which no
Latin label is.

Python has no table of scripts. The first word of a letter's name in the Unicode Character Database is its script, with
the exceptions below: of the letters and digits that IDNA allows, these are all that differ from the Script property,
except scripts of antiquity with a first word in common (OLD ITALIC, OLD PERSIAN). Marks take the script of the letter
that they stand on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unicodedata import category, name

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER_WORDS: Final = {"CJK": "HAN", "IDEOGRAPHIC": "HAN", "HENTAIGANA": "HIRAGANA", "EXTENDED": "ARABIC"}
# Letters of no script of their own, such as MODIFIER LETTER APOSTROPHE.
_COMMON: Final = frozenset({"MODIFIER", "CARON", "VERTICAL", "MASU", "VEDIC"})
_WRITTEN_TOGETHER: Final = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "HANGUL"}),
    frozenset({"HAN", "BOPOMOFO"}),
)


def mixed_scripts(text: str) -> tuple[str, ...]:
    """The scripts of a text, such as `Cyrillic` and `Latin`, if it mixes scripts; otherwise none."""
    scripts = frozenset(_scripts(text))
    if len(scripts) <= 1 or any(scripts <= together for together in _WRITTEN_TOGETHER):
        return ()
    return tuple(sorted(script.capitalize() for script in scripts))


def _scripts(text: str) -> Iterable[str]:
    for character in text:
        is_letter = category(character).startswith("L")
        # The digits 0 to 9 belong to every script.
        if is_letter or (category(character) == "Nd" and not character.isascii()):
            # KATAKANA-HIRAGANA PROLONGED SOUND MARK, ARABIC-INDIC DIGIT ONE. Only ideographs of Tangut have no names.
            word = name(character, "TANGUT").split(" ")[0].split("-")[0]
            if word not in _COMMON:
                yield _OTHER_WORDS.get(word, word)
