"""From a graph to a plan: how each step is computed, and where its values lie.

Precision. Models of features are computed as their trainers do, in float64:
they are small, and so every label is the trainer's. A net is computed in
float32, or, once it has INT8_WEIGHTS weights, layer by layer with int8 weights
and rows quantized at run time where that is faster; what prepares its features
stays in float64.

Memory. Values get their places here, once (memory.py). A step works in place
when its operator can and its input is not needed afterwards.
"""

from dataclasses import dataclass, field

import numpy as np

from mote import file, jobs, memory, series
from mote.errors import Refusal
from mote.graph import ACTIVATIONS, BATCH, Graph, Imported, Node, Value
from mote.opcodes import CAST, EMBED, IN_PLACE, MAPS_F64, POSITION
from mote.operators import LOWER, quantize_weight
from mote.operators_table import LOWER as TABLE_NODES
from mote.reader_plans import MAX_OPERATORS
from mote.slots import Slot, Step
from mote.steps import narrow

INT8_WEIGHTS = 50_000  # of a net; below that, int8 gains nothing that can be measured
BATCHES = (64, 32, 16, 8)
LARGE_BATCHES = (32, 16, 8, 4, 2, 1)
LARGE_ARENA = 4 << 20  # of a net whose batch of 1 needs less
STATED = ("dense_fixed", "conv_fixed", "dense_u8")
TABULAR = {
    "rowwise", "dense", "softmax", "share", "argmax", "map", "binary", "trees", "missing",
    *TABLE_NODES,
}  # fmt: skip


def is_net(graph: Graph) -> bool:
    """Whether layers follow layers with something curved between, or there are
    operators that only nets have."""
    made_by = {v: node for node in graph.nodes for v in node.outputs}
    dense = [n for n in graph.nodes if n.op == "dense"]
    curved = [n for n in dense if n.attributes["activation"] != "none"]
    curved += [n for n in dense if n.input in made_by and is_activation(made_by[n.input])]
    kinds = {n.attributes["activation"] for n in dense} - {"none"}
    kinds |= {n.attributes["kind"] for n in graph.nodes if n.op == "map"}
    return (
        (len(dense) > 1 and bool(curved))
        or not {n.op for n in graph.nodes} <= TABULAR
        or not kinds <= MAPS_F64
    )


def is_activation(node: Node) -> bool:
    """Of a layer: an exponential is that of a kernel or of a link."""
    return node.op == "map" and node.attributes["kind"] in ACTIVATIONS


def has_stated_int8(graph: Graph) -> bool:
    """Whether the trainer's file says what is int8, and how."""
    return any(node.op in STATED for node in graph.nodes)


def choose_precision(graph: Graph) -> str:
    """Of what the trainer's file does not state."""
    if not (graph.net or is_net(graph)):
        return "float64"
    if has_stated_int8(graph):
        return "float32"
    return "int8" if graph.weights() >= INT8_WEIGHTS else "float32"


@dataclass
class Bits:
    """Of int8 weights: 8, 7, 6, 5 or 4 for all, and for some by their names w0, w1
    and so on, which count the weights that may be coded in the graph's order."""

    all: int = 8
    named: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.named.get(name, self.all)


class Lowering:
    """Steps, tensors and slots of a graph, as the functions in `operators`
    write them, node after node."""

    def __init__(self, graph: Graph, precision: str, bits: Bits | None = None):
        self.graph = graph
        self.precision = precision
        self.bits = bits or Bits()
        self.weights: dict[str, int] = {}  # of what may be coded, numbers by name
        self.steps: list[Step] = []
        self.tensors: list[Slot] = []
        self.made: dict[tuple, tuple] = {}
        self.inputs = [Slot(v.dtype, v.dims) for v in graph.inputs]
        self.slots: dict[Value, Slot] = dict(zip(graph.inputs, self.inputs))
        for node in narrow(graph).nodes:
            LOWER[node.op](self, node)

    # What the functions use

    def read(self, node: Node, i: int = 0, dtype: str | None = None) -> Slot:
        """The slot of input i of a node, in that type."""
        slot = self.slots[node.inputs[i]]
        return self.cast(slot, dtype) if dtype else slot

    def write(self, node: Node, *slots: Slot) -> None:
        """slots hold the node's outputs."""
        self.slots.update(zip(node.outputs, slots))

    def tensor(self, array: np.ndarray, dtype: str, layout: str = "rows") -> Slot:
        array = np.asarray(array, file.NUMPY[dtype], order="C")
        data = file.p8k8(array) if layout == "p8k8" else array.tobytes()
        return self.made_tensor(file.Tensor(dtype, array.shape, data, layout))

    def quantized(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A weight that may be coded, in as many bits as it is to have."""
        name = f"w{len(self.weights)}"
        self.weights[name] = weight.size
        return quantize_weight(weight, self.bits.of(name))

    def made_tensor(self, tensor: file.Tensor | None) -> Slot | None:
        """The slot of a tensor that is laid out already."""
        if tensor is None:
            return None
        self.tensors.append(Slot(tensor.dtype, tensor.dims, tensor))
        return self.tensors[-1]

    def step(self, opcode: int, reads: list, dtype: str, dims: tuple, *attributes: int) -> Slot:
        """A step with one result."""
        return self.steps_of(opcode, reads, [Slot(dtype, dims)], *attributes)[0]

    def steps_of(self, opcode: int, reads: list, writes: list, *attributes: int) -> list[Slot]:
        self.steps.append(Step(opcode, reads, writes, list(attributes)))
        return writes

    def once(self, key: tuple, make) -> tuple:
        """What make() gives, made once for each key."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def cast(self, slot: Slot, dtype: str) -> Slot:
        if slot.dtype == dtype:
            return slot
        if (slot.dtype, dtype) == ("s32", "f32"):
            slot = self.cast(slot, "f64")
        return self.once((slot, dtype), lambda: self.step(CAST, [slot], dtype, slot.dims))

    def most(self, dim) -> int:
        """The largest that a dimension can be; of a batch that the graph
        leaves open, the largest that may be chosen."""
        return self.graph.symbols.get(dim, max(BATCHES) if dim == BATCH else dim)


# ------------------------------------------------------------------ places


def share_buffers(steps: list[Step], outputs: list[Slot]) -> dict[Slot, Slot]:
    """Each value in the arena to the one whose memory it uses: its own, or,
    where a step may work in place, that of an input nobody reads later."""
    last = {slot: i for i, step in enumerate(steps) for slot in step.reads}
    last |= {slot: len(steps) for slot in outputs}
    owner: dict[Slot, Slot] = {}
    for i, step in enumerate(steps):
        for slot in step.reads + step.writes:
            if slot is not None and slot.tensor is None:
                owner.setdefault(slot, slot)
        first, *others = step.reads
        if (
            step.opcode in IN_PLACE
            and first in owner
            and first not in others
            and last[first] == i
            and same_bytes(first, step.writes[0])
        ):
            owner[step.writes[0]] = owner[first]
    return owner


def same_bytes(a: Slot, b: Slot) -> bool:
    return a.dims == b.dims and file.DTYPE_BYTES[a.dtype] == file.DTYPE_BYTES[b.dtype]


def place(
    steps: list[Step], inputs: list[Slot], outputs: list[Slot], symbols: dict[str, int]
) -> tuple[dict[Slot, int], memory.Layout]:
    """Offsets of all values in the arena."""
    owner = {slot: slot for slot in inputs} | share_buffers(steps, outputs)
    begin, end = dict.fromkeys(inputs, -1), dict.fromkeys(inputs, -1)
    for i, step in enumerate(steps):
        for slot in step.reads + step.writes:
            if slot in owner:
                begin.setdefault(owner[slot], i)
                end[owner[slot]] = i
    for slot in outputs:
        end[owner[slot]] = len(steps)
    buffers = [memory.Buffer(s.bytes(symbols), begin[s], end[s]) for s in begin]
    layout = memory.plan(buffers)
    at = dict(zip(begin, layout.offsets))
    return {slot: at[o] for slot, o in owner.items()}, layout


# ------------------------------------------------------------------- plans


@dataclass
class Lowered:
    plan: file.Plan
    tensors: list[file.Tensor]
    symbols: dict[str, int]
    layout: memory.Layout
    weights: dict[str, int]  # those that may be coded, numbers by name


def in_order_of_use(steps: list[Step], tensors: list[Slot]) -> list[Slot]:
    """What every request reads whole, what is read first in front; behind it what
    rows are picked from, the largest last: the pages of a request lie together."""
    picked = {s for step in steps if step.opcode in (EMBED, POSITION) for s in step.reads}
    tables = [s for s in tensors if s in picked]
    return [s for s in tensors if s not in picked] + sorted(tables, key=lambda s: s.bytes({}))


def make_plan(low: Lowering, outputs: list[Slot], symbols: dict[str, int], name: str) -> Lowered:
    if len(low.steps) > MAX_OPERATORS:
        raise Refusal(
            f"the model: expected {MAX_OPERATORS} operators at most in a plan, got {len(low.steps)}"
        )
    offsets, layout = place(low.steps, low.inputs, outputs, symbols)
    order = dict.fromkeys(low.inputs)
    for step in low.steps:
        order |= dict.fromkeys(s for s in step.reads + step.writes if s is not None)
    index = {slot: i for i, slot in enumerate(order)}
    tensors = in_order_of_use(low.steps, [s for s in order if s.tensor is not None])
    tensor_index = {slot: i for i, slot in enumerate(tensors)}
    names = {symbol: file.SYMBOL + i for i, symbol in enumerate(symbols)}
    plan = file.Plan(
        name=name,
        inputs=len(low.inputs),
        outputs=[index[s] for s in outputs],
        values=[
            file.PlacedValue(
                s.dtype,
                tuple(names.get(d, d) for d in s.dims),
                offsets.get(s, 0),
                tensor_index.get(s),
            )
            for s in order
        ],
        operators=[
            file.Operator(
                s.opcode,
                [file.NONE if r is None else index[r] for r in s.reads],
                [index[w] for w in s.writes],
                s.attributes,
            )
            for s in low.steps
        ],
        arena=layout.arena,
    )
    return Lowered(plan, [s.tensor for s in tensors], symbols, layout, low.weights)


def lower_graph(
    graph: Graph, precision: str, name: str = "predict", bits: Bits | None = None
) -> Lowered:
    """The plan of a graph, for the symbols that it states."""
    low = Lowering(graph, precision, bits)
    symbols = {BATCH: graph.symbols.get(BATCH, 1)} | graph.symbols
    return make_plan(low, [low.slots[v] for v in graph.outputs], symbols, name)


def feature_records(imported: Imported) -> list[file.FeatureRecord]:
    """A feature for each column of each input, in order; a text has a whole one."""
    if imported.tokenizer:
        return [file.FeatureRecord(imported.features[0].name, "s32", 0, 0, text=True)]
    columns = [(v, c) for v, x in enumerate(imported.graph.inputs) for c in range(x.dims[-1])]
    records = []
    for f, (v, c) in zip(imported.features, columns, strict=True):
        dtype = imported.graph.inputs[v].dtype
        if f.dtype != dtype:
            raise ValueError(f"feature {f.name!r} of dtype {f.dtype} in an input of {dtype}")
        record = file.FeatureRecord(f.name, dtype, v, c, f.missing)
        record.categories, record.other, record.boolean = f.categories, f.other, f.boolean
        records.append(record)
    return records


def check_reply(imported: Imported, reply: str) -> None:
    """Whether the model has what a style of reply says."""
    out = imported.output
    scored = out.kind == "class" and out.scores is not None
    needs = {
        "scores": (scored, "classes with scores"),
        "prediction": (scored and imported.tokenizer, "classes of a text, with scores"),
        "base64": (out.kind == "embedding", "an embedding"),
    }
    there, what = needs.get(reply, (True, ""))
    if not there:
        raise Refusal(
            f'model.reply: "{reply}" is a reply of {what}, which this model has not; expected '
            + ", ".join(f'"{r}"' for r in file.REPLIES if needs.get(r, (True,))[0])
        )


def lower(
    imported: Imported, config, precision: str, bits: Bits | None = None, more: tuple = ()
) -> file.File:
    """The file of an imported model; config: name, version, description, reply. more:
    values that its plan has as outputs behind the answer."""
    check_reply(imported, config.reply)
    low = Lowering(imported.graph, precision, bits)
    out = imported.output
    answer = [low.slots[v] for v in (out.index, out.scores) if v is not None]
    outputs = answer + [low.slots[v] for v in more]
    lowered = None
    if imported.tokenizer:  # a sentence at a time, as long as it is
        lowered = make_plan(low, outputs, imported.graph.symbols, "predict")
    for batches, most in ((BATCHES, file.PAGE), (LARGE_BATCHES, LARGE_ARENA)):
        # as many rows at once as fit in one page, or else 32, of large nets fewer
        for batch in () if imported.tokenizer else batches:
            if lowered is None or lowered.plan.arena > most:
                lowered = make_plan(low, outputs, {BATCH: batch}, "predict")
    record = series.record(config.series, imported) if config.series else None
    return file.File(
        name=config.name,
        version=config.version,
        description=config.description,
        symbols=list(lowered.symbols.items()),
        tensors=lowered.tensors,
        plans=[lowered.plan],
        features=feature_records(imported),
        output=file.OutputRecord(
            kind=out.kind,
            reply=config.reply,
            names=out.names,
            scores_kind=out.scores_kind,
            index=0 if out.index is not None else None,
            scores=len(answer) - 1 if out.scores is not None else None,
            numeric_labels=out.numeric_labels,
            count=out.scores.dims[-1] if out.kind == "embedding" else None,
        ),
        series=record,
        jobs=jobs.records(config.job, record, [f.name for f in imported.features])
        if config.job
        else [],
        text=imported.tokenizer.section(imported.token_rows) if imported.tokenizer else b"",
    )
