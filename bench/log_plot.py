"""A plot as SVG, written by hand: two axes, a logarithmic one below, and a curve for each series."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 760
_HEIGHT: Final = 400
_LEFT: Final = 70
_RIGHT: Final = 20
_TOP: Final = 50
_BOTTOM: Final = 60
_LINES: Final = 5
_COLOURS: Final = ("#1f5fa8", "#b3541e")

_HEAD: Final = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """A series of points."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where numbers lie on the paper."""

    first: float
    last: float
    top: float

    def x(self, number: float) -> float:
        part = math.log10(number / self.first) / math.log10(self.last / self.first)
        return round(_LEFT + part * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, number: float) -> float:
        return round(_HEIGHT - _BOTTOM - number / self.top * (_HEIGHT - _TOP - _BOTTOM), 1)


def draw(title: str, below: str, beside: str, curves: Sequence[Curve]) -> str:
    """Return the plot: `below` and `beside` name the axes. The vertical one begins at zero."""
    points = [point for curve in curves for point in curve.points]
    step = _round_up(max(height for _, height in points) / _LINES)
    frame = _Frame(min(number for number, _ in points), max(number for number, _ in points), step * _LINES)
    parts = [_HEAD, f'<text x="{_LEFT}" y="22" font-size="16">{escape(title)}</text>\n']
    parts += [_level(frame, step * line) for line in range(_LINES + 1)]
    parts += [_decade(frame, 10**exponent) for exponent in _decades(frame)]
    parts += [_curve(frame, number, curve) for number, curve in enumerate(curves)]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(below)}</text>\n')
    parts.append(f'<text x="18" y="{_HEIGHT / 2}" transform="rotate(-90 18 {_HEIGHT / 2})">{escape(beside)}</text>\n')
    return "".join([*parts, "</svg>\n"])


def _round_up(number: float) -> float:
    """Return the next number that is easy to count in."""
    power: float = 10.0 ** math.floor(math.log10(number))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= number)


def _decades(frame: _Frame) -> range:
    return range(math.ceil(math.log10(frame.first)), math.floor(math.log10(frame.last)) + 1)


def _level(frame: _Frame, number: float) -> str:
    y = frame.y(number)
    return (
        f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{number:g}</text>\n'
    )


def _decade(frame: _Frame, number: float) -> str:
    x = frame.x(number)
    return (
        f'<path d="M{x} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#dddddd"/>'
        f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{number:,}</text>\n'
    )


def _curve(frame: _Frame, number: int, curve: Curve) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    line = " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in curve.points)
    dots = "".join(f'<circle cx="{frame.x(x)}" cy="{frame.y(y)}" r="3" fill="{colour}"/>' for x, y in curve.points)
    return (
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
        f'<text x="{_LEFT + 12}" y="{_TOP - 8 + 18 * (number + 1)}" fill="{colour}">{escape(curve.name)}</text>\n'
    )
