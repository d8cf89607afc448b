"""Bits of a model's weights: as asked for, or as few as its answers allow.

exact   8 bits
cold    6 bits where the limits of `mote verify` hold. When they do not for all
        weights together, they are tried alone, and then taken one by one, those
        first that save most bytes for what they lose, as long as the limits hold
"""

from collections.abc import Callable
from dataclasses import dataclass

from mote.coding import Summary
from mote.lower import Bits
from mote.result import Result, finite, to_two_digits

COLD_BITS = 6
LEAST_LOSS = 1e-9  # what none is counted as, to divide by


@dataclass
class Trial:
    """Of a file with some bits: its bytes, whether the limits of verify hold, and
    how far scores are off (of all but the worst hundredth of the rows; of vectors,
    how far the worst cosine is from 1) and labels differ, both as a share."""

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


def said(name: str, bits: Bits, stored: Summary, found: Result, compiled: bool) -> dict:
    """A profile as files and reports have it: bytes and modelled milliseconds of
    the tensors, raw in 8 bits and as stored, and what verify found, errors rounded
    up to two digits. compiled: whether it is the one of the file."""
    fewer = sorted(set(bits.named.values()) - {bits.all})
    named = "".join(f", of {list(bits.named.values()).count(b)} weights {b}" for b in fewer)
    return finite(
        {
            "profile": name,
            "bits": f"{bits.all}{named}",
            "bytes_raw": stored.total("bytes_before"),
            "bytes": stored.total("bytes_after"),
            "ms_raw": round(stored.total("ms_before"), 3),
            "ms": round(stored.total("ms_after"), 3),
            **{k.replace(" ", "_"): v for k, v in found.provenance(to_two_digits).items()},
            "passed": found.passed,
            "compiled": compiled,
        }
    )


def line(profiles: list[dict]) -> str:
    """All of them in one line."""
    return "profiles: " + "; ".join(
        f"{p['profile']}{' (this file)' if p['compiled'] else ''} {p['bytes']} bytes, "
        f"{p['ms']:.2f} ms, 99 % within {p['verify_p99_error']}, {lost(p)}"
        + ("" if p["passed"] else ", beyond the limits of verify")
        for p in profiles
    )


def lost(profile: dict) -> str:
    if "verify_cosine" in profile:
        return f"cosine at least {profile['verify_cosine']:.4f}"
    return f"{profile['verify_label_flips']} of {profile['verified_rows']} labels differ"
