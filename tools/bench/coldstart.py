"""Cold starts of mote and of what it is compared with: make bench-coldstart.

    python3 tools/bench/coldstart.py [--runs N] [--rounds N] [--peers LIST] [--model NAME] OUT

build/host/coldstart takes the times; this program says who starts, and counts
what times do not show: files, faults, instructions, chunks. Writes OUT.json and
OUT.svg and prints a table. What cannot be measured on this machine is null in
the file, with the reason in the row's not_measured. Needs nothing but Python.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import coldstart_chunks as chunks
import coldstart_contestants as contestants
import coldstart_report as report
from coldstart_contestants import ROOT, WORK, Contestant

DRIVER = ROOT / "build/host/coldstart"
VALGRIND_S = 15  # for one program
START_BUDGET, OTHER_BUDGET = 30, 8  # seconds for one contestant, of a pass
READAHEAD_KIB = 128  # what Linux has by default; larger ones hide a layout
# 128 of 1769 MB, of which one core is the share; the period is not documented
PERIOD_US, QUOTA_US = 20000, 1447
THROTTLED = (
    "throttled_reply_us",
    "unthrottled_reply_us",
    "throttled_against_unthrottled",
    "throttled_periods",
)
DISTRIBUTIONS = (
    "spawn_to_next_ms",
    "spawn_to_first_reply_ms",
    "event_to_reply_us",
    "first_event_to_reply_us",
)
COUNTS = ("page_faults_before_next", "page_faults", "peak_rss_kib", "threads", "all_cores")


class Cannot(Exception):
    """A reason why something is not measured here."""


# ------------------------------------------------------------------- the driver


def plan(entries: list[Contestant], files: bool = False, before=()) -> Path:
    """The file that tells the driver who starts. before: words in front of each
    command."""
    lines = []
    for c in entries:
        event = WORK / f"{c.name}.event"
        event.write_text(c.event)
        listed = WORK / f"{c.name}.files"
        settings = [f"{name}={value}" for name, value in c.settings.items()]
        command = [*before, *c.command] if before else c.command
        last = str(listed) if files and listed.exists() else "-"
        lines.append("\t".join([c.name, str(c.folder), str(event), last, *settings, *command]))
    path = WORK / "plan"
    path.write_text("\n".join(lines) + "\n")
    return path


def drive(*options: str) -> dict[str, dict]:
    """Samples by contestant and measure; and resident pages and the reply. A
    contestant that fails ends the run: what it said stands before."""
    done = subprocess.run([DRIVER, *options], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"coldstart: ended with status {done.returncode}; see above")
    found: dict[str, dict] = defaultdict(lambda: defaultdict(list))
    for line in done.stdout.splitlines():
        name, measure, *values = line.split("\t")
        if measure == "reply":
            found[name]["reply"] = "\t".join(values)
        elif measure == "resident":
            ranges = [tuple(map(int, r.split("-"))) for r in values[1:]]
            found[name].setdefault("resident", {})[values[0]] = ranges
        else:
            found[name][measure].append(float(values[0]))
    return found


def probe(entries: list[Contestant]) -> list[tuple[Contestant, str]]:
    """Those that do not start or do not answer, each with what went wrong."""
    failed = []
    for c in entries:
        done = subprocess.run(
            [DRIVER, "-s", "-n", "1", "-w", "1", plan([c])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["no reason given"]
            failed.append((c, said[0].removeprefix("coldstart: ")))
    return failed


# ------------------------------------------------------------------- the passes


def times(entries: list[Contestant], runs: int, rows: dict[str, dict]) -> None:
    """Starts and warm events; and that all of a family answer the same."""
    found = drive("-n", str(runs), "-b", str(START_BUDGET), plan(entries))
    for c in entries:
        samples, row = found[c.name], rows[c.name]
        for measure in DISTRIBUTIONS:
            row[measure] = chunks.summary(samples[measure])
        for measure in COUNTS:
            row[measure] = int(chunks.percentile(sorted(samples[measure]), 0.5))
        row["starts"] = len(samples["spawn_to_next_ms"])
        row["samples"] = {m: samples[m] for m in (*DISTRIBUTIONS[:3], "round")}
        row["reply"] = samples["reply"]
    compare(entries, rows)


def compare(entries: list[Contestant], rows: dict[str, dict]) -> None:
    """Ends the run where two of a family answer differently; "none" are those
    that answer a constant."""
    first: dict[str, tuple[str, object]] = {}
    for c in entries:
        answer = c.answer(rows[c.name].pop("reply"))
        rows[c.name]["answer"] = answer
        name, expected = first.setdefault(c.family, (c.name, answer))
        if c.family != "none" and not contestants.agree(expected, answer):
            sys.exit(f"coldstart: {name} answers {expected}, and {c.name} {answer}")


def opened(c: Contestant) -> list[str]:
    """Files that exist and were opened or executed up to the first reply, by
    their whole paths. Cannot without strace."""
    if not shutil.which("strace"):
        raise Cannot("strace is not installed")
    log = WORK / "strace"
    log.unlink(missing_ok=True)
    tracer = [shutil.which("strace"), "-f", "-qq", "-e", "trace=open,openat,execve", "-o", str(log)]
    done = subprocess.run(
        [DRIVER, "-s", "-n", "1", "-w", "0", plan([c], before=tracer)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode or not log.exists():
        raise Cannot(f"it does not start under strace: {done.stderr.strip()[:80]}")
    names = []
    for line in log.read_text(errors="replace").splitlines():
        call = re.search(r'(?:execve\(|open\(|openat\(AT_FDCWD, )"([^"]+)".*\) = \d', line)
        path = c.folder / call[1] if call else None
        if path and path.is_file() and not str(path).startswith(("/proc/", "/sys/", "/dev/")):
            names.append(str(path.resolve()))
    return names


def files(entries: list[Contestant], rows: dict[str, dict]) -> None:
    """Files opened, bytes of the packages, and a list of files for the cold
    starts."""
    for c in entries:
        row = rows[c.name]
        package, base = c.files(), contestants.sizes(c.base)
        try:
            names = opened(c)
            # the executable itself is started, not opened
            row["files_opened"] = len(set(names) - {str(Path(c.command[0]).resolve())})
        except Cannot as e:
            names, row["files_opened"] = [], None
            row["not_measured"]["files_opened"] = str(e)
        image = base | contestants.sizes([Path(n) for n in names]) | package
        row["image"] = image
        row["image_bytes"] = sum(image.values())
        row["zip_bytes"] = c.zip_bytes()
        # of the others nothing is read
        read = sorted({c.command[0], *names} if names else image)
        (WORK / f"{c.name}.files").write_text("\n".join(read) + "\n")


@contextmanager
def small_readahead(folder: Path = WORK) -> Iterator[str]:
    """The readahead of the disk that a folder lies on as Linux has it by default,
    and put back; what was the case, in words."""
    device = os.stat(folder).st_dev
    block = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    setting = next(
        (
            p
            for p in (block / "queue/read_ahead_kb", block.parent / "queue/read_ahead_kb")
            if p.exists()
        ),
        None,
    )
    if setting is None or not os.access(setting, os.W_OK):
        yield "readahead as the machine has it"
        return
    before = setting.read_text()
    setting.write_text(str(READAHEAD_KIB))
    try:
        yield f"readahead {READAHEAD_KIB} KiB"
    finally:
        setting.write_text(before)


def cold(entries: list[Contestant], rounds: int, rows: dict[str, dict]) -> str:
    """Starts from the disk, chunks touched, and what an image start would cost."""
    drops = os.access("/proc/sys/vm/drop_caches", os.W_OK)
    with small_readahead() as words:
        found = drive(
            *("-m", "-s", "-n", str(rounds), "-w", "0", "-b", str(OTHER_BUDGET)),
            *(("-d",) if drops else ()),
            plan(entries, files=True),
        )
    for c in entries:
        row, samples = rows[c.name], found[c.name]
        image = row.pop("image")
        resident = samples.get("resident", {})
        if not drops:
            why = "/proc/sys/vm/drop_caches cannot be written"
            for measure in ("cold_next_ms", "cold_reply_ms", "chunks_touched", "image_start_ms"):
                row[measure] = None
                row["not_measured"][measure] = why
            continue
        row["cold_next_ms"] = chunks.summary(samples["spawn_to_next_ms"])
        row["cold_reply_ms"] = chunks.summary(samples["spawn_to_first_reply_ms"])
        row["cold_starts"] = len(samples["spawn_to_next_ms"])
        row["chunks_touched"] = chunks.touched(image, resident)
        row["pages_touched"] = sum(b - a for ranges in resident.values() for a, b in ranges)
        row["image_start_ms"] = chunks.simulate(row["chunks_touched"], c.prefetches)
    return f"page cache dropped, {words}" if drops else "page cache not dropped"


@contextmanager
def control_group(limited: bool) -> Iterator[Path]:
    """One for processor time, of version 1 or 2: the share of a function of 128 MB,
    or all that there is. Cannot where none can be made."""
    first, second = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    name = f"mote-bench-{os.getpid()}-{'limited' if limited else 'free'}"
    old = (first / "cpu.cfs_quota_us").exists()
    group = (first if old else second) / name
    try:
        if not old:
            (second / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
    except OSError as e:
        raise Cannot(f"no control group can be made: {e.strerror}") from None
    try:
        if old:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(QUOTA_US if limited else -1))
        else:
            (group / "cpu.max").write_text(f"{QUOTA_US if limited else 'max'} {PERIOD_US}")
        yield group
    except OSError as e:
        raise Cannot(f"the control group takes no CPU share: {e.strerror}") from None
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)


def throttled(entries: list[Contestant], rounds: int, rows: dict[str, dict]) -> None:
    """The first event under the share, which holds from the call of next on; and
    the same, in turn, in a group without a limit: moving a process, and the pause
    before it, change times on their own."""
    options = ("-s", "-n", str(rounds), "-w", "0", "-b", str(2 * OTHER_BUDGET))
    try:
        with control_group(limited=True) as share, control_group(limited=False) as free:
            found = drive(*options, "-l", str(share), "-f", str(free), plan(entries))
    except Cannot as e:
        for row in rows.values():
            row |= dict.fromkeys(THROTTLED)
            row["not_measured"]["throttled_reply_us"] = str(e)
        return
    for c in entries:
        share, free = (found[c.name][m] for m in ("limited_reply_us", "free_reply_us"))
        ratio = statistics.median(a / b for a, b in zip(share, free, strict=True))
        stops = int(max(found[c.name]["limited_periods"]))
        times = chunks.summary(share), chunks.summary(free)
        rows[c.name] |= zip(THROTTLED, (*times, round(ratio, 3), stops))


def valgrind_count(c: Contestant) -> int:
    """Instructions up to the first next, as callgrind counts them, with the
    kernels that its own processor gets."""
    out = WORK / "callgrind"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(VALGRIND_S)
        api = "127.0.0.1:%d" % listener.getsockname()[1]
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *c.command],
            cwd=c.folder,
            env=c.settings | {"AWS_LAMBDA_RUNTIME_API": api, "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(VALGRIND_S)
                connection.recv(65536)
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=VALGRIND_S)
        except (TimeoutError, subprocess.TimeoutExpired):
            raise Cannot(f"no start under valgrind within {VALGRIND_S} s") from None
        finally:
            process.kill()
            process.wait()
    count = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)
    if not count or int(count[1]) == 0:
        raise Cannot("valgrind counts none of it")
    return int(count[1])


def instructions(entries: list[Contestant], rows: dict[str, dict]) -> None:
    """By the processor's counter, in a pass of its own; and where there is none,
    of programs with one thread, by valgrind."""
    done = subprocess.run([DRIVER, "-i"], capture_output=True, text=True, check=False)
    counter = done.returncode == 0
    found = drive("-i", "-s", "-n", "5", "-w", "0", plan(entries)) if counter else {}
    for c in entries:
        row = rows[c.name]
        row["instructions_before_next"] = row["instructions_by"] = None
        try:
            if counter:
                counted = sorted(found[c.name]["instructions_before_next"])
                row["instructions_before_next"] = int(chunks.percentile(counted, 0.5))
                row["instructions_by"] = "perf_event_open"
            elif row["threads"] > 1 or c.base:
                raise Cannot(
                    f"{done.stderr.strip()}; and valgrind is not for interpreters or threads"
                )
            elif not shutil.which("valgrind"):
                raise Cannot(f"{done.stderr.strip()}, and valgrind is not installed")
            else:
                row["instructions_before_next"] = valgrind_count(c)
                row["instructions_by"] = "valgrind"
        except Cannot as e:
            row["not_measured"]["instructions_before_next"] = str(e)


# ---------------------------------------------------------------------- all of it


def machine(conditions: str) -> dict:
    """What the numbers were measured on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "arch": platform.machine(),
        "processor": model[1] if model else "",
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "load_before": os.getloadavg()[0],
        "cold": conditions,
        **contestants.versions(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


RATIOS = ("spawn_to_next_ms", "spawn_to_first_reply_ms", "event_to_reply_us")


def by_round(row: dict, measure: str) -> dict[float, float]:
    """The start of each round: its sample, or the median of its samples."""
    rounds, samples = row["samples"]["round"], row["samples"][measure]
    each = len(samples) // len(rounds)
    return {r: statistics.median(samples[i * each : (i + 1) * each]) for i, r in enumerate(rounds)}


def ratio(row: dict, base: dict, measure: str) -> float:
    """The median over the rounds of both: what disturbs the machine meets the
    starts of a round alike."""
    ours, theirs = by_round(row, measure), by_round(base, measure)
    return round(statistics.median(ours[r] / theirs[r] for r in ours if r in theirs), 3)


def ratios(rows: list[dict]) -> dict:
    """Each row against the floor, and each peer against iris."""
    by_name = {row["name"]: row for row in rows}
    found: dict[str, dict] = {}
    for against in ("floor", "iris"):
        base = by_name.get(against)
        for row in rows if base else []:
            wanted = row["kind"] != "floor" if against == "floor" else row["kind"] == "peer"
            if wanted:
                found.setdefault(row["name"], {})[f"against_{against}"] = {
                    m: ratio(row, base, m) for m in RATIOS
                }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the file to write, without .json")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=15, help="from the disk, and throttled")
    parser.add_argument("--peers", default=" ".join(contestants.MAKERS), help="by name; none: ''")
    parser.add_argument("--model", default="", help="this one and the floor alone")
    parser.add_argument("--event", help="of --model")
    args = parser.parse_args()
    began = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    found = contestants.selves(args.model, args.event)
    found += [] if args.model else contestants.peers(args.peers.split())
    skipped = [{"name": c[0], "reason": c[1]} for c in found if isinstance(c, tuple)]
    entries = [c for c in found if isinstance(c, Contestant)]
    for c, why in probe(entries):
        if c.kind != "peer":
            sys.exit(f"coldstart: {c.name}: {why}")
        skipped.append({"name": c.name, "reason": why})
        entries.remove(c)
    rows: dict[str, dict] = {
        c.name: {
            "name": c.name,
            "kind": c.kind,
            "init": c.init or None,
            "note": c.note,
            "not_measured": {},
        }
        for c in entries
    }
    for step, work in (
        ("files and packages", lambda: files(entries, rows)),
        (f"{args.runs} starts of each", lambda: times(entries, args.runs, rows)),
        ("instructions", lambda: instructions(entries, rows)),
        ("the share of 128 MB", lambda: throttled(entries, args.rounds, rows)),
    ):
        print(f"{time.monotonic() - began:4.0f} s  {step}", file=sys.stderr)
        work()
    print(f"{time.monotonic() - began:4.0f} s  from the disk", file=sys.stderr)
    conditions = cold(entries, args.rounds, rows)
    table = {
        "machine": machine(conditions) | {"load_before": load},
        "runs": args.runs,
        "rows": list(rows.values()),
        "ratios": ratios(list(rows.values())),
        "skipped": skipped,
        "seconds": round(time.monotonic() - began),
    }
    report.write(table, args.out)


if __name__ == "__main__":
    main()
