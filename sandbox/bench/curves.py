"""Draws curves over time as SVG: the same figures give the same bytes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
# Colors that people with color blindness can tell apart; the limit is also dashed.
COLORS: Final = ("#0072b2", "#d55e00", "#cc79a7", "#777777")
TICKS: Final = 5

# Seconds, and how many are done by then.
Curve = Sequence[tuple[float, int]]


def svg(title: str, what: str, curves: Mapping[str, Curve], dashed: str) -> str:
    """A picture of the curves by name, `what` over seconds. The curve named `dashed` is a limit."""
    last = _rounded_up(max(seconds for curve in curves.values() for seconds, _ in curve))
    most = _rounded_up(max(number for curve in curves.values() for _, number in curve))
    parts = _frame(title)
    for tick in range(TICKS + 1):
        seconds, number = last * tick / TICKS, most * tick / TICKS
        x, y = _x(seconds, last), _y(number, most)
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>',
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e4e4e4"/>',
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{seconds:,.0f}</text>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number:,.0f}</text>',
        ]
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">'
        f"seconds; up: {escape(what)}</text>"
    )
    for position, (name, curve) in enumerate(curves.items()):
        color = COLORS[position % len(COLORS)]
        style = ' stroke-dasharray="6 4"' if name == dashed else ""
        points = " ".join(f"{_x(seconds, last):.1f},{_y(number, most):.1f}" for seconds, number in _thinned(curve))
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="2"{style} points="{points}"/>')
        y = HEIGHT - BOTTOM - 20 * (len(curves) - position)
        end = f"{curve[-1][0]:,.0f} s"
        parts += [
            f'<path d="M{WIDTH - 260} {y - 4}h30" stroke="{color}" stroke-width="2"{style}/>',
            f'<text x="{WIDTH - 222}" y="{y}">{escape(name)}: {end}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def logarithmic(title: str, along: str, curves: Mapping[str, Mapping[int, float]]) -> str:
    """A picture of how values grow: both axes are logarithmic, so that what is linear is a straight line at 45 degrees.

    The lines are labeled with their last values.
    """
    first, last = (floor(log10(end(number for curve in curves.values() for number in curve))) for end in (min, max))
    most = ceil(log10(max(value for curve in curves.values() for value in curve.values())))
    parts = _frame(title)
    for power in range(first, last + 1):
        x = _x(power - first, last - first)
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>',
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>',
        ]
    for power in range(0, most + 1, 2):
        y = _y(power, most)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e4e4e4"/>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">10^{power}</text>',
        ]
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(along)}</text>'
    )
    for position, (name, curve) in enumerate(curves.items()):
        color = COLORS[position % len(COLORS)]
        points = [(_x(log10(at) - first, last - first), _y(log10(value), most)) for at, value in sorted(curve.items())]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        (x, y), value = points[-1], curve[max(curve)]
        parts += [
            f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{drawn}"/>',
            f'<text x="{x - 4:.1f}" y="{y - 8:.1f}" text-anchor="end">{escape(name)}: {value:,.0f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(title: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" class="curves">',
        "<style>text { font: 12px sans-serif; fill: #222222; } .title { font-size: 15px; }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" class="title">{escape(title)}</text>',
    ]


def _thinned(curve: Curve, most: int = 300) -> list[tuple[float, int]]:
    """At most about `most` points, with the first and the last."""
    step = max(1, len(curve) // most)
    return [*curve[::step], curve[-1]]


def _rounded_up(number: float) -> float:
    """The next number whose fifth is 1, 2 or 5 times a power of ten."""
    step = 10.0 ** floor(log10(max(number, 1) / TICKS))
    return TICKS * step * next(times for times in (1, 2, 5, 10) if TICKS * step * times >= number)


def _x(seconds: float, last: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / (last or 1)


def _y(number: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * number / (most or 1)
