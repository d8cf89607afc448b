"""Adds to what `make bench-tls` measured what can only be counted.

    python tools/bench/tls_report.py JSON COUNT-PROGRAM SIZES...

JSON: tools/bench/tls.c wrote it. COUNT-PROGRAM is tls_count.c for arm64: its
instructions for a byte of AES-GCM are counted under qemu-user. SIZES are pairs
of executables, the second with TLS in it and the first the same without.
"""

import json
import sys
from pathlib import Path

from kernels_arm64 import of_one_run

RECORD = 16384
CPU = "neoverse-n1"


def instructions(program: str) -> list[dict]:
    """Instructions a byte, of whole records with their tags."""
    rows = []
    print(f"\nAES-GCM on arm64, instructions a byte ({CPU}, counted, no measurement)")
    for bits in ("128", "256"):
        ours, portable = (
            of_one_run([program, bits, which], CPU) / RECORD for which in ("ours", "portable")
        )
        print(f"AES-{bits}-GCM {ours:14.2f}, portable {portable:.1f}")
        rows.append({"name": f"AES-{bits}-GCM", "ours": ours, "portable": portable})
    return rows


def growth(pairs: list[str]) -> list[dict]:
    """Bytes that TLS adds to an executable."""
    rows = []
    print("\nbytes of a function's executable")
    for plain, tls in zip(pairs[::2], pairs[1::2]):
        sizes = [Path(p).stat().st_size for p in (plain, tls)]
        print(f"{plain}: {sizes[0]:,}, with TLS {sizes[1]:,}: {sizes[1] - sizes[0]:,} more")
        rows.append({"executable": plain, "bytes": sizes[0], "tls_bytes": sizes[1] - sizes[0]})
    return rows


def main(arguments: list[str]) -> int:
    if len(arguments) < 4 or len(arguments) % 2:
        print("usage: tls_report.py JSON COUNT-PROGRAM PLAIN TLS ...", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    results = json.loads(path.read_text())
    results["arm64"] = instructions(arguments[1])
    results["sizes"] = growth(arguments[2:])
    path.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
