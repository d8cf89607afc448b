"""Puts what `make bench-kernels` measured into one JSON file and one picture.

    python tools/bench/kernels_report.py FOLDER

reads FOLDER/models.json (kernels_models.c), FOLDER/products.txt (kernels.c),
FOLDER/machine.txt (kernels_machine.c), FOLDER/arm64.json (kernels_arm64.py) and
FOLDER/inner.json (kernels_mca.py),
writes FOLDER/kernels.json and FOLDER/kernels.svg.
"""

import json
import re
import sys
from pathlib import Path

from drawing import OURS, PALE, PEER, WIDTH, bar, picture, text

# Multiply-adds a cycle of one core, where kernels_machine.c measures none.
PEAKS = {"dense_s8 dotprod": 32, "dense_s8 i8mm": 128, "dense_f32 neon": 8}
# What no arm64 processor was asked.
MODELLED = {
    "arm64.json": "arm64, instructions of one run, a model",
    "inner.json": "arm64, multiply-adds a cycle of inner loops, a model",
}
LABEL, BAR, LINE = 230, 460, 22


def read_products(path: Path) -> list[dict]:
    """Lines of kernels.c: a name, microseconds, and how much in a second."""
    if not path.exists():
        return []
    line = re.compile(r"(.+?)\s+([\d.]+) us\s+([\d.]+) (\S+)$")
    found = (line.match(text) for text in path.read_text().splitlines())
    return [
        {"name": m[1], "ours_us": float(m[2]), "rate": float(m[3]), "unit": m[4]}
        for m in found
        if m
    ]


def read_machine(path: Path) -> dict[str, float]:
    """Lines of kernels_machine.c: a name, a value, a unit."""
    if not path.exists():
        return {}
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: float(value) for name, value, _ in rows}


def add_limits(products: list[dict], machine: dict[str, float]) -> None:
    """Beside each product what the core could do: its peak, and for one row
    at a time, where each weight is used once, what it can read: a byte for
    each multiply-add, and a scale and an offset of 4 bytes for each column."""
    for p in products:
        kernel = " ".join(p["name"].split()[:2])
        peak = machine.get(kernel.replace(" ", "_"))
        if peak is None and kernel in PEAKS and "clock" in machine:
            peak = PEAKS[kernel] * machine["clock"]
        if peak is not None:
            p["peak"] = round(peak, 1)
            p["of_peak"] = round(p["rate"] / p["peak"], 3)
        size = re.search(r" 1x(\d+)x\d+, (\d+) KB", p["name"])
        if size and f"read_{size[2]}_KB" in machine:
            p["bandwidth"] = machine[f"read_{size[2]}_KB"]
            read = p["rate"] * (1 + 8 / int(size[1]))
            p["of_bandwidth"] = round(read / p["bandwidth"], 3)


def print_limits(products: list[dict]) -> None:
    for p in products:
        if "peak" in p:
            line = f"{p['name']:44} {p['rate']:7.1f} {p['unit']}, {p['of_peak']:4.0%} of peak"
            if "bandwidth" in p:
                line += f", {p['of_bandwidth']:4.0%} of {p['bandwidth']:.0f} GB/s"
            print(line)


def short(us: float) -> str:
    return f"{us:,.0f}" if us >= 100 else f"{us:.3g}"


def draw(peer: str, rows: list[dict]) -> str:
    """For each model two bars: times of both, as parts of the longer one."""
    rows = [r for r in rows if "peer_us" in r]
    height = 64 + LINE * len(rows) + 16
    out = [
        text(16, 24, f"One request, one thread: mote and {peer}", size=15),
        bar(16, 36, 10, 10, OURS) + text(32, 45, "mote", PALE),
        bar(84, 36, 10, 10, PEER) + text(100, 45, f"{peer}, its faster precision", PALE),
        text(WIDTH - 16, 45, "times faster; microseconds of both", PALE, "end"),
    ]
    for i, r in enumerate(rows):
        y, longest = 60 + LINE * i, max(r["ours_us"], r["peer_us"])
        out += [
            text(LABEL - 8, y + 13, r["name"], anchor="end"),
            bar(LABEL, y + 2, BAR * r["ours_us"] / longest, 8, OURS),
            bar(LABEL, y + 11, BAR * r["peer_us"] / longest, 6, PEER),
            text(
                WIDTH - 16, y + 13,
                f"{r['ratio']:.2f} x    {short(r['ours_us'])} / {short(r['peer_us'])}",
                anchor="end",
            ),
        ]  # fmt: skip
    return picture(height, out)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: kernels_report.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    report = json.loads((folder / "models.json").read_text())
    report["machine"] = read_machine(folder / "machine.txt")
    report["products"] = read_products(folder / "products.txt")
    add_limits(report["products"], report["machine"])
    print_limits(report["products"])
    for name, title in MODELLED.items():
        report[title] = json.loads((folder / name).read_text())
    (folder / "kernels.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "kernels.svg").write_text(draw(report["peer"], report["rows"]))
    print(f"{folder}/kernels.json, {folder}/kernels.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
