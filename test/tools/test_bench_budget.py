"""What a cold start of iris costs, to the number, so that nothing grows unseen:
bench_budget.json is what it was, and more than 3 % above it fails. Who spends
more on purpose, or less, writes the new number there, and says why.

instructions   before the first GET next, by callgrind, with 30 variables set
page_faults    of those starts that have fewest, beyond the floor program's
bytes          of the executable
chunks         of 512 KiB that were read from a copy forgotten by the page cache
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import coldstart_chunks as chunks
import pytest
from conftest import ROOT
from test_cost import FLOOR, IRIS, until_next

BUDGET = json.loads((Path(__file__).parent / "bench_budget.json").read_text())
GROWTH = 1.03
STARTS = 25
DRIVER = ROOT / "build/host/coldstart"


def instructions(folder: Path) -> int:
    out = folder / "callgrind"
    env = {f"AWS_VARIABLE_{i}": "some value of usual length" for i in range(30)}
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"{IRIS}.full"]
    until_next(command, env=env, stderr=subprocess.DEVNULL)
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)[1])


def fewest_faults(program: Path) -> int:
    """Of many starts: now and then one has a fault more."""
    usages = [until_next([program]) for _ in range(STARTS)]
    return min(u.ru_minflt + u.ru_majflt for u in usages)


def chunks_read(folder: Path) -> int:
    program = shutil.copy(IRIS, folder / "bootstrap")
    os.sync()  # a page that waits to be written is not forgotten
    event, listed, plan = folder / "event", folder / "files", folder / "plan"
    event.write_text("[5.1,3.5,1.4,0.2]")
    listed.write_text(f"{program}\n")
    plan.write_text("\t".join(["iris", "/", str(event), str(listed), str(program)]) + "\n")
    command = [DRIVER, "-s", "-m", "-n", "1", "-w", "0", plan]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ranges = re.search(r"^iris\tresident\t\S+\t(.*)$", done.stdout, re.M)[1].split("\t")
    pages = {str(program): [tuple(map(int, r.split("-"))) for r in ranges]}
    return chunks.touched({str(program): IRIS.stat().st_size}, pages)


MEASURES = {
    "instructions": instructions,
    "page_faults": lambda _: fewest_faults(IRIS) - fewest_faults(FLOOR),
    "bytes": lambda _: IRIS.stat().st_size,
    "chunks": chunks_read,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_iris_costs_no_more_than_it_did(measure, tmp_path):
    machine = os.uname().machine
    if machine not in BUDGET:
        pytest.skip(f"no budget was measured on {machine}")
    now, was = MEASURES[measure](tmp_path), BUDGET[machine]["iris"][measure]
    print(f"{measure}: {now}, budget {was}")
    assert 0 < now <= was * GROWTH, f"{measure} grew from {was} to {now}, by more than 3 %"
