"""Rules of the tree that a compiler does not hold: who may include whom, what
the executable must not contain, and that the pages speak the truth."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

HOST = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
ARCHS = [a for a in ("x86_64", "arm64") if (ROOT / "build" / a / "iris/bootstrap").exists()]

# Lowest first: each may include itself and what stands before it in its list.
MAY_INCLUDE = {
    "core/base": [],
    "core/kernel": ["core/base"],
    "compress": ["core/base"],
    "net": ["core/base"],
    "core/model": ["core/base", "core/kernel", "compress"],
    "core/function": ["core/base", "core/kernel", "compress", "net", "core/model"],
}
# What a freestanding compiler brings along.
FREESTANDING = {"stdbool.h", "stddef.h", "stdint.h", "cpuid.h"}
# ... and what only this header may, which keeps out what comes along with it.
INTRINSICS = "core/kernel/intrinsics.h"


def sources(folder, *endings):
    return sorted(p for e in endings for p in (ROOT / folder).glob(f"*{e}"))


def tracked(*patterns):
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [p for p in out.stdout.split("\n") if p and (ROOT / p).exists()]


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_includes_follow_the_order_of_the_tree(folder):
    for path in sources(folder, ".c", ".h", ".inc"):
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            part = os.path.dirname(name)
            assert part == folder or part in MAY_INCLUDE[folder], f"{path} includes {name}"
            assert (ROOT / name).exists(), f"{path} includes {name}"


@pytest.mark.parametrize("folder", ["core/base", "core/kernel", "core/model", "compress"])
def test_the_engine_includes_no_system_header(folder):
    for path in sources(folder, ".c", ".h"):
        if path == ROOT / INTRINSICS:
            continue
        for name in re.findall(r"^#include <([^>]+)>", path.read_text(), re.M):
            assert name in FREESTANDING, f"{path} includes <{name}>"


def test_every_header_compiles_alone_and_opens_with_its_job(tmp_path):
    for folder in [*MAY_INCLUDE, "tools/emulator"]:
        for path in sources(folder, ".h"):
            name = path.relative_to(ROOT)
            text = path.read_text()
            assert text.startswith(f"/*\n * {name} - "), name
            source = tmp_path / "one.c"
            source.write_text(f'#include "{name}"\n')
            run("gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-fsyntax-only",
                "-I", ROOT, source)  # fmt: skip


def test_every_c_file_opens_with_its_name():
    for name in tracked("*.c", "*.S"):
        head = (ROOT / name).read_text()[:200]
        assert re.match(rf"/\*\s+(\* )?{re.escape(name)} - ", head), name


# Bytes of the executable for iris: with the operators that it uses, and with
# all of them: those of nets and trees with their kernels for every instruction
# set, those of tables with the functions in float64, those of tensors of any
# type, the decoder of coded weights, the tokenizer with what answers texts, and int8
# with stated scales and zero points, forecasters with their jobs, jobs of models over
# rows.
NETS_AND_TREES, TABLES, TENSORS, DECODER = 90 * 1024, 10 * 1024, 10 * 1024, 11 * 1024
TEXTS, STATED, FORECASTS, ROWS = 20 * 1024, 6 * 1024, 19 * 1024, 4 * 1024
ALL = NETS_AND_TREES + TABLES + TENSORS + DECODER + TEXTS + STATED + FORECASTS + ROWS
SIZES = {"iris/trimmed": 65536, "iris": 65536 + ALL}


@pytest.mark.parametrize("build", SIZES)
@pytest.mark.parametrize("arch", ARCHS)
def test_the_executable(arch, build):
    """Static, stripped, small, without an allocator or a dynamic section."""
    folder = ROOT / "build" / arch / build
    assert (folder / "bootstrap").stat().st_size <= SIZES[build]
    tool = "" if arch == HOST else "aarch64-linux-gnu-"
    names = {line.split()[-1] for line in run(f"{tool}nm", folder / "bootstrap.full").splitlines()}
    allocator = {
        "malloc",
        "calloc",
        "realloc",
        "free",
        "brk",
        "sbrk",
        "__libc_malloc",
        "mmap_alloc",
    }
    assert not names & allocator
    # iris connects to nobody outside: no TLS, and nothing of BearSSL
    assert not {n for n in names if n.startswith(("br_", "mote_tls", "mote_trust"))}
    assert not {n for n in names if n.startswith(("fopen", "printf", "fprintf", "vfprintf"))}
    headers = run(f"{tool}readelf", "-lW", folder / "bootstrap")
    assert "INTERP" not in headers and "DYNAMIC" not in headers
    assert (
        "no symbols"
        in subprocess.run(
            [f"{tool}nm", folder / "bootstrap"], capture_output=True, text=True
        ).stderr
    )
    stack = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert " RWE " not in stack


# Bytes of code of the decoder: all that is in compress/ but for the encoder and
# the versions of the inner loop that a function has no use for.
DECODER_CODE = 6 * 1024
UNUSED = {
    "x86_64": {"encode", "streams_eight"},
    "arm64": {"encode", "streams_bmi2", "streams_scalar"},
}


@pytest.mark.parametrize("arch", ARCHS)
def test_the_decoder_is_small(arch):
    names = [p.stem for p in sources("compress", ".c") if p.stem not in UNUSED[arch]]
    objects = [f"build/{arch}/alone/compress/{name}.o" for name in names]
    run("make", "-s", f"ARCH={arch}", *objects)
    tool = "" if arch == HOST else "aarch64-linux-gnu-"
    sections = re.findall(r"^\.text\S*\s+(\d+)", run(f"{tool}size", "-A", *objects), re.M)
    assert 4096 < sum(map(int, sections)) <= DECODER_CODE


@pytest.mark.parametrize("arch", ARCHS)
def test_a_trimmed_executable_has_less_and_answers_the_same(arch):
    folder = ROOT / "build" / arch / "iris"
    emulator = [ROOT / "build/host/emulator", "--once", "[5.7,2.8,4.5,1.3]"]
    tool, emulated = (
        ("", []) if arch == HOST else ("aarch64-linux-gnu-", [shutil.which("qemu-aarch64-static")])
    )
    replies, names = [], []
    for build in (folder, folder / "trimmed"):
        replies.append(run(*emulator, *emulated, build / "bootstrap"))
        symbols = run(f"{tool}nm", build / "bootstrap.full").splitlines()
        names.append({line.split()[-1] for line in symbols})
    assert replies[0] == replies[1]
    assert "mote_dense_s8_scalar" in names[0] - names[1]
    decoder = re.compile("mote_(decode|streams|codes|coding|planes)")
    assert any(decoder.match(n) for n in names[0]) and not any(decoder.match(n) for n in names[1])


def test_the_project_speaks_of_itself_alone():
    machine = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|farm|home/[a-z]+)/")
    hosts = re.compile(r"(pypi\.org|pythonhosted|npmjs\.|crates\.io|proxy\.golang|deb\.debian)")
    for name in tracked():
        if name.endswith((".mote", ".png", ".svg")) or "/corpus/" in name:
            continue
        text = (ROOT / name).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            place = f"{name}:{number}: {line[:100]}"
            if name != "test/tools/test_tree.py":
                assert not machine.search(line), place
                assert not hosts.search(line), place
                assert "../" + "shared" not in line, place
            if name.endswith((".c", ".h", ".S", ".py", ".sh", "Makefile")):
                assert not re.search(
                    r"\b(TODO|FIXME|XXX|HACK)\b", line.replace("re.search", "")
                ) or (name == "test/tools/test_tree.py"), place


def test_the_readme_names_targets_that_exist():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"`?make ([a-z][a-z-]+)(?![a-z/-])", readme))
    assert {"run", "test", "zip", "image"} <= targets
    for target in targets:
        assert re.search(rf"(^|[\s:]){target}:", makefile, re.M), f"make {target}"
    for path in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / path).exists(), path


def test_versions_agree():
    header = (ROOT / "core/base/version.h").read_text()
    version = re.search(r'MOTE_VERSION "([^"]+)"', header).group(1)
    assert f'VERSION = "{version}"' in (ROOT / "tools/mote/__init__.py").read_text()
    assert f'version = "{version}"' in (ROOT / "tools/pyproject.toml").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_generated_tables_are_what_their_generators_write():
    out = run("python3", "tools/generate/pow10.py")
    assert out == (ROOT / "core/base/pow10.inc").read_text()


def test_generated_archives_are_the_same_every_time(tmp_path):
    bootstrap = ROOT / "build" / HOST / "iris" / "bootstrap"
    for script, more in (("zip.sh", []), ("image.sh", [HOST])):
        archives = []
        for i in range(2):
            output = tmp_path / f"{i}-{script}"
            run(ROOT / "tools/package" / script, bootstrap, output, *more)
            archives.append(output.read_bytes())
            os.utime(bootstrap)
        assert archives[0] == archives[1], script
