"""The colors of the report in both modes, by the contrast of WCAG 2.2 (success criteria 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from tests.support.build import ROOT

CSS = (ROOT / "orgdns" / "report" / "assets" / "colors.css").read_text()
COLORS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
}
TONES = ("good", "warn", "bad", "unknown", "off")
# A text, and what can be behind it.
TEXTS = [
    *((text, back) for text in ("text", "quiet", "link") for back in ("page", "raised")),
    *((tone, f"{tone}-back") for tone in TONES),
    *((tone, "page") for tone in TONES),
    *((tone, "raised") for tone in TONES),
]
# What is no text and has to be seen: edges of controls, bars and marks, and the focus.
SHAPES = [("line", "page"), ("focus", "page"), ("focus", "raised"), ("link", "off-back"), ("bad", "off-back")]


def luminance(color: str) -> float:
    """The relative luminance of a color in sRGB (WCAG 2.2, "relative luminance")."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_defines_it() -> None:
    """Black on white has 21, and a known gray 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("text", "back"), TEXTS)
def test_texts_can_be_read(text: str, back: str, mode: str) -> None:
    """A text has a contrast of at least 4.5 to what is behind it."""
    assert contrast(COLORS[text][mode], COLORS[back][mode]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("shape", "back"), SHAPES)
def test_shapes_can_be_seen(shape: str, back: str, mode: str) -> None:
    """What is no text has at least 3."""
    assert contrast(COLORS[shape][mode], COLORS[back][mode]) >= 3


def test_each_color_has_both_modes_and_is_used() -> None:
    """No rule has a color of its own, and no color is left over."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "orgdns" / "report" / "assets").glob("*.css")))
    assert set(re.findall(r"--([a-z-]+):", rules)) == set(COLORS)
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) == set(COLORS)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules.replace(CSS, "")) == []
