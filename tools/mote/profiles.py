"""Bits of a model's weights: as asked for, or as few as its answers allow.

exact   8 bits
cold    6 bits where the limits of `mote verify` hold. When they do not for all
        weights together, they are tried alone, and then taken one by one, those
        first that save most bytes for what they lose, as long as the limits hold
"""

from collections.abc import Callable
from dataclasses import dataclass

from mote.lower import Bits

COLD_BITS = 6
LEAST_LOSS = 1e-9  # what none is counted as, to divide by


@dataclass
class Trial:
    """Of a file with some bits: its bytes, whether the limits of verify hold, and
    how far scores are off (of all but the worst hundredth of the rows) and labels
    differ, both as a share."""

    bytes: int
    passed: bool
    loss: float


def cold_bits(weights: list[str], attempt: Callable[[Bits], Trial]) -> Bits:
    """The bits of the profile; what is fixed by name is `attempt`'s business."""
    whole = Bits(COLD_BITS)
    if attempt(whole).passed:
        return whole
    exact = attempt(Bits())
    worth = {}
    for name in weights:
        alone = attempt(Bits(8, {name: COLD_BITS}))
        if alone.passed and alone.bytes < exact.bytes:
            lost = max(alone.loss - exact.loss, LEAST_LOSS)
            worth[name] = (exact.bytes - alone.bytes) / lost
    bits = Bits()
    for name in sorted(worth, key=worth.get, reverse=True):
        more = Bits(8, bits.named | {name: COLD_BITS})
        if attempt(more).passed:
            bits = more
    return bits
