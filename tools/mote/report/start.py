"""What a cold start touches of a model, counted in its file; and what that may
cost on Lambda, by a model of its image loader that is no measurement."""

from pathlib import Path

from mote import explain
from mote.reader import Model

PAGE = 4096
CHUNK = 512 * 1024
PAPER = (
    "Brooker et al., On-demand Container Loading in AWS Lambda, USENIX ATC 2023, arXiv:2305.13162"
)
CONSTANTS = {
    "page_bytes": (PAGE, "x86-64, and arm64 as Lambda has it"),
    "chunk_bytes": (CHUNK, f"an image is loaded in chunks of 512 KiB: {PAPER}, section 2"),
    "local_ms": (0.1, f"a chunk in the worker's own cache takes less: {PAPER}, section 5.1"),
    "zone_ms": (2.75, f"a chunk from the zone's cache, decrypted; the mode: {PAPER}, section 5.1"),
    "origin_ms": (36.0, f"a chunk from S3; the median: {PAPER}, section 4"),
}
# rows of these are read by what a request asks for, and not all of them
LOOKED_UP = {"embed", "position", "trees_heap", "trees_linked"}


def executable(blob: bytes, path: Path | None) -> dict | None:
    """Bytes of an executable, and where in it this file lies; None where there
    is none, or one made from another file."""
    if path is None or not path.is_file():
        return None
    content = path.read_bytes()
    at = content.find(blob)
    return None if at < 0 else {"file": path.name, "bytes": len(content), "model_at": at}


def ranges(model: Model) -> list[tuple[str, int, int]]:
    """(what, offset, bytes) of the file: all but DATA when it is opened, and
    the tensors that the answering plan reads in the first request."""
    h, opened = model.header, "header, tables and plans, at start"
    found = [(opened, 0, h.table_end)]
    found += [(opened, s.offset, s.bytes) for s in model.sections if s.name != "DATA"]
    if h.provenance_bytes:
        found.append(("provenance, at start", h.provenance_offset, h.provenance_bytes))
    whole, looked_up = used(model)
    found += [(f"tensor {t}, first request", *place(model, t)) for t in sorted(whole)]
    found += [(f"tensor {t}, looked up in", *place(model, t)) for t in sorted(looked_up)]
    return found


def place(model: Model, tensor: int) -> tuple[int, int]:
    t = model.tensors[tensor]
    return t.offset, t.bytes


def used(model: Model) -> tuple[set[int], set[int]]:
    """Tensors that the answering plan and those it calls read: those that are
    read in full, and those that rows are looked up in."""
    whole, looked_up, todo, seen = set(), set(), [model.plan], set()
    while todo:
        number = todo.pop()
        if number in seen:
            continue
        seen.add(number)
        plan = model.plans[number]
        for op in plan.operators:
            (looked_up if op.name in LOOKED_UP else whole).update(explain.tensors(plan, op))
            if op.name == "call":
                todo.append(op.attributes[0])
    return whole, looked_up - whole


def units(spans: list[tuple[int, int]], size: int) -> int:
    """How many aligned units of that size the spans (offset, bytes) touch."""
    touched = set()
    for at, n in spans:
        touched.update(range(at // size, -(-(at + n) // size)))
    return len(touched)


def estimate(blob: bytes, model: Model, built: dict | None, measured: dict | None) -> dict:
    """Counts are exact for this file, and at most for what is looked up."""
    found = ranges(model)
    spans = [(at, n) for _, at, n in found]
    looked_up = sum(n for what, _, n in found if what.endswith("looked up in"))
    return {
        "is": "a model, not a measurement: counts are of this file, times are constants "
        "of others multiplied by counts",
        "constants": [
            {"name": k, "value": v, "source": source} for k, (v, source) in CONSTANTS.items()
        ],
        "bytes_read": sum(n for _, n in spans),
        "bytes_looked_up": looked_up,
        "pages_touched": units(spans, PAGE),
        "pages_of_file": units([(0, len(blob))], PAGE),
        "parts": [
            {"part": what, "bytes": sum(n for _, n in at), "pages": units(at, PAGE)}
            for what, at in parts(found).items()
        ],
        "image": image(spans, built),
        "measured": measured,
    }


def parts(found: list) -> dict[str, list[tuple[int, int]]]:
    """The ranges by what they are, tensors taken together."""
    of: dict[str, list] = {}
    for what, at, n in found:
        kind = "tensors, " + what.split(", ")[1] if what.startswith("tensor ") else what
        of.setdefault(kind, []).append((at, n))
    return of


def image(spans: list[tuple[int, int]], built: dict | None) -> dict | None:
    """Chunks of a container image that hold what is touched, with all of the
    program around the model; the file system's own are not counted."""
    if built is None:
        return None
    at = built["model_at"]
    end = max(a + n for a, n in spans)
    touched = [(0, at), (at + end, built["bytes"] - at - end)]
    touched += [(at + a, n) for a, n in spans]
    chunks = units([(a, n) for a, n in touched if n > 0], CHUNK)
    return {
        "executable_bytes": built["bytes"],
        "chunks": chunks,
        "all_local_ms": chunks * CONSTANTS["local_ms"][0],
        "all_zone_ms": chunks * CONSTANTS["zone_ms"][0],
        "all_origin_ms": chunks * CONSTANTS["origin_ms"][0],
    }
