"""Values and steps of a plan while it is lowered, before they have numbers."""

from dataclasses import dataclass

from mote import file


@dataclass(eq=False)
class Slot:
    """A value of the plan before it has an index: in the arena, or a tensor.
    dims: as a graph's."""

    dtype: str
    dims: tuple
    tensor: file.Tensor | None = None

    def bytes(self, symbols: dict[str, int]) -> int:
        n = file.DTYPE_BYTES[self.dtype]
        for dim in self.dims:
            n *= symbols.get(dim, dim)
        return n


@dataclass
class Step:
    """reads: slots, or None."""

    opcode: int
    reads: list
    writes: list
    attributes: list[int]
