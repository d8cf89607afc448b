"""Puts what `make bench-compress` measured into one JSON file and one picture.

    python tools/bench/compress_report.py FOLDER [PROGRAM]

reads and writes FOLDER/compress.json (compress.c wrote it), writes
FOLDER/compress.svg and prints from which speed of loading on the codec costs
time. PROGRAM is compress_count.c for arm64: its instructions for a decoded byte
are counted under qemu-user.
"""

import json
import sys
from pathlib import Path

from drawing import OURS, PALE, PEER, WIDTH, bar, picture, text
from kernels_arm64 import of_one_run

LABEL, BAR, LINE = 250, 330, 22
SHOWN = {"HUFPAIR(4)": OURS, "HUF8": OURS, "BYTES": OURS, "zstd -1": PEER, "zstd -19": PEER}
PEERS = ("zstd -1", "zstd -3", "zstd -19")
# Mode, bits, name: what is counted on arm64, and of how many bytes
COUNTED = [
    (3, 8, "HUFPAIR(4)"),
    (3, 6, "HUFPAIR(2)"),
    (2, 8, "HUF8"),
    (1, 6, "PLANES(2)"),
    (5, 16, "BYTES"),
]
COUNTED_BYTES = 3 * 16384


def break_even(row: dict) -> float:
    """MB/s of loading up to which coded bytes arrive, and are decoded, before the
    bytes themselves would have: compressed / B + 1 / D = 1 / B."""
    return (1 - row["ratio"]) * row["decode_mb_s"]


def by_name(rows: list[dict]) -> dict[str, dict[str, dict]]:
    sets: dict[str, dict[str, dict]] = {}
    for row in rows:
        sets.setdefault(row["name"], {})[row["codec"]] = row
    return sets


def compare(sets: dict) -> list[dict]:
    """HUFPAIR(4) and HUF8, or BYTES, against zstd -1, in speed and in points of ratio."""
    return [
        {
            "name": name,
            "codec": codec,
            "times_zstd_1": round(of[codec]["decode_mb_s"] / of["zstd -1"]["decode_mb_s"], 2),
            "points_above_zstd_1": round(100 * (of[codec]["ratio"] - of["zstd -1"]["ratio"]), 2),
        }
        for name, of in sets.items()
        for codec in ("HUFPAIR(4)", "HUF8", "BYTES")
        if codec in of
    ]


def print_table(sets: dict, against: list[dict]) -> None:
    shown = ["HUFPAIR(4)", "HUFPAIR(2)", "HUF8", "BYTES", *PEERS, "lz4 -9"]
    print("\nbreak-even: MB/s of loading below which decoding pays (0: it never does)")
    print(f"{'':26}" + "".join(f"{codec:>12}" for codec in shown))
    for name, of in sets.items():
        values = [f"{max(break_even(of[c]), 0):.0f}" if c in of else "" for c in shown]
        print(f"{name:26}" + "".join(f"{v:>12}" for v in values))
    print("\nagainst zstd -1: times as fast, percentage points of ratio above it")
    for a in against:
        print(
            f"{a['name']:26}{a['codec']:>12}{a['times_zstd_1']:9.2f} x"
            f"{a['points_above_zstd_1']:+9.2f}"
        )


def count(program: str) -> list[dict]:
    print("\narm64, instructions for a decoded byte (a model, no measurement)")
    rows = []
    for mode, bits, name in COUNTED:
        command = [program, str(mode), str(bits)]
        n = of_one_run(command, "neoverse-n1") / COUNTED_BYTES
        print(f"{name:26}{n:12.2f}", flush=True)
        rows.append({"codec": name, "instructions_per_byte": round(n, 3)})
    return rows


def draw(sets: dict, libraries: str) -> str:
    """For each set of weights the speed of two modes and of zstd."""
    fastest = max(of[c]["decode_mb_s"] for of in sets.values() for c in SHOWN if c in of)
    out = [
        text(16, 24, "Decoding int8 weights, one core, GB/s of decoded bytes", size=15),
        bar(16, 36, 10, 10, OURS) + text(32, 45, "mote", PALE),
        bar(84, 36, 10, 10, PEER) + text(100, 45, libraries, PALE),
        text(WIDTH - 16, 45, "GB/s; coded size in parts of the weights'", PALE, "end"),
    ]
    y = 60
    for name, of in sets.items():
        for codec, color in SHOWN.items():
            if codec not in of:
                continue
            speed, ratio = of[codec]["decode_mb_s"], of[codec]["ratio"]
            out += [
                text(LABEL - 8, y + 13, f"{name}, {codec}", anchor="end"),
                bar(LABEL, y + 3, BAR * speed / fastest, 12, color),
                text(WIDTH - 16, y + 13, f"{speed / 1000:.2f}    {ratio:.3f}", anchor="end"),
            ]  # fmt: skip
            y += LINE
        y += LINE / 2
    return picture(y + 8, out)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: compress_report.py FOLDER [PROGRAM]", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    report = json.loads((folder / "compress.json").read_text())
    for row in report["rows"]:
        row["break_even_mb_s"] = round(break_even(row), 1)
    sets = by_name(report["rows"])
    report["against zstd -1"] = compare(sets)
    print_table(sets, report["against zstd -1"])
    if len(arguments) == 2:
        report["arm64, instructions for a decoded byte, a model"] = count(arguments[1])
    (folder / "compress.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "compress.svg").write_text(draw(sets, f"zstd {report['zstd']}"))
    print(f"\n{folder}/compress.json, {folder}/compress.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
