"""An image start as AWS describes its chunk loader, without the network.

An image is one file system in chunks of 512 KiB, each fetched when it is first
read: from the worker's own cache, from a cache of the zone, or from S3 (Brooker
et al., On-demand Container Loading in AWS Lambda, USENIX ATC 2023). Shares and
medians are the paper's; the spread of each is taken from its 99.9th percentile,
and a read from the zone's cache is 2.75 ms with decryption, its figure 11.
"""

import random

CHUNK = 512 * 1024
PAGE = 4096
# superblock, inode table and directory of a file system with few files; measured
# ones were 3 to 7, and whoever has more files has more of them
METADATA = 3
LANES = 8  # chunks in flight when they are fetched ahead
DRAWS = 4000
SEED = 20261128

# median in ms and sigma of the logarithm
WORKER, ZONE, S3 = (0.09, 0.55), (2.75, 0.25), (36.0, 0.51)
S3_SHARE, WORKER_SHARE = 0.0006, 0.67


def layout(sizes: dict[str, int]) -> dict[str, int]:
    """Where each file begins, in pages: one behind the other by their names."""
    starts, page = {}, 0
    for name in sorted(sizes):
        starts[name] = page
        page += -(-sizes[name] // PAGE)
    return starts


def touched(sizes: dict[str, int], resident: dict[str, list[tuple[int, int]]]) -> int:
    """Distinct chunks that hold the pages resident, [first, end) of each file."""
    starts, chunks, pages = layout(sizes), set(), CHUNK // PAGE
    for name, ranges in resident.items():
        if name not in starts:
            continue
        for first, end in ranges:
            begin = starts[name] + first
            chunks.update(range(begin // pages, (starts[name] + end - 1) // pages + 1))
    return len(chunks)


def draw(rng: random.Random, mix: str) -> float:
    """Milliseconds for one chunk."""
    u = rng.random()
    tier = {"fleet": S3 if u < S3_SHARE else WORKER if u < WORKER_SHARE else ZONE}
    median, sigma = (tier | {"l2": ZONE, "s3": S3})[mix]
    return median * rng.lognormvariate(0.0, sigma)


def overlapped(times: list[float]) -> float:
    """When the last is there, if LANES of them are fetched at a time, in order."""
    lanes = [0.0] * min(LANES, len(times))
    for t in times:
        lanes[lanes.index(min(lanes))] += t
    return max(lanes, default=0.0)


def simulate(chunks: int, prefetches: bool, draws: int = DRAWS) -> dict:
    """Milliseconds by mix, and way: serial, and prefetch where the contestant
    does it. The same seed for all, so that they differ by their chunks alone."""
    found = {}
    for mix in ("fleet", "l2", "s3"):
        rng = random.Random(SEED)
        serial, ahead = [], []
        for _ in range(max(20, draws // max(1, chunks // 50))):
            times = [draw(rng, mix) for _ in range(METADATA + chunks)]
            serial.append(sum(times))
            # metadata say where the file lies, and come first
            ahead.append(sum(times[:METADATA]) + overlapped(times[METADATA:]))
        found[mix] = {"serial": summary(serial)}
        found[mix]["prefetch"] = summary(ahead) if prefetches else None
    return found


def percentile(values: list[float], p: float) -> float:
    """Of sorted values: the nearest of them."""
    return values[int(p * (len(values) - 1) + 0.5)]


def summary(values: list[float]) -> dict:
    values = sorted(values)
    points = {f"p{round(100 * p)}": percentile(values, p) for p in (0.5, 0.9, 0.99)}
    return {k: round(v, 4) for k, v in (points | {"min": values[0]}).items()}
