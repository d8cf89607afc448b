"""What `make bench-coldstart` shows: a table, coldstart.json, and a picture of
distributions; and the README's table, of the file of an earlier run:

    python3 tools/bench/coldstart_report.py build/bench/coldstart.json README.md

Of two runs, how far apart their ratios are; ends with 1 where one is more than
15 %:

    python3 tools/bench/coldstart_report.py --compare one.json other.json
"""

import json
import math
import sys
from pathlib import Path

import drawing
from coldstart_chunks import percentile

MARKS = ("<!-- bench: begin -->", "<!-- bench: end -->")
LEFT, RIGHT, ROW = 150, 700, 26
SPREAD = 0.15  # of a ratio, between two runs on one machine
POINTS = 120  # of a distribution's outline


def number(value: float | None, digits: int = 3) -> str:
    """With so many significant digits; a dash for what was not measured."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0 or abs(value) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"


def size(count: int | None) -> str:
    if count is None:
        return "-"
    for unit, scale in (("MB", 1e6), ("KB", 1e3)):
        if count >= scale:
            return f"{number(count / scale)} {unit}"
    return f"{count} B"


def median(row: dict, measure: str) -> float | None:
    return row[measure]["p50"] if row.get(measure) else None


def image_start(row: dict, mix: str) -> float | None:
    """Milliseconds, as the contestant does it: serial unless it fetches ahead."""
    found = row.get("image_start_ms")
    return (found[mix]["prefetch"] or found[mix]["serial"])["p50"] if found else None


# heading, and the cell of a row
COLUMNS = (
    ("", lambda r: r["name"]),
    ("to next, ms", lambda r: spread(r, "spawn_to_next_ms")),
    ("to reply, ms", lambda r: spread(r, "spawn_to_first_reply_ms")),
    ("warm, us", lambda r: spread(r, "event_to_reply_us")),
    ("disk, ms", lambda r: number(median(r, "cold_reply_ms"))),
    ("128 MB, us", lambda r: number(median(r, "throttled_reply_us"))),
    ("x free", lambda r: number(r.get("throttled_against_unthrottled"))),
    ("stops", lambda r: number(r.get("throttled_periods"))),
    ("faults", lambda r: str(r["page_faults_before_next"])),
    ("instr.", lambda r: number(r["instructions_before_next"])),
    ("peak KiB", lambda r: str(r["peak_rss_kib"])),
    ("files", lambda r: number(r["files_opened"])),
    ("chunks", lambda r: number(r.get("chunks_touched"))),
    ("image, ms", lambda r: " ".join(number(image_start(r, m)) for m in ("fleet", "l2", "s3"))),
    ("zip", lambda r: size(r["zip_bytes"])),
    ("image", lambda r: size(r["image_bytes"])),
)


def spread(row: dict, measure: str) -> str:
    """The median and the 99th percentile."""
    return f"{number(row[measure]['p50'])} ({number(row[measure]['p99'])})"


def lines(cells: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells)]
    return [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths)))
        for r in cells
    ]


def table(found: dict) -> str:
    """For a terminal."""
    rows, machine = found["rows"], found["machine"]
    cells = [[heading for heading, _ in COLUMNS]]
    cells += [[cell(row) for _, cell in COLUMNS] for row in rows]
    text = [
        f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}, "
        f"load {machine['load_before']:.1f}; {machine['cold']}",
        f"up to {found['runs']} starts each, in turn; medians (99th percentiles). faults and "
        "instructions: before next. 128 MB: the first event under that share; x free: against one "
        "without; stops: periods in which",
        "it was stopped, the worst of the starts. image: simulated, fleet / zone's cache / S3",
        "",
        *lines(cells),
        "",
    ]
    for name, against in found["ratios"].items():
        for base, values in against.items():
            text.append(
                f"{name} {base.replace('_', ' ')}: to next {number(values['spawn_to_next_ms'])} x, "
                f"to first reply {number(values['spawn_to_first_reply_ms'])} x, "
                f"warm {number(values['event_to_reply_us'])} x"
            )
    few = [f"{r['name']} {r['starts']}" for r in rows if r["starts"] < found["runs"]]
    if few:
        text.append(f"fewer starts, because they are slow: {', '.join(few)}")
    for reason, names in reasons(found).items():
        text.append(f"not measured: {reason}: {', '.join(names)}")
    text += [f"skipped {s['name']}: {s['reason']}" for s in found["skipped"]]
    return "\n".join(text)


def reasons(found: dict) -> dict[str, list[str]]:
    by_reason: dict[str, list[str]] = {}
    for row in found["rows"]:
        for measure, reason in row["not_measured"].items():
            by_reason.setdefault(f"{measure}, {reason}", []).append(row["name"])
    return by_reason


# ------------------------------------------------------------------- the picture


def place(value: float, low: float, high: float) -> float:
    """On a logarithmic axis."""
    share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return LEFT + share * (RIGHT - LEFT)


def outline(values: list[float], low: float, high: float, base: float) -> str:
    """A curve of how dense the values lie, on that axis, over a base line."""
    logs = [math.log(v) for v in values]
    mean = sum(logs) / len(logs)
    sigma = math.sqrt(sum((v - mean) ** 2 for v in logs) / len(logs))
    # Silverman's rule, and never finer than a pixel
    step = (math.log(high) - math.log(low)) / (RIGHT - LEFT)
    width = max(1.06 * sigma * len(logs) ** -0.2, 1.5 * step)
    points = []
    for i in range(POINTS + 1):
        x = math.log(low) + i / POINTS * (math.log(high) - math.log(low))
        points.append(sum(math.exp(-0.5 * ((x - v) / width) ** 2) for v in logs))
    top = max(points) or 1
    at = [
        f"{LEFT + i / POINTS * (RIGHT - LEFT):.1f},{base - (ROW - 6) * p / top:.1f}"
        for i, p in enumerate(points)
    ]
    return f"{LEFT},{base:.1f} " + " ".join(at) + f" {RIGHT},{base:.1f}"


def panel(title: str, samples: dict[str, tuple[str, list[float]]], top: float) -> list[str]:
    """Distributions below each other. samples: kind and values by name."""
    every = [v for _, values in samples.values() for v in values]
    low, high = min(every) * 0.8, max(every) * 1.2
    bottom = top + 20 + ROW * len(samples)
    parts = [drawing.text(0, top, title, size=14)]
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        x = place(10.0**power, low, high)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top + 14}" y2="{bottom}" stroke="#e3e6e9"/>'
        )
        parts.append(drawing.text(x, bottom + 14, f"{10.0**power:g}", drawing.PALE, "middle"))
    for i, (name, (kind, values)) in enumerate(samples.items()):
        base = top + 20 + ROW * (i + 1) - 4
        color = drawing.OURS if kind == "self" else drawing.PEER
        half = place(percentile(sorted(values), 0.5), low, high)
        parts += [
            drawing.text(LEFT - 8, base - 4, name, anchor="end"),
            f'<polygon points="{outline(values, low, high, base)}" fill="{color}"/>',
            f'<line x1="{half:.1f}" x2="{half:.1f}" y1="{base - ROW + 6}" y2="{base}" '
            f'stroke="{drawing.INK}"/>',
            drawing.text(RIGHT + 8, base - 4, number(percentile(sorted(values), 0.5)), drawing.INK),
        ]
    return parts


def picture(rows: list[dict]) -> str:
    """Starts, and warm events: all of them, on logarithmic axes."""
    parts: list[str] = []
    top = 24.0
    for title, measure in (
        ("Spawn to first reply, ms (line and number: the median)", "spawn_to_first_reply_ms"),
        ("Event to reply, warm, us", "event_to_reply_us"),
    ):
        samples = {r["name"]: (r["kind"], r["samples"][measure]) for r in rows}
        parts += panel(title, samples, top)
        top += 20 + ROW * len(rows) + 50
    return drawing.picture(top, parts)


def write(found: dict, out: Path) -> None:
    """out.json, out.svg, and the table on standard output."""
    out.with_suffix(".svg").write_text(picture(found["rows"]))
    for row in found["rows"]:
        del row["samples"]
    out.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


# -------------------------------------------------------------------- the README


def against_floor(found: dict, row: dict) -> float:
    against = found["ratios"].get(row["name"], {}).get("against_floor")
    return against["spawn_to_first_reply_ms"] if against else 1


def readme(found: dict) -> list[str]:
    machine = found["machine"]
    text = [
        f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}; "
        f"{found['runs']} starts each, in turn, fewer of slow ones; medians (99th percentiles). "
        "x floor: of the starts of one round, the median. From disk: the page cache dropped. "
        "128 MB: the first event under that size's share of a core. Image: simulated by the chunk "
        "loader's published figures, chunks in the zone's cache.",
        "",
        "| | spawn to first reply, ms | x floor | warm, us | from disk, ms | 128 MB, ms | "
        "image, ms | chunks | peak memory | zip |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        share = median(row, "throttled_reply_us")
        cells = [
            row["name"],
            spread(row, "spawn_to_first_reply_ms"),
            number(against_floor(found, row)),
            spread(row, "event_to_reply_us"),
            number(median(row, "cold_reply_ms")),
            number(share / 1e3 if share is not None else None),
            number(image_start(row, "l2")),
            number(row.get("chunks_touched")),
            size(row["peak_rss_kib"] * 1024),
            size(row["zip_bytes"]),
        ]
        text.append("| " + " | ".join(cells) + " |")
    if found["skipped"]:
        names = "; ".join(f"{s['name']}: {s['reason']}" for s in found["skipped"])
        text += ["", f"Not in this run: {names}."]
    return text


def rewrite(page: str, found: dict) -> str:
    """The page with what is between the marks replaced. ValueError without them."""
    before, begin, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"expected {MARKS[0]} and {MARKS[1]}")
    return "\n".join([before + begin, "", *readme(found), "", end + after])


# ------------------------------------------------------------------- two runs


def differences(one: dict, other: dict) -> list[tuple[float, str]]:
    """Of each ratio that both runs have: by what part the larger is above the
    smaller, and its name with both; the farthest apart come first."""
    found = []
    for name, against in one["ratios"].items():
        for base, values in against.items():
            for measure, a in values.items():
                b = other["ratios"].get(name, {}).get(base, {}).get(measure)
                if b:
                    words = (
                        f"{name} {base.replace('_', ' ')}, {measure}: {number(a)} and {number(b)}"
                    )
                    found.append((max(a, b) / min(a, b) - 1, words))
    return sorted(found, reverse=True)


def compare(one: Path, other: Path) -> int:
    found = differences(json.loads(one.read_text()), json.loads(other.read_text()))
    for apart, words in found:
        print(f"{100 * apart:5.1f} %  {words}")
    far = sum(apart > SPREAD for apart, _ in found)
    print(f"{far} of {len(found)} ratios differ by more than {100 * SPREAD:.0f} %")
    return 1 if far or not found else 0


def main() -> None:
    if sys.argv[1:2] == ["--compare"]:
        sys.exit(compare(*map(Path, sys.argv[2:4])))
    found = json.loads(Path(sys.argv[1]).read_text())
    if all(row["kind"] != "peer" for row in found["rows"]):
        sys.exit(f"{sys.argv[1]}: expected a run beside peers: make bench-peers bench-coldstart")
    page = Path(sys.argv[2])
    page.write_text(rewrite(page.read_text(), found))


if __name__ == "__main__":
    main()
