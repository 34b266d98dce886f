"""The report as one HTML file that loads nothing: its data, its script and its style are in it. Pure.

Names, tags and reasons are data. They stand in a block of JSON in which no character can end the block, and the script
writes them as text only. The policy of the page allows exactly the script and the style below, by their digests, and
nothing else: no request, no other script, no handler in an attribute, no form (W3C, "Content Security Policy Level 3",
https://www.w3.org/TR/CSP3/). Where browsers know Trusted Types, they also refuse markup made of text
(https://www.w3.org/TR/trusted-types/).
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# One after the other, they are the script.
SCRIPTS: Final = ("elements.js", "rows.js", "table.js", "health.js", "charts.js", "sections.js", "main.js")
STYLES: Final = ("colors.css", "report.css", "charts.css", "print.css")
# JSON needs none of these in a text. In HTML, "</script" and "<!--" would end or change the block of the data.
_UNSAFE: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def page(document: Mapping[str, Any]) -> str:
    """The HTML file of a report's document."""
    style, script = _joined(STYLES), _joined(SCRIPTS)
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script), style=style, script=script, data=data_block(document)
    )


def data_block(document: Mapping[str, Any]) -> str:
    """The document as JSON in ASCII, without characters that mean something in HTML."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character, escaped in _UNSAFE.items():
        text = text.replace(character, escaped)
    return text


def _policy(style: str, script: str) -> str:
    """The content security policy: what is not named here is forbidden."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{_digest(script)}'",
            f"style-src 'sha256-{_digest(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(_asset(name) for name in names)


@cache
def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
