"""What a run costs on arm64, without arm hardware: instructions, counted under
qemu-user for three processors.

    python tools/bench/kernels_arm64.py PROGRAM CASES JSON

PROGRAM is kernels_count.c for arm64. A count is no time, and is marked as a
model in the report: cores do 2 to 4 such instructions in a cycle where memory
keeps up.
"""

import json
import subprocess
import sys
from pathlib import Path

# With NEON alone, with sdot as Graviton2, with smmla as Graviton3 and later
CPUS = {"cortex-a72": "neon", "neoverse-n1": "sdot", "max": "smmla"}
# Cases that are counted in seconds
COUNTED = (" batch 1", " 16 tokens")


def instructions(command: list[str], cpu: str) -> int:
    """Of a whole program. qemu logs each block of instructions when it first
    meets it, and each time that it enters one."""
    log = subprocess.Popen(
        ["qemu-aarch64-static", "-cpu", cpu, "-d", "in_asm,exec,nochain"]
        + ["-D", "/dev/stdout", *command],
        stdout=subprocess.PIPE,
    )
    lengths: dict[bytes, int] = {}
    new = count = 0
    for line in log.stdout:
        if line.startswith(b"0x"):
            new += 1
        elif line.startswith(b"Trace"):
            block = line[9:25]  # where its translation lies
            if new:
                lengths[block], new = new, 0
            count += lengths[block]
    if log.wait():
        raise SystemExit(f"{' '.join(command)}: ended with {log.returncode} on {cpu}")
    return count


def of_one_run(command: list[str], cpu: str) -> int:
    """Of a command whose last argument, added here, says how often."""
    once, twice = (instructions([*command, str(n)], cpu) for n in (1, 2))
    return twice - once


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print("usage: kernels_arm64.py PROGRAM CASES JSON", file=sys.stderr)
        return 2
    program, cases, output = arguments
    rows = []
    print("arm64, instructions of one run (a model, no measurement)")
    print(f"{'':28}" + "".join(f"{cpu + ', ' + isa:>20}" for cpu, isa in CPUS.items()))
    for line in Path(cases).read_text().splitlines():
        name, mote, extents = line.split("\t")[:3]
        if not any(name.endswith(part) for part in COUNTED):
            continue
        counts = {cpu: of_one_run([program, mote, extents], cpu) for cpu in CPUS}
        print(f"{name:28}" + "".join(f"{n:20,}" for n in counts.values()), flush=True)
        rows.append({"name": name, "instructions": counts})
    Path(output).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
