"""Pictures of a report, as SVG inside the page. Colours are classes, which the
page's style sets for light and dark."""

import math
from html import escape

WIDTH = 960
COLOURS = 6  # classes c0 to c5
LETTER = 7.2  # pixels of a letter in a picture, about


def svg(height: float, label: str, parts: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def rect(x: float, y: float, w: float, h: float, kind: str, title: str) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" class="{kind}">'
        f"<title>{escape(title)}</title></rect>"
    )


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" class="{kind}"/>'


def shares(parts: list[tuple[str, int]], label: str) -> str:
    """One bar, divided as the parts are."""
    total = sum(n for _, n in parts) or 1
    drawn, x = [], 0.0
    for i, (name, n) in enumerate(parts):
        w = WIDTH * n / total
        drawn.append(rect(x, 0, w, 40, f"c{i % COLOURS}", f"{name}: {n} bytes, {n / total:.1%}"))
        if len(name) * LETTER < w - 8:
            drawn.append(text(x + 4, 25, name))
        x += w
    return svg(40, label, drawn)


def memory(plan: dict) -> str:
    """Steps from left to right, offsets from top to bottom: a rectangle for
    each value, as long as it is alive and as high as it has bytes."""
    left, top, height = 70, 8, 300
    columns = plan["steps"] + 2  # inputs before the first step, outputs after the last
    step, scale = (WIDTH - left) / columns, height / max(1, plan["arena"])
    drawn = [
        text(left - 6, top + 12, "0", "end"),
        text(left - 6, top + height, f"{plan['arena']}", "end"),
        line(left, top, left, top + height, "axis"),
        line(left, top + height, WIDTH, top + height, "axis"),
    ]
    for i, v in enumerate(plan["values"]):
        x = left + (v["begin"] + 1) * step
        w = (v["end"] - v["begin"] + 1) * step
        y, h = top + v["offset"] * scale, max(1.0, v["bytes"] * scale)
        name = f"v{v['value']} {v['shape']}"
        more = (
            f"{name}, {v['written_by']}: {v['bytes']} bytes at {v['offset']}, "
            f"steps {v['begin']} to {v['end']}"
        )
        drawn.append(rect(x, y, w, h, f"c{i % COLOURS} value", more))
        label = name if len(name) * LETTER < w - 6 else f"v{v['value']}"
        if h >= 14 and len(label) * LETTER < w - 6:
            drawn.append(text(x + 4, y + min(h / 2 + 5, 16), label))
    if step >= 24:
        for i in range(plan["steps"]):
            drawn.append(text(left + (i + 1.5) * step, top + height + 18, str(i), "middle"))
    return svg(top + height + 28, f"memory of plan {plan['plan']} over its steps", drawn)


def errors(percentiles: list[tuple[str, float]], limits: dict[str, float]) -> str:
    """Errors on a logarithmic axis, and the limits of some of them."""
    values = [v for _, v in percentiles if v > 0] + [v for v in limits.values() if v > 0]
    if not values:
        return ""
    low = math.floor(math.log10(min(values))) - 1
    high = math.ceil(math.log10(max(values))) + 0.5
    left, row = 70, 26

    def at(v: float) -> float:
        return left + (WIDTH - left - 10) * (math.log10(v) - low) / (high - low)

    drawn = []
    for power in range(low, math.floor(high) + 1, max(1, (math.floor(high) - low) // 8)):
        x, bottom = at(10.0**power), row * len(percentiles)
        drawn += [line(x, 0, x, bottom, "grid"), text(x, bottom + 16, f"1e{power}", "middle")]
    for i, (name, v) in enumerate(percentiles):
        drawn.append(text(left - 8, row * i + 18, name, "end"))
        if v > 0:
            drawn.append(rect(left, row * i + 4, at(v) - left, row - 8, "c0", f"{name}: {v:.3g}"))
        if limits.get(name):
            x = at(limits[name])
            drawn.append(line(x, row * i, x, row * i + row, "limit"))
    return svg(row * len(percentiles) + 24, "errors and their limits", drawn)
