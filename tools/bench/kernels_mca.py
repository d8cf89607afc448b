"""Cycles of the inner loops on arm64 processors, as LLVM's models of them have
it: no measurement, and blind to caches.

    python tools/bench/kernels_mca.py JSON FILE.s...

Each FILE.s is a kernel, compiled for arm64. Of each function the innermost loop
with most multiply-adds is given to llvm-mca, as if its data lay in the first
cache; a loop with next to none is passed over.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

CPUS = ("neoverse-n1", "neoverse-v1", "neoverse-v2")
MCA = "llvm-mca-19"
ITERATIONS = 200
LEAST = 16  # multiply-adds of a turn
# Multiply-adds of one instruction.
WORK = (
    (re.compile(r"\s+sdot\s"), 16),
    (re.compile(r"\s+smmla\s"), 32),
    (re.compile(r"\s+sm(?:la|ul)l2?\s"), 8),
    (re.compile(r"\s+fml[as]\s+v\d+\.4s"), 4),
    (re.compile(r"\s+fmla\s+v\d+\.2d"), 2),
)
LABEL = re.compile(r"(\.L\w+):")
BRANCH = re.compile(r"\s+(?:b\.?[a-z]{2}|cbn?z|tbn?z)\s.*?(\.L\w+)$")
FUNCTION = re.compile(r"([a-z]\w*):")


def work(lines: list[str]) -> int:
    return sum(n for line in lines for form, n in WORK if form.match(line))


def functions(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if named := FUNCTION.match(line):
            lines = found[named[1]] = []
        elif LABEL.match(line) or re.match(r"\s+[a-z]", line):
            lines.append(line)
    return found


def inner_loop(lines: list[str]) -> list[str]:
    """The instructions of the loop with most multiply-adds that has no other
    loop in it."""
    best: list[str] = []
    at: dict[str, int] = {}
    last_end = -1
    for i, line in enumerate(lines):
        if label := LABEL.match(line):
            at[label[1]] = i
        branch = BRANCH.match(line)
        if branch and at.get(branch[1], -1) > last_end:
            body = [x for x in lines[at[branch[1]] : i + 1] if not LABEL.match(x)]
            last_end = i
            if work(body) > work(best):
                best = body
    return best


def cycles(body: list[str], cpu: str) -> float | None:
    """Of one turn; None where the processor does not know an instruction."""
    features = "+dotprod" + ("" if cpu == "neoverse-n1" else ",+i8mm")
    done = subprocess.run(
        [MCA, "-mtriple=aarch64", f"-mcpu={cpu}", f"-mattr={features}"]
        + [f"-iterations={ITERATIONS}"],
        input="\n".join(body), capture_output=True, text=True,
    )  # fmt: skip
    total = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
    return int(total[1]) / ITERATIONS if total and not done.returncode else None


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("usage: kernels_mca.py JSON FILE.s...", file=sys.stderr)
        return 2
    rows = []
    print("arm64, multiply-adds a cycle of inner loops (llvm-mca: a model, no measurement)")
    print(f"{'':44}" + "".join(f"{cpu:>14}" for cpu in CPUS))
    for path in map(Path, arguments[1:]):
        for name, lines in functions(path.read_text()).items():
            body = inner_loop(lines)
            if work(body) < LEAST:
                continue
            turns = {cpu: cycles(body, cpu) for cpu in CPUS}
            rates = {cpu: round(work(body) / c, 1) if c else None for cpu, c in turns.items()}
            shown = "".join(f"{'-' if r is None else r:>14}" for r in rates.values())
            print(f"{path.stem + ' ' + name:44}{shown}")
            rows.append({"name": f"{path.stem} {name}", "mac_per_cycle": rates})
    Path(arguments[0]).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
