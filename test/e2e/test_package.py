"""What is shipped, and what a new user meets: archives of the executable, a
registry, a container build, and a machine that has nothing yet."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request

import lambdas
import pytest
from conftest import ROOT

pytestmark = pytest.mark.ci

ARCHS = ["x86_64", "arm64"] if os.uname().machine == "x86_64" else ["arm64"]
DEBIAN = ROOT / "build" / "debian"
ROW = b"[5.7,2.8,4.5,1.3]"


def run(*command, **more):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if result.returncode:
        output = result.stdout[-3000:] + result.stderr[-3000:]
        pytest.fail(f"{' '.join(map(str, command))}: exit {result.returncode}\n{output}")
    return result.stdout


def skip_unless_root():
    if os.geteuid() != 0:
        pytest.skip("needs root, for chroot and for storage of images")


@pytest.fixture(scope="session")
def debian():
    """A fresh Debian 12 of the packages that every installation has, git and make."""
    skip_unless_root()
    if not (DEBIAN / "usr/bin/git").exists():
        shutil.rmtree(DEBIAN, ignore_errors=True)
        mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)").split("\n")[0]
        run("debootstrap", "--variant=minbase", "--include=git,make", "bookworm", DEBIAN, mirror)
        for name in ("etc/resolv.conf", *(f"etc/apt/apt.conf.d/{p}" for p in apt_settings())):
            shutil.copy(f"/{name}", DEBIAN / name)
    return DEBIAN


def apt_settings():
    """How this machine reaches its mirror; a settings file may be needed there, too."""
    return [p.name for p in os.scandir("/etc/apt/apt.conf.d") if "Acquire" in open(p).read()]


@pytest.mark.parametrize("arch", ARCHS)
def test_image_is_one_manifest_and_goes_to_a_registry(arch, tmp_path):
    run("make", "-s", "image", f"ARCH={arch}", cwd=ROOT)
    archive = f"oci-archive:{ROOT}/build/{arch}/iris/image.tar"
    image = json.loads(run("skopeo", "inspect", archive))
    assert image["Architecture"] == {"x86_64": "amd64", "arm64": "arm64"}[arch]
    assert len(image["Layers"]) == 1 and image["Os"] == "linux"
    assert json.loads(run("skopeo", "inspect", "--raw", archive))["layers"]

    port = lambdas.free_port()
    config = tmp_path / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\n"
        f"http: {{addr: 127.0.0.1:{port}}}\n"
    )
    with open(tmp_path / "registry.log", "w") as log:
        registry = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
    try:
        lambdas.wait_for(port)
        there = f"docker://127.0.0.1:{port}/iris:1.0.0"
        run("skopeo", "copy", "--dest-tls-verify=false", archive, there)
        pushed = json.loads(run("skopeo", "inspect", "--tls-verify=false", there))
        assert pushed["Digest"] == image["Digest"]
        run("skopeo", "copy", "--src-tls-verify=false", there, f"dir:{tmp_path}/pulled")
    finally:
        registry.terminate()
        registry.wait()
    (layer,) = [tmp_path / "pulled" / name.removeprefix("sha256:") for name in image["Layers"]]
    assert run("tar", "-tzf", layer) == "bootstrap\n"
    run("tar", "-xzf", layer, "-C", tmp_path)
    built = ROOT / "build" / arch / "iris" / "bootstrap"
    assert (tmp_path / "bootstrap").read_bytes() == built.read_bytes()


def beside_image(model, arch, folder):
    """The image with MODEL beside its runtime: its layers' digests, and its root in `folder`."""
    run("make", "-s", "image", f"MODEL={model}", f"ARCH={arch}", "BESIDE=1", cwd=ROOT)
    archive = ROOT / "build" / arch / model / "beside" / "image.tar"
    first = archive.read_bytes()
    run("make", "-s", "image", f"MODEL={model}", f"ARCH={arch}", "BESIDE=1", cwd=ROOT)
    assert archive.read_bytes() == first
    layers = json.loads(run("skopeo", "inspect", f"oci-archive:{archive}"))["Layers"]
    run("skopeo", "copy", f"oci-archive:{archive}", f"dir:{folder}/pulled")
    (folder / "root").mkdir()
    for digest, name in zip(layers, ["bootstrap", "model.mote"], strict=True):
        layer = folder / "pulled" / digest.removeprefix("sha256:")
        assert run("tar", "-tzf", layer) == f"{name}\n"
        run("tar", "-xzf", layer, "-C", folder / "root")
    return layers


@pytest.mark.parametrize("arch", ARCHS)
def test_images_of_models_beside_share_the_runtime(arch, tmp_path):
    layers = {}
    for model in ("iris", "river"):
        (tmp_path / model).mkdir()
        layers[model] = beside_image(model, arch, tmp_path / model)
        root = tmp_path / model / "root"
        runtime = ROOT / "build" / arch / "none" / "bootstrap"
        assert (root / "bootstrap").read_bytes() == runtime.read_bytes()
        blob = ROOT / "models" / model / f"{model}.mote"
        assert (root / "model.mote").read_bytes() == blob.read_bytes()
    assert layers["iris"][0] == layers["river"][0]
    assert layers["iris"][1] != layers["river"][1]

    emulator = ROOT / "build" / "host" / "emulator"
    run("make", "-s", "build/host/emulator", cwd=ROOT)
    start = [] if arch == lambdas.ARCH else [shutil.which("qemu-aarch64-static")]
    program = tmp_path / "iris" / "root" / "bootstrap"
    reply = json.loads(run(emulator, "--once", ROW.decode(), *start, program))
    assert reply["label"] == "versicolor"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["image", "TRIM=1"], "BESIDE=1 takes the runtime of all models, which TRIM=1 cannot trim"),
        (["image", "MODEL=none"], "BESIDE=1 wants a model, and MODEL=none has none"),
        (["zip"], "BESIDE=1 is for `make image` alone"),
    ],
)
def test_what_cannot_lie_beside_is_refused(asked, told):
    made = subprocess.run(
        ["make", "-s", *asked, "BESIDE=1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 2 and told in made.stderr
    assert made.stderr.count("\n") == 1


def clone(folder):
    """What is committed, and what would be."""
    files = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT)
    names = [n for n in files.split("\n") if n and (ROOT / n).is_file()]
    run("cp", "--parents", "-t", folder, *names, cwd=ROOT)
    return folder


def test_dockerfile_builds_the_same_bytes(debian, tmp_path):
    """buildah over a base without a registry: one file, that of `make build`."""
    buildah = ["buildah", "--storage-driver", "vfs"]
    buildah += ["--root", tmp_path / "root", "--runroot", tmp_path / "run"]
    (tmp_path / "tree").mkdir()
    base = run(*buildah, "from", "scratch").strip()
    run(*buildah, "add", "--quiet", base, debian)
    run(*buildah, "commit", "--quiet", base, "base")
    run(
        *buildah, "bud", "--isolation", "chroot", "-f", "Dockerfile.scratch", "--pull-never",
        "--build-arg", "BASE=localhost/base", "--build-arg", "MODEL=iris", "-t", "iris", ".",
        cwd=clone(tmp_path / "tree"),
    )  # fmt: skip
    archive = f"oci-archive:{tmp_path}/image.tar"
    run(*buildah, "push", "--quiet", "iris", archive)
    run("skopeo", "copy", archive, f"dir:{tmp_path}/image")
    inspected = json.loads(run("skopeo", "inspect", archive))
    (layer,) = [tmp_path / "image" / name.removeprefix("sha256:") for name in inspected["Layers"]]
    out = tmp_path / "out"
    out.mkdir()
    run("tar", "-xf", layer, "-C", out)
    assert [p.name for p in out.iterdir() if p.is_file()] == ["bootstrap"]
    built = ROOT / "build" / lambdas.ARCH / "iris" / "bootstrap"
    assert (out / "bootstrap").read_bytes() == built.read_bytes()


def test_make_run_on_a_fresh_machine(debian, tmp_path):
    """The README's first command, and its curl lines; no arm64 tools, no Python."""
    machine = tmp_path / "machine"
    run("cp", "-a", "--reflink=auto", debian, machine)
    (machine / "mote").mkdir()
    clone(machine / "mote")
    log = tmp_path / "log"
    command = ["chroot", machine, "make", "-C", "/mote", "run", "RUN_FLAGS=--port 0 --http-port 0"]
    with open(log, "w") as out:
        process = lambdas.Lambda(command, 0, stdout=out, stderr=out)
    try:
        urls = {}
        for _ in range(600):
            urls = dict(re.findall(r"^(invoke|http): (http://\S+)", log.read_text(), re.M))
            if len(urls) == 2 or process.process.poll() is not None:
                break
            time.sleep(0.5)
        assert len(urls) == 2, log.read_text()[-3000:]
        for url in (urls["invoke"], urls["http"] + "predict"):
            reply = urllib.request.urlopen(urllib.request.Request(url, ROW), timeout=30).read()
            assert json.loads(reply)["label"] == "versicolor"
    finally:
        process.stop()
    packages = set(run("chroot", machine, "dpkg-query", "-Wf", "${Package}\n").split())
    assert "musl-tools" in packages
    assert not packages & {
        "python3",
        "python3-minimal",
        "golang-go",
        "gcc-aarch64-linux-gnu",
        "qemu-user-static",
    }
