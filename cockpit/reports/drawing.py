"""Charts as SVG from plain numbers, in print colours. Pure: the same numbers give the same bytes.

A gap stays a gap: what is unknown is neither drawn as zero nor bridged. Nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

INK, INK2, INK3, LINE, ACCENT = "#16202C", "#465467", "#5F6C7E", "#D5DBE2", "#1565B8"
LOOK, ACT, BLIND, PALE = "#C77700", "#B3261E", "#8A7FB0", "#BBD3EA"
FAMILY = "'Noto Sans SC','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"

Share = tuple[str, float, str]
"""A part of a whole: its name, its size, its colour."""


class Drawing:
    """Shapes in the order they are painted. Coordinates are rounded, so that no machine's last digit shows."""

    def __init__(self, wide: float, high: float) -> None:
        self.wide, self.high = wide, high
        self._parts: list[str] = []

    def shape(self, tag: str, **attributes: object) -> None:
        """One element; ``stroke_width=1`` becomes ``stroke-width="1"``; None leaves an attribute out."""
        said = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{escape(_said(value), {chr(34): "&quot;"})}"'
            for name, value in attributes.items() if value is not None
        )  # fmt: skip
        self._parts.append(f"<{tag}{said}/>")

    def text(self, x: float, y: float, words: str, *, size: float = 9, fill: str = INK2, anchor: str | None = None,
             halo: str | None = None, turn: float | None = None) -> None:  # fmt: skip
        """Words at a point; ``halo`` is a rim in a ground's colour that keeps them readable over lines."""
        rim = f' stroke="{halo}" stroke-width="2.4" stroke-linejoin="round" paint-order="stroke"' if halo else ""
        to = f' text-anchor="{anchor}"' if anchor else ""
        turned = f' transform="rotate({_said(turn)} {_said(x)} {_said(y)})"' if turn else ""
        body = f'x="{_said(x)}" y="{_said(y)}" font-size="{_said(size)}"{to}{turned}'
        if halo:  # painted twice: not every reader knows paint-order
            self._parts.append(f'<text {body} fill="{halo}"{rim}>{escape(words)}</text>')
        self._parts.append(f'<text {body} fill="{fill}">{escape(words)}</text>')

    def raw(self, part: str) -> None:
        """A part that is written already."""
        self._parts.append(part)

    def svg(self) -> str:
        size = f"{_said(self.wide)} {_said(self.high)}"
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="{FAMILY}">'
        return f"{head}{''.join(self._parts)}</svg>"


def _said(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"
    return str(value)


def width_of(words: str, size: float) -> float:
    """About how wide words are: a Chinese sign is as wide as it is high, a Latin one about half."""
    return sum(size if ord(sign) > 0x2E7F else 0.56 * size for sign in words)


def points(pairs: Sequence[tuple[float, float]]) -> str:
    """Points as the attribute of a polygon or a polyline."""
    return " ".join(f"{_said(float(x))},{_said(float(y))}" for x, y in pairs)


def hatch(drawing: Drawing, name: str, colour: str, ground: str) -> None:
    """A pattern for what is unknown, to be used as ``url(#name)``."""
    drawing.raw(
        f'<defs><pattern id="{name}" width="4" height="4" patternUnits="userSpaceOnUse">'
        f'<rect width="4" height="4" fill="{ground}"/>'
        f'<path d="M-1,1 l2,-2 M0,4 l4,-4 M3,5 l2,-2" stroke="{colour}" stroke-width="0.9"/></pattern></defs>'
    )


def scale(top: float) -> list[float]:
    """About four round steps from zero to at least ``top``."""
    if top <= 0:
        return [0.0, 1.0]
    step = 10.0 ** len(str(int(top))) / 100
    while top / step > 4.5:
        step *= 2.5 if str(step).strip("0.")[:1] == "2" else 2
    many = int(-(-top // step))
    return [n * step for n in range(many + 1)]


def course(
    values: Sequence[float | None], labels: Sequence[tuple[int, str]], *, unit: str, unknown: str,
    limit: tuple[float, str] | None = None, wide: float = 520, high: float = 150,
) -> str:  # fmt: skip
    """A line over equal steps of time with gaps hatched; ``labels`` are (index, words) under the axis."""
    drawing = Drawing(wide, high)
    left, right, top, bottom = 34.0, 8.0, 16.0, 20.0
    known = [v for v in values if v is not None]
    steps = scale(max([*known, 1.0]))
    across, down = wide - left - right, high - top - bottom
    many = max(1, len(values) - 1)

    def x(n: float) -> float:
        return left + across * n / many

    def y(value: float) -> float:
        return top + down * (1 - value / steps[-1])

    hatch(drawing, "gap", BLIND, "#FFFFFF")
    drawing.text(left, 10, unit, size=8, fill=INK3)
    for step in steps:
        drawing.shape("line", x1=left, x2=wide - right, y1=y(step), y2=y(step), stroke=LINE, stroke_width=0.6)
        drawing.text(left - 5, y(step) + 3, f"{step:,.0f}" if step >= 10 or step == int(step) else f"{step:g}",
                     size=8, fill=INK3, anchor="end")  # fmt: skip
    for first, last in gaps(values):
        a, b = x(max(0, first - 0.5)), x(min(many, last + 0.5))
        drawing.shape("rect", x=a, y=top, width=max(1.5, b - a), height=down, fill="url(#gap)", opacity=0.55)
        if b - a > width_of(unknown, 8) + 6:
            drawing.text((a + b) / 2, top + down / 2, unknown, size=8, fill="#5D5291", anchor="middle", halo="#FFFFFF")
    for run in runs(values):
        line = [(x(n), y(v)) for n, v in run]
        if len(line) == 1:
            drawing.shape("circle", cx=line[0][0], cy=line[0][1], r=1.8, fill=ACCENT)
            continue
        area = [(line[0][0], y(0)), *line, (line[-1][0], y(0))]
        drawing.shape("polygon", points=points(area), fill=ACCENT, opacity=0.1)
        drawing.shape("polyline", points=points(line), fill="none", stroke=ACCENT, stroke_width=1.4,
                      stroke_linejoin="round")  # fmt: skip
    if limit and limit[0] <= steps[-1]:
        drawing.shape("line", x1=left, x2=wide - right, y1=y(limit[0]), y2=y(limit[0]), stroke=LOOK,
                      stroke_width=0.9, stroke_dasharray="4 3")  # fmt: skip
        drawing.text(wide - right, y(limit[0]) - 3, limit[1], size=8, fill="#9A5B00", anchor="end", halo="#FFFFFF")
    for n, words in labels:
        drawing.shape("line", x1=x(n), x2=x(n), y1=top + down, y2=top + down + 3, stroke=INK3, stroke_width=0.6)
        half = width_of(words, 8) / 2
        drawing.text(min(x(n), wide - half), high - 6, words, size=8, fill=INK3, anchor="middle")
    return drawing.svg()


def gaps(values: Sequence[float | None]) -> list[tuple[int, int]]:
    """The first and last index of every stretch without values."""
    found: list[tuple[int, int]] = []
    for n, value in enumerate(values):
        if value is None:
            if found and found[-1][1] == n - 1:
                found[-1] = (found[-1][0], n)
            else:
                found.append((n, n))
    return found


def runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches with values, each a line of its own."""
    found: list[list[tuple[int, float]]] = []
    for n, value in enumerate(values):
        if value is None:
            continue
        if found and found[-1][-1][0] == n - 1:
            found[-1].append((n, value))
        else:
            found.append([(n, value)])
    return found


def pillars(
    values: Sequence[float | None], labels: Sequence[tuple[int, str]], *, unit: str, wide: float = 520,
    high: float = 110,
) -> str:  # fmt: skip
    """A pillar per step of time with its number on top; nothing known: a hatched foot."""
    drawing = Drawing(wide, high)
    left, right, top, bottom = 8.0, 8.0, 22.0, 18.0
    steps = scale(max([1.0, *(v for v in values if v is not None)]))
    across, down = wide - left - right, high - top - bottom
    each = across / max(1, len(values))
    hatch(drawing, "gap", BLIND, "#FFFFFF")
    drawing.text(left, 9, unit, size=8, fill=INK3)
    drawing.shape("line", x1=left, x2=wide - right, y1=top + down, y2=top + down, stroke=INK3, stroke_width=0.6)
    for n, value in enumerate(values):
        x0, body = left + n * each + each * 0.18, each * 0.64
        if value is None:
            drawing.shape("rect", x=x0, y=top + down - 7, width=body, height=7.0, fill="url(#gap)")
            continue
        tall = down * value / steps[-1]
        if value:
            drawing.shape("rect", x=x0, y=top + down - tall, width=body, height=tall, fill=ACCENT, rx=1.0)
            drawing.text(x0 + body / 2, top + down - tall - 3, f"{value:g}", size=8, fill=INK, anchor="middle")
    for n, words in labels:
        drawing.text(left + (n + 0.5) * each, high - 5, words, size=8, fill=INK3, anchor="middle")
    return drawing.svg()


def bars(
    rows: Sequence[tuple[str, float | None, str]], *, limit: tuple[float, str] | None = None, most: float = 100,
    wide: float = 520, each: float = 19,
) -> str:  # fmt: skip
    """A lying bar per row: name, value (None: hatched), and what it says behind it; ``limit`` is a line to reach."""
    high = each * len(rows) + 18
    drawing = Drawing(wide, high)
    hatch(drawing, "gap", BLIND, "#FFFFFF")
    left = max([width_of(name, 9.5) for name, _, _ in rows] or [0]) + 12
    right = max([width_of(words, 9) for _, _, words in rows] or [0]) + 14
    across = wide - left - right
    for n, (name, value, words) in enumerate(rows):
        y0 = 14 + n * each
        drawing.text(left - 8, y0 + each * 0.62, name, size=9.5, fill=INK, anchor="end")
        drawing.shape("rect", x=left, y=y0 + 3, width=across, height=each - 7, rx=1.5,
                      fill="#EDF2F7" if value is not None else "url(#gap)")  # fmt: skip
        if value is not None:
            reached = limit is None or value >= limit[0]
            size = across * min(1.0, max(0.0, value / most))
            drawing.shape("rect", x=left, y=y0 + 3, width=size, height=each - 7,
                          fill=ACCENT if reached else LOOK, rx=1.5)  # fmt: skip
        drawing.text(left + across + 8, y0 + each * 0.62, words, size=9, fill=INK if value is not None else "#5D5291")
    if limit:
        x = left + across * limit[0] / most
        drawing.shape("line", x1=x, x2=x, y1=11, y2=high - 2, stroke=INK, stroke_width=0.8, stroke_dasharray="3 2")
        drawing.text(x, 9, limit[1], size=8, fill=INK2, anchor="middle")
    return drawing.svg()


def parts(shares: Sequence[Share], *, wide: float = 520, high: float = 40) -> str:
    """One bar of parts with their names and numbers under it; ``hatch`` as a colour means unknown."""
    drawing = Drawing(wide, high)
    hatch(drawing, "gap", BLIND, "#FFFFFF")
    whole = sum(size for _, size, _ in shares) or 1.0
    x = spot = 0.0
    for name, size, colour in shares:
        body = wide * size / whole
        fill = "url(#gap)" if colour == "hatch" else colour
        drawing.shape("rect", x=x, y=0, width=max(0.0, body - 1), height=15, fill=fill,
                      stroke=BLIND if colour == "hatch" else None, stroke_width=0.6)  # fmt: skip
        words = f"{name} {size:,.0f}"
        drawing.shape("rect", x=spot, y=23, width=7, height=7, fill=fill,
                      stroke=INK3 if colour in ("hatch", "#FFFFFF") else None, stroke_width=0.5)  # fmt: skip
        drawing.text(spot + 10, 30, words, size=8.5, fill=INK)
        spot += 10 + width_of(words, 8.5) + 16
        x += body
    return drawing.svg()


def small(values: Sequence[float | None], *, low: float, top: float, wide: float = 74, high: float = 14) -> str:
    """A line small enough for a table's cell; gaps are gaps, the last point is marked."""
    drawing = Drawing(wide, high)
    many = max(1, len(values) - 1)

    def spot(n: int, value: float) -> tuple[float, float]:
        return 2 + (wide - 6) * n / many, high - 3 - (high - 6) * (value - low) / ((top - low) or 1)

    drawing.shape("line", x1=2, x2=wide - 4, y1=high - 2, y2=high - 2, stroke=LINE, stroke_width=0.6)
    for run in runs(values):
        line = [spot(n, v) for n, v in run]
        if len(line) == 1:
            drawing.shape("circle", cx=line[0][0], cy=line[0][1], r=1.1, fill=ACCENT)
        else:
            drawing.shape("polyline", points=points(line), fill="none", stroke=ACCENT, stroke_width=1.1)
    if values and values[-1] is not None:
        x, y = spot(len(values) - 1, values[-1])
        drawing.shape("circle", cx=x, cy=y, r=1.7, fill=ACCENT)
    return drawing.svg()
