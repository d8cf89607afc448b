"""Places in a plan's arena, found once, when a model is compiled.

A buffer is alive from the step that writes it to the last one that reads it,
both counted: a step's results never lie over what it reads. Buffers that are
alive at the same time must not overlap; others may, and the fewer bytes the
arena has the more of a request stays in the caches.

Finding the smallest arena is NP-complete. Placing the largest first, each in
the lowest gap where it fits (Pisarchyk and Lee, arXiv 2001.03288), is close to
it; here from several orders, then with swaps in the best of them, until the
bound is met or the swaps are used up. No clock and no hash takes part, so the
same model has the same places everywhere.
"""

import random
from dataclasses import dataclass

ALIGN = 64
SWAPS = 400
WORK = 4_000_000  # pairs looked at, over all swaps: seconds at most
SEED = 20260101


@dataclass(frozen=True)
class Buffer:
    """bytes, alive from step `begin` to step `end`; inputs of a plan begin at
    -1, and its outputs end behind its last step."""

    bytes: int
    begin: int
    end: int

    @property
    def room(self) -> int:
        return -(-self.bytes // ALIGN) * ALIGN


@dataclass
class Layout:
    """Where each buffer begins, bytes of all, and the bytes that are alive at
    once at the worst step: no arena can be smaller than that."""

    offsets: list[int]
    arena: int
    bound: int


def live_bytes(buffers: list[Buffer]) -> int:
    """The most that is alive at any step."""
    changes: dict[int, int] = {}
    for b in buffers:
        changes[b.begin] = changes.get(b.begin, 0) + b.room
        changes[b.end + 1] = changes.get(b.end + 1, 0) - b.room
    live = most = 0
    for step in sorted(changes):
        live += changes[step]
        most = max(most, live)
    return most


def neighbours(buffers: list[Buffer]) -> list[list[int]]:
    """Of each buffer the others that are alive while it is."""
    return [
        [
            j
            for j, other in enumerate(buffers)
            if i != j and b.begin <= other.end and other.begin <= b.end
        ]
        for i, b in enumerate(buffers)
    ]


def place(buffers: list[Buffer], beside: list[list[int]], order: list[int]) -> tuple[list, int]:
    """Each in its turn at the lowest offset that is free while it is alive."""
    offsets: list[int | None] = [None] * len(buffers)
    arena = 0
    for i in order:
        taken = sorted((offsets[j], buffers[j].room) for j in beside[i] if offsets[j] is not None)
        room, at = buffers[i].room, 0
        for low, size in taken:
            if at + room <= low:
                break
            at = max(at, low + size)
        offsets[i] = at
        arena = max(arena, at + room)
    return offsets, arena


def orders(buffers: list[Buffer]) -> list[list[int]]:
    """Orders to place buffers in, the best guess first, as they come last."""

    def by(key) -> list[int]:
        return sorted(range(len(buffers)), key=lambda i: (key(buffers[i]), buffers[i].begin, i))

    return [
        by(lambda b: -b.bytes),
        by(lambda b: -b.bytes * (b.end - b.begin + 1)),
        by(lambda b: (b.begin - b.end, -b.bytes)),
        by(lambda b: 0),
    ]


def plan(buffers: list[Buffer]) -> Layout:
    """The smallest layout that was found."""
    beside, bound = neighbours(buffers), live_bytes(buffers)
    best, best_order = ([], 0), []
    for order in orders(buffers):
        found = place(buffers, beside, order)
        if not best_order or found[1] < best[1]:
            best, best_order = found, order
    rng = random.Random(SEED)
    pairs = sum(map(len, beside)) + len(buffers)
    for _ in range(min(SWAPS, WORK // pairs) if pairs else 0):
        if best[1] == bound:
            break
        order = list(best_order)
        # random() alone is promised to give the same numbers in every Python
        i, j = (int(rng.random() * len(order)) for _ in range(2))
        order[i], order[j] = order[j], order[i]
        found = place(buffers, beside, order)
        if found[1] <= best[1]:  # equal ones too: a way off a plateau
            best, best_order = found, order
    return Layout(best[0], best[1], bound)
