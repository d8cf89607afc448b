"""Writes the golden files beside it: PYTHONPATH=tools python test/golden/generate.py

  good/*.mote   models that every reader takes         good.py, good_*.py
  bad/*.mote    files that every reader refuses        bad.py, bad_*.py
  cases.toml    what is expected of each, for people and Python
  cases.tsv     the same for C: file, status, field
  rows.tsv      what good files answer: file, "row" or "refused", the features
                of one row (of a text its ids), then each output of the plan (all of an output that
                has no batch); numbers as C's %a

The answers come from arithmetic.py, never from the engine. The same bytes come
out every time; with --check nothing is written and a difference fails.
"""

import sys
from pathlib import Path

import arithmetic_conv  # noqa: F401  registers its operators with arithmetic
import arithmetic_fixed  # noqa: F401  likewise
import arithmetic_table  # noqa: F401  likewise
import arithmetic_tensor  # noqa: F401  likewise
import arithmetic_trees  # noqa: F401  likewise
import arithmetic_vector  # noqa: F401  likewise
import bad_coded  # noqa: F401  registers its cases with bad
import bad_conv  # noqa: F401  likewise
import bad_fixed  # noqa: F401  likewise
import bad_jobs  # noqa: F401  likewise
import bad_plans  # noqa: F401  likewise
import bad_series  # noqa: F401  likewise
import bad_table  # noqa: F401  likewise
import bad_tensor  # noqa: F401  likewise
import bad_text  # noqa: F401  likewise
import bad_trees  # noqa: F401  likewise
import bad_vector  # noqa: F401  likewise
import good_coded  # noqa: F401  registers its models with good
import good_conv  # noqa: F401  likewise
import good_fixed  # noqa: F401  likewise
import good_series  # noqa: F401  likewise
import good_table  # noqa: F401  likewise
import good_tensor  # noqa: F401  likewise
import good_text  # noqa: F401  likewise
import good_trees  # noqa: F401  likewise
import good_vector  # noqa: F401  likewise
import numpy as np
from arithmetic import answer
from bad import BAD, UNKNOWN, forged
from forge import Forge
from good import MODELS, Golden

from mote import file

HERE = Path(__file__).resolve().parent
HEAD = "# written by test/golden/generate.py\n"
STATUS = {"format": "FORMAT", "version": "VERSION", "unknown": "UNKNOWN", "damaged": "DAMAGED"}


def with_unknown_section(blob: bytes) -> bytes:
    """A section that may be skipped."""
    f = Forge(blob)
    f.append_sections((UNKNOWN, 0, b"something of a later version"))
    f.sign()
    return bytes(f.bytes)


def of_newer_writer(blob: bytes) -> bytes:
    """A later version of the format that this reader may still read."""
    f = Forge(blob)
    f.put("header", 8, "HH", 2, 1)
    f.sign()
    return bytes(f.bytes)


VARIANTS = {
    "unknown_section": ("linear", with_unknown_section),
    "newer_writer": ("linear", of_newer_writer),
}


def hexes(numbers) -> str:
    """Numbers as C's strtod reads them, to the bit."""
    return " ".join(float(x).hex() for x in numbers)


def per_row(v: file.PlacedValue) -> bool:
    return v.dims[:1] == (file.SYMBOL,)


def row_lines(path: str, golden: Golden) -> list[str]:
    plan = golden.file.plans[golden.file.main]
    values = [plan.values[v] for v in plan.outputs]
    outputs = list(zip(answer(golden.file, golden.rows), values, strict=True))
    lines = []
    for i, row in enumerate(golden.rows):
        answers = [hexes(np.ravel(o[i] if per_row(v) else o)) for o, v in outputs]
        lines.append("\t".join([path, "row", hexes(row), *answers]))
    lines += ["\t".join([path, "refused", hexes(row)]) for row in golden.refused]
    return lines


def quoted(text: str) -> str:
    return f'"{text}"'


def table(path: str, **entries: str) -> str:
    lines = [f"[{quoted(path)}]"] + [f"{k} = {quoted(v)}" for k, v in entries.items() if v]
    return "\n".join(lines) + "\n"


def build() -> dict[str, bytes]:
    """All files by their path from here."""
    files, toml, tsv, rows = {}, [], [], []
    goldens = {name: make() for name, make in MODELS.items()}
    blobs = {name: g.file.to_bytes(g.provenance) for name, g in goldens.items()}
    for name, (base, change) in VARIANTS.items():
        goldens[name], blobs[name] = goldens[base], change(blobs[base])

    for name, blob in blobs.items():
        path = f"good/{name}.mote"
        files[path] = blob
        summary = (MODELS[name] if name in MODELS else VARIANTS[name][1]).__doc__
        toml.append(table(path, about=" ".join(summary.split())))
        tsv.append(f"{path}\tMOTE_OK\t-")
        rows += row_lines(path, goldens[name])
    for name, case in BAD.items():
        path = f"bad/{name}.mote"
        files[path] = forged(case, blobs[case.base])
        toml.append(
            table(path, base=f"good/{case.base}.mote", kind=case.kind, section=case.section)
        )
        tsv.append(f"{path}\tMOTE_E_{STATUS[case.kind]}\t{case.section}")
    files["cases.toml"] = (HEAD + "\n" + "\n".join(toml)).encode()
    files["cases.tsv"] = (HEAD + "\n".join(tsv) + "\n").encode()
    files["rows.tsv"] = (HEAD + "\n".join(rows) + "\n").encode()
    return files


def on_disk() -> dict[str, bytes]:
    paths = [*HERE.glob("*/*.mote"), *HERE.glob("*.tsv"), *HERE.glob("*.toml")]
    return {str(p.relative_to(HERE)): p.read_bytes() for p in paths}


def main() -> int:
    files, old = build(), on_disk()
    changed = sorted(p for p in files.keys() | old.keys() if files.get(p) != old.get(p))
    if "--check" in sys.argv:
        for path in changed:
            print(f"{path}: not what test/golden/generate.py writes; run it", file=sys.stderr)
        return 1 if changed else 0
    for path in changed:
        place = HERE / path
        if path in files:
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(files[path])
        else:
            place.unlink()
    print(f"{len(files)} files, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
