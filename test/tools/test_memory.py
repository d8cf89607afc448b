"""The memory plan: no two values that are alive together overlap, and what it
finds is near what no plan can beat."""

import random

from mote import memory
from mote.memory import Buffer


def naive(buffers: list[Buffer]) -> int:
    """Bytes of an arena where nothing shares a place."""
    return sum(b.room for b in buffers)


def first_come(buffers: list[Buffer]) -> int:
    """... where each, as it comes, takes the lowest place that is free."""
    order = sorted(range(len(buffers)), key=lambda i: (buffers[i].begin, i))
    return memory.place(buffers, memory.neighbours(buffers), order)[1]


def random_buffers(rng: random.Random) -> list[Buffer]:
    steps = rng.randrange(1, 60)
    buffers = []
    for _ in range(rng.randrange(1, 60)):
        begin = rng.randrange(-1, steps)
        length = rng.choice([0, 1, 1, 2, 3, rng.randrange(steps + 1)])
        size = rng.choice([1, 63, 64, 65, 1 << rng.randrange(14), rng.randrange(1, 10000)])
        buffers.append(Buffer(size, begin, min(begin + length, steps)))
    return buffers


def check(buffers: list[Buffer], layout: memory.Layout) -> None:
    assert len(layout.offsets) == len(buffers)
    for i, (a, at) in enumerate(zip(buffers, layout.offsets)):
        assert at % memory.ALIGN == 0 and 0 <= at and at + a.bytes <= layout.arena
        for b, other in zip(buffers[:i], layout.offsets):
            if a.begin <= b.end and b.begin <= a.end:
                assert at + a.bytes <= other or other + b.bytes <= at
    assert layout.bound <= layout.arena <= min(naive(buffers), first_come(buffers))


def test_random_lifetimes():
    rng = random.Random(3)
    over = []
    for _ in range(300):
        buffers = random_buffers(rng)
        layout = memory.plan(buffers)
        check(buffers, layout)
        over.append(layout.arena / layout.bound - 1)
    met = sum(x == 0 for x in over)
    print(
        f"{len(over)} random plans: {met} at the bound, "
        f"{sum(over) / len(over):.2%} above it on average, {max(over):.2%} at worst"
    )
    assert met >= 0.9 * len(over) and sum(over) / len(over) < 0.005


def test_edges():
    assert memory.plan([]) == memory.Layout([], 0, 0)
    assert memory.plan([Buffer(1, -1, -1)]) == memory.Layout([0], 64, 64)
    # one after the other in one place; beside each other in two
    assert memory.plan([Buffer(64, 0, 1), Buffer(64, 2, 3)]).arena == 64
    assert memory.plan([Buffer(64, 0, 1), Buffer(64, 1, 2)]).arena == 128


def test_the_same_every_time():
    rng = random.Random(4)
    for _ in range(20):
        buffers = random_buffers(rng)
        assert memory.plan(buffers) == memory.plan(list(buffers))


def test_search_beats_largest_first():
    """Lifetimes in a chain where the largest first leaves a hole."""
    rng = random.Random(5)
    better = 0
    for _ in range(60):
        buffers = random_buffers(rng)
        order = memory.orders(buffers)[0]
        greedy = memory.place(buffers, memory.neighbours(buffers), order)[1]
        better += memory.plan(buffers).arena < greedy
    assert better > 0
