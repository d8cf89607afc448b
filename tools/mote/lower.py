"""From a graph to a plan: how each step is computed, and where its values lie.

Precision. A linear model is computed as its trainer does, in float64: it is
small, and so every label is the trainer's. A net is computed in float32, or,
once it has INT8_WEIGHTS weights, with int8 weights and rows quantized at run
time; below that, quantizing a row costs more than it saves.

Memory. Values get their places here, once: greedily by size, each in the
first gap among the values alive at the same time. Element-wise steps work in
place when their input is not needed afterwards.
"""

from dataclasses import dataclass

import numpy as np

from mote import file
from mote.graph import Graph, Imported, Node, Value

INT8_WEIGHTS = 50_000
INT8_COLUMNS = 32  # a layer with fewer inputs stays float32
ACTIVATIONS = {"none": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
ROWWISE = {"+": 0, "-": 1, "*": 2, "/": 3}
CAST, ROW, DENSE, QUANTIZE, DENSE_S8, SOFTMAX, SHARE, ARGMAX = range(1, 9)
IN_PLACE = {ROW}
BATCHES = (64, 32, 16, 8)
BATCH = file.SYMBOL  # symbol 0


@dataclass(eq=False)
class Slot:
    """A value of the plan before it has an index: in the arena, or a tensor."""

    dtype: str
    columns: int | None
    tensor: file.Tensor | None = None

    @property
    def dims(self) -> tuple[int, ...]:
        if self.tensor:
            return self.tensor.dims
        return (BATCH,) if self.columns is None else (BATCH, self.columns)

    def bytes(self, batch: int) -> int:
        return file.DTYPE_BYTES[self.dtype] * (self.columns or 1) * batch


@dataclass
class Step:
    opcode: int
    reads: list
    writes: list
    attributes: list[int]


def quantize_weight(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 rows in [-127, 127] and a float32 scale for each; zeros keep 1."""
    top = np.abs(weight).max(axis=1)
    scale = np.where(top > 0, top / 127, 1).astype(np.float32)
    q = np.rint(weight / scale[:, None].astype(np.float64))
    return np.clip(q, -127, 127).astype(np.int8), scale


def choose_precision(graph: Graph) -> str:
    dense = [n for n in graph.nodes if n.op == "dense"]
    if len(dense) <= 1:
        return "float64"
    return "int8" if graph.weights() >= INT8_WEIGHTS else "float32"


class Lowering:
    def __init__(self, graph: Graph, precision: str):
        self.precision = precision
        self.steps: list[Step] = []
        self.tensors: list[Slot] = []
        self.casts: dict[Slot, Slot] = {}
        self.input = Slot("f64", graph.input.columns)
        self.slots: dict[Value, Slot] = {graph.input: self.input}
        for node in graph.nodes:
            self.slots[node.output] = getattr(self, "lower_" + node.op)(node)

    def tensor(self, array: np.ndarray, dtype: str, layout: str = "rows") -> Slot:
        data = file.p8k8(array) if layout == "p8k8" else array.tobytes()
        slot = Slot(dtype, None, file.Tensor(dtype, array.shape, data, layout))
        self.tensors.append(slot)
        return slot

    def step(self, opcode: int, reads: list, dtype: str, columns: int | None, *attributes) -> Slot:
        out = Slot(dtype, columns)
        self.steps.append(Step(opcode, reads, [out], list(attributes)))
        return out

    def cast(self, slot: Slot, dtype: str) -> Slot:
        """slot in another type, converted once however often it is needed."""
        if slot.dtype == dtype:
            return slot
        if slot not in self.casts:
            self.casts[slot] = self.step(CAST, [slot], dtype, slot.columns)
        return self.casts[slot]

    def lower_rowwise(self, node: Node) -> Slot:
        x = self.cast(self.slots[node.input], "f64")
        vector = self.tensor(node.attributes["vector"].astype("<f8"), "f64")
        kind = ROWWISE[node.attributes["kind"]]
        return self.step(ROW, [x, vector], "f64", x.columns, kind)

    def lower_dense(self, node: Node) -> Slot:
        x, a = self.slots[node.input], node.attributes
        m, n = a["weight"].shape
        activation = ACTIVATIONS[a["activation"]]
        if self.precision == "int8" and n >= INT8_COLUMNS:
            q, scale = quantize_weight(a["weight"])
            x = self.cast(x, "f32")
            rows, row_scale = Slot("s8", n), Slot("f32", None)
            self.steps.append(Step(QUANTIZE, [x], [rows, row_scale], []))
            reads = [
                rows,
                row_scale,
                self.tensor(q, "s8", "p8k8"),
                self.tensor(scale.astype("<f4"), "f32"),
                self.tensor(a["bias"].astype("<f4"), "f32"),
            ]
            return self.step(DENSE_S8, reads, "f32", m, activation)
        dtype, numpy_type = ("f64", "<f8") if self.precision == "float64" else ("f32", "<f4")
        x = self.cast(x, dtype)
        reads = [
            x,
            self.tensor(a["weight"].astype(numpy_type), dtype),
            self.tensor(a["bias"].astype(numpy_type), dtype),
        ]
        return self.step(DENSE, reads, dtype, m, activation)

    def lower_softmax(self, node: Node) -> Slot:
        x = self.cast(self.slots[node.input], "f64")
        return self.step(SOFTMAX, [x], "f32", x.columns)

    def lower_share(self, node: Node) -> Slot:
        x = self.cast(self.slots[node.input], "f64")
        return self.step(SHARE, [x], "f32", x.columns)

    def lower_argmax(self, node: Node) -> Slot:
        return self.step(ARGMAX, [self.cast(self.slots[node.input], "f64")], "s32", None)


def share_buffers(steps: list[Step], outputs: list[Slot]) -> dict[Slot, Slot]:
    """Each value in the arena to the one whose memory it uses: its own, or,
    where a step may work in place, that of an input nobody reads later."""
    owner: dict[Slot, Slot] = {}
    for i, step in enumerate(steps):
        first = step.reads[0]
        for slot in step.reads + step.writes:
            owner.setdefault(slot, slot)
        later = [s for after in steps[i + 1 :] for s in after.reads] + outputs
        if step.opcode in IN_PLACE and first.tensor is None and first not in later:
            owner[step.writes[0]] = owner[first]
    return owner


def place(steps: list[Step], given: Slot, outputs: list[Slot], batch: int) -> tuple[dict, int]:
    """Offsets of all values in the arena, and its size."""
    owner = share_buffers(steps, outputs)
    begin, end = {given: -1}, {given: -1}
    for i, step in enumerate(steps):
        for slot in step.reads + step.writes:
            if slot.tensor is None:
                begin.setdefault(owner[slot], i)
                end[owner[slot]] = i
    for slot in outputs:
        end[owner[slot]] = len(steps)

    placed: list[tuple[int, int, Slot]] = []
    for slot in sorted(begin, key=lambda s: (-s.bytes(batch), begin[s])):
        offset = 0
        for low, high, other in sorted(placed, key=lambda p: p[0]):
            alive_together = begin[slot] <= end[other] and begin[other] <= end[slot]
            if alive_together and offset + slot.bytes(batch) > low and offset < high:
                offset = high
        placed.append((offset, file.align(offset + slot.bytes(batch)), slot))
    offsets = {slot: low for low, _, slot in placed}
    arena = max(high for _, high, _ in placed)
    return {slot: offsets[o] for slot, o in owner.items() if slot.tensor is None}, arena


def lower(imported: Imported, config, precision: str) -> file.File:
    """The file of an imported model; config: name, version, description, reply."""
    low = Lowering(imported.graph, precision)
    out = imported.output
    outputs = [low.slots[v] for v in (out.index, out.scores) if v is not None]
    for batch in BATCHES:  # as many rows at once as fit in one page, or 32
        offsets, arena = place(low.steps, low.input, outputs, batch)
        if arena <= file.PAGE:
            break
    else:
        batch = 32
        offsets, arena = place(low.steps, low.input, outputs, batch)

    order = [low.input]
    for step in low.steps:
        order += [s for s in step.reads + step.writes if s not in order]
    tensor_index = {slot: i for i, slot in enumerate(low.tensors)}
    index = {slot: i for i, slot in enumerate(order)}
    plan = file.Plan(
        name="predict",
        inputs=1,
        outputs=[index[s] for s in outputs],
        values=[
            file.PlacedValue(s.dtype, s.dims, offsets.get(s, 0), tensor_index.get(s)) for s in order
        ],
        operators=[
            file.Operator(
                s.opcode, [index[r] for r in s.reads], [index[w] for w in s.writes], s.attributes
            )
            for s in low.steps
        ],
        arena=arena,
    )
    return file.File(
        name=config.name,
        version=config.version,
        description=config.description,
        symbols=[("batch", batch)],
        tensors=[s.tensor for s in low.tensors],
        plans=[plan],
        features=[
            file.FeatureRecord(f.name, "f64", 0, i, f.missing)
            for i, f in enumerate(imported.features)
        ],
        output=file.OutputRecord(
            kind=out.kind,
            reply=config.reply,
            names=out.names,
            scores_kind=out.scores_kind,
            index=0 if out.index is not None else None,
            scores=len(outputs) - 1 if out.scores is not None else None,
            numeric_labels=out.numeric_labels,
        ),
    )
