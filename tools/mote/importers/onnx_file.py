"""Reads ONNX files as operators over tensors of one row, with everything
constant worked out.

A model is read as a function of one row of its batch: the batch's dimension is
1 here, every shape is a constant, and so nodes that compute shapes vanish.
Lowering puts the batch back in front. Nothing in a file is trusted: sizes are
compared with the bytes that are there before memory is asked for.
"""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from mote.errors import Refusal
from mote.importers import onnx_contrib

# The least that is read; the most is what `onnx` knows. Converters write the
# opset that the youngest of their operators came with, which may be 9.
OPSETS = {"": 9, "ai.onnx.ml": 1}
MAX_BYTES = 1 << 31  # of one tensor
SMALL = 4096  # elements of constants that shapes may depend on
MAX_ELEMENTS = 1 << 28  # of a constant that is worked out
# Operators that the reference evaluator has from this opset on; what they were
# before is a part of it.
EVALUATED_AS = {"DequantizeLinear": 21, "QuantizeLinear": 21}
# What would make the same file another function each time.
RANDOM = {
    "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial",
    "Bernoulli",
}  # fmt: skip


@dataclass
class Node:
    """An operator of the file."""

    op: str
    domain: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict
    version: int  # of its domain

    def refuse(self, why: str) -> Refusal:
        op = f"{self.domain}.{self.op}" if self.domain else self.op
        return Refusal(f"node {self.name or self.outputs[0]!r} ({op}): {why}")

    def get(self, key: str, default=None):
        return self.attributes.get(key, default)


@dataclass
class Port:
    """An input or output of the model: shape of one row; `batch`: the axis of
    the batch, None where the file has a fixed one."""

    name: str
    dtype: np.dtype | None  # None: text
    shape: tuple[int, ...]
    batch: int | None


@dataclass
class Program:
    """A model, constants worked out. shapes and dtypes: of every tensor."""

    nodes: list[Node]
    constants: dict[str, np.ndarray]
    inputs: list[Port]
    outputs: list[str]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)  # onnx.TensorProto's
    # constants that were dequantized: the node that did it
    dequantized: dict[str, Node] = field(default_factory=dict)
    # quantized layers that are computed in float32, by what they give: why
    kept: dict[str, str] = field(default_factory=dict)

    def drop_unused(self) -> None:
        """Nodes whose results nobody reads."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed & set(node.outputs):
                kept.append(node)
                needed |= set(node.inputs)
        self.nodes = kept[::-1]


def library():
    try:
        import onnx
        import onnx.checker
        import onnx.inliner
        import onnx.reference
        import onnx.shape_inference
    except ImportError as e:
        raise Refusal(
            f"ONNX files are read with onnx, which is not installed here ({e}); "
            "pip install 'mote[onnx]'"
        ) from e
    return onnx


# ------------------------------------------------------------------------ reading


def load(path: str):
    """The model of a file, its tensors in it."""
    onnx = library()
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError as e:
        raise Refusal(f"{path}: is no ONNX file, or not all of one ({e})") from e
    if not model.HasField("graph") or not model.opset_import:
        raise Refusal(f"{path}: is no ONNX file: expected a graph and its opsets")
    try:
        check_opsets(onnx, model)
        for tensor in tensors_of(onnx, model):
            bring_in(onnx, tensor, Path(path).parent)
            check_size(onnx, tensor)
        check_rules(onnx, model)
        return onnx.inliner.inline_local_functions(model) if model.functions else model
    except Refusal as e:
        raise Refusal(f"{path}: {e}") from e
    except Exception as e:  # whatever a damaged file makes the library do
        raise Refusal(f"{path}: cannot be read ({type(e).__name__}: {first_line(e)})") from e


def check_opsets(onnx, model) -> None:
    for o in model.opset_import:
        domain = "" if o.domain == "ai.onnx" else o.domain
        if domain not in OPSETS:
            continue  # its operators are refused where they are used
        name, least = domain or "ai.onnx", OPSETS[domain]
        most = onnx.defs.onnx_opset_version() if not domain else 5
        if o.version < least:
            raise Refusal(
                f"opset {o.version} of {name}: expected {least} or later; convert the file with "
                "onnx.version_converter, or export it again"
            )
        if o.version > most:
            raise Refusal(
                f"opset {o.version} of {name}: expected at most {most}, the newest that the "
                "installed onnx knows; update it, or export with an older opset"
            )


def check_rules(onnx, model) -> None:
    try:
        onnx.checker.check_model(without_early(onnx, model))
    except onnx.checker.ValidationError as e:
        raise Refusal(f"breaks the rules of ONNX: {first_line(e)}") from e
    except ValueError as e:  # too large for the checker, which is no fault
        if "2GiB" not in str(e) and "2GB" not in str(e):
            raise Refusal(f"breaks the rules of ONNX: {first_line(e)}") from e


def without_early(onnx, model):
    """A model whose operators are all of the domains that they are said to be of:
    ONNX Runtime has some in that of ONNX before ONNX has them."""
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)

    def early(node) -> bool:
        return node.domain in ("", "ai.onnx") and onnx_contrib.SINCE.get(node.op_type, 0) > opset

    if not any(early(n) for n in model.graph.node):
        return model
    other = onnx.ModelProto()
    other.CopyFrom(model)
    for node in filter(early, other.graph.node):
        node.domain = "com.microsoft"
    if not any(o.domain == "com.microsoft" for o in other.opset_import):
        other.opset_import.add(domain="com.microsoft", version=1)
    return other


def first_line(e: Exception) -> str:
    lines = [line for line in str(e).splitlines() if line.strip()]
    return lines[0] if lines else type(e).__name__


def tensors_of(onnx, model):
    """Initializers, and constants of the nodes, also of functions and branches."""
    yield from model.graph.initializer
    bodies = [model.graph.node, *(f.node for f in model.functions)]
    while bodies:
        for node in bodies.pop():
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    yield attribute.t
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    yield from attribute.g.initializer
                    bodies.append(attribute.g.node)


def bring_in(onnx, tensor, folder: Path) -> None:
    """Data that lie in another file, which has to be in the model's folder."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    where = {e.key: e.value for e in tensor.external_data}
    what = f"tensor {tensor.name!r}"
    path = (folder / where.get("location", "")).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Refusal(
            f"{what}: its data should be in {where.get('location')!r}, and no such file is in the "
            "model's folder"
        )
    try:
        offset = int(where.get("offset", 0))
        length = int(where.get("length", path.stat().st_size - offset))
    except ValueError as e:
        raise Refusal(f"{what}: place of its data is no number ({e})") from e
    if offset < 0 or length < 0 or offset + length > path.stat().st_size:
        raise Refusal(
            f"{what}: expected {length} bytes at {offset} of {where['location']!r}, which has "
            f"{path.stat().st_size}"
        )
    expected = bytes_of(onnx, tensor)
    if length != expected:
        raise Refusal(f"{what}: expected {expected} bytes for its shape, got {length}")
    with path.open("rb") as f:
        f.seek(offset)
        tensor.raw_data = f.read(length)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def bytes_of(onnx, tensor) -> int:
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    except KeyError as e:
        raise Refusal(f"tensor {tensor.name!r}: type {tensor.data_type} is not known") from e
    n = prod(tensor.dims)
    if any(d < 0 for d in tensor.dims) or n * dtype.itemsize >= MAX_BYTES:
        raise Refusal(
            f"tensor {tensor.name!r}: {list(tensor.dims)} of {dtype}; expected less than 2 GB"
        )
    return n * dtype.itemsize


def check_size(onnx, tensor) -> None:
    """Whether the numbers are there that the shape speaks of."""
    expected = bytes_of(onnx, tensor)
    if tensor.data_type == onnx.TensorProto.STRING:
        there, expected = len(tensor.string_data), prod(tensor.dims)
    elif tensor.HasField("raw_data"):
        there = len(tensor.raw_data)
        if tensor.data_type in (onnx.TensorProto.INT4, onnx.TensorProto.UINT4):
            return  # two to a byte; refused where they are used
    else:
        return  # typed fields: numpy_helper compares them itself
    if there != expected:
        raise Refusal(
            f"tensor {tensor.name!r}: {list(tensor.dims)} needs {expected} bytes, got {there}"
        )


# ----------------------------------------------------------------------- constants


def program(
    model,
    dimensions: dict[str, int],
    known=(),
    shapes: dict[str, tuple[int, ...]] | None = None,
    fixed: dict[str, np.ndarray] | None = None,
) -> Program:
    """The operators of a model. dimensions: of its inputs, by their names; known:
    (domain, operator) of those that stay as they are, where ONNX has others as
    functions of these; shapes: of some inputs, whatever the file says of them;
    fixed: inputs that always are these numbers."""
    onnx = library()
    graph = model.graph
    constants = {t.name: array_of(onnx, t) for t in graph.initializer} | (fixed or {})
    if graph.sparse_initializer:
        raise Refusal("sparse initializers are not read; store them dense")
    given = [v for v in graph.input if v.name not in constants]
    inputs = ports(onnx, given, dimensions, shapes or {})
    p = Program([], constants, inputs, [v.name for v in graph.output])
    types = {i.name: tensor_type(onnx, v, i.shape) for i, v in zip(inputs, given)}
    for i in inputs:
        if prod(i.shape) == 0 and i.dtype is not None:
            constants[i.name] = np.zeros(i.shape, i.dtype)
    for name, array in constants.items():
        types[name] = type_of_array(onnx, array)
    Folding(onnx, model, p, types, known).run()
    return p


def array_of(onnx, tensor) -> np.ndarray:
    try:
        return np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as e:
        raise Refusal(f"tensor {tensor.name!r}: {first_line(e)}") from e


def ports(onnx, inputs: list, dimensions: dict[str, int], shapes: dict) -> list[Port]:
    """The model's inputs. One dimension may be the batch: the symbol that is
    left when the named ones have their sizes."""
    given = [v for v in inputs if v.name not in shapes]
    left = dict.fromkeys(
        d.dim_param
        for v in given
        for d in v.type.tensor_type.shape.dim
        if not d.HasField("dim_value") and d.dim_param and d.dim_param not in dimensions
    )
    first = next(
        (
            d.dim_param
            for v in given
            for d in v.type.tensor_type.shape.dim[:1]
            if d.dim_param in left
        ),
        None,
    )
    batch = first if first is not None else next(iter(left)) if len(left) == 1 else None
    return [
        Port(v.name, element_type(onnx, v), shapes[v.name], 0)
        if v.name in shapes
        else port(onnx, v, dimensions, batch)
        for v in inputs
    ]


def element_type(onnx, v) -> np.dtype | None:
    """Of an input that is a tensor; None of text."""
    element = v.type.tensor_type.elem_type
    if element == onnx.TensorProto.STRING:
        return None
    return onnx.helper.tensor_dtype_to_np_dtype(element)


def port(onnx, v, dimensions: dict[str, int], batch: str | None) -> Port:
    what = f"input {v.name!r}"
    if not v.type.HasField("tensor_type"):
        raise Refusal(f"{what}: is no tensor, which cannot be compiled; export it as one")
    kind = v.type.tensor_type
    if not kind.HasField("shape"):
        raise Refusal(f"{what}: has no shape; export the model with one")
    shape, axis = [], None
    for i, d in enumerate(kind.shape.dim):
        if d.HasField("dim_value"):
            if d.dim_value < 0:
                raise Refusal(f"{what}: dimension {i} is {d.dim_value}; expected 0 or more")
            shape.append(d.dim_value)
        elif d.dim_param and d.dim_param in dimensions:
            shape.append(dimensions[d.dim_param])
        elif axis is None and (d.dim_param == batch if d.dim_param else i == 0):
            axis = i
            shape.append(1)
        else:
            name = d.dim_param or f"{v.name}.{i}"
            if not d.dim_param and name in dimensions:
                shape.append(dimensions[name])
                continue
            raise Refusal(
                f"{what}: dimension {i} ({name!r}) has no size; set it in model.toml: "
                f'[input.dimensions] "{name}" = 128'
            )
    return Port(v.name, element_type(onnx, v), tuple(shape), axis)


def tensor_type(onnx, v, shape: tuple[int, ...]):
    return onnx.helper.make_tensor_type_proto(v.type.tensor_type.elem_type, shape)


def type_of_array(onnx, array: np.ndarray):
    if array.dtype.kind in "OUS":
        return onnx.helper.make_tensor_type_proto(onnx.TensorProto.STRING, array.shape)
    element = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    return onnx.helper.make_tensor_type_proto(element, array.shape)


class Folding:
    """Goes through the nodes once: each is constant, and then evaluated, or
    its results get their shapes."""

    def __init__(self, onnx, model, p: Program, types: dict, known):
        self.onnx, self.model, self.p, self.types, self.known = onnx, model, p, types, known
        self.expanded = 0  # nodes that others stand for
        self.opsets = {("" if o.domain == "ai.onnx" else o.domain): o.version
                       for o in model.opset_import}  # fmt: skip

    @property
    def imports(self) -> list:
        return [self.onnx.helper.make_opsetid(d, v) for d, v in self.opsets.items()]

    def run(self) -> None:
        for proto in self.model.graph.node:
            self.visit(proto)
        for name, t in self.types.items():
            if t.HasField("tensor_type"):
                self.p.shapes[name] = tuple(d.dim_value for d in t.tensor_type.shape.dim)
                self.p.dtypes[name] = t.tensor_type.elem_type
        self.p.drop_unused()

    def visit(self, proto) -> None:
        node = self.node_of(proto)
        if node.op in RANDOM:
            raise node.refuse("gives other numbers each time, which no compiled model does")
        if node.domain == "":
            node.version = max(node.version, onnx_contrib.SINCE.get(node.op, 0))
        if (node.domain, node.op) in onnx_contrib.EXPANDED:
            self.contributed(node)
            return
        given = [self.p.constants.get(i) for i in node.inputs if i]
        constant = node.op == "Constant" or (given and all(g is not None for g in given))
        if node.op == "If" and node.domain == "" and constant:
            self.branch(node, proto)
            return
        try:
            self.infer(node, proto)
        except Refusal:
            if not constant:  # whose shape is that of its numbers
                raise
        if node.op in ("Shape", "Size") and node.domain == "":
            self.shape_as_constant(node)
        elif constant:
            self.evaluate(node, proto)
        elif (node.domain, node.op) not in self.known and (body := self.function_of(node, proto)):
            self.expand(proto, body)
        elif not self.without_elements(node):
            self.p.nodes.append(node)

    # Nodes that stand for others

    def visit_all(self, protos, opsets: dict[str, int]) -> None:
        """Nodes of other opsets than those of the model."""
        before, self.opsets = self.opsets, self.opsets | opsets
        for proto in protos:
            self.visit(proto)
        self.opsets = before

    def contributed(self, node: Node) -> None:
        self.expanded += 1
        parts = onnx_contrib.Parts(self.onnx, node, f"{node.outputs[0]}.{self.expanded}",
                                   self.p.constants, self.types)  # fmt: skip
        onnx_contrib.EXPANDED[node.domain, node.op](parts, node)
        for name, array in parts.made.items():
            self.set(name, array)
        self.visit_all(parts.nodes, {"": onnx_contrib.OPSET})

    def branch(self, node: Node, proto) -> None:
        """The one that a constant chooses."""
        which = bool(self.p.constants[node.inputs[0]].reshape(-1)[0])
        graph = node.get("then_branch" if which else "else_branch")
        for t in graph.initializer:
            self.set(t.name, array_of(self.onnx, t))
        ends = [self.onnx.helper.make_node("Identity", [o.name], [name])
                for o, name in zip(graph.output, node.outputs) if name]  # fmt: skip
        self.visit_all([*graph.node, *ends], {})

    def function_of(self, node: Node, proto):
        """What an operator is in others, where ONNX says so."""
        schema = self.onnx.defs.get_schema(node.op, node.version, node.domain)
        version = node.version
        if schema.has_context_dependent_function:
            types = [self.types.get(i, self.onnx.TypeProto()).SerializeToString()
                     for i in node.inputs]  # fmt: skip
            body = schema.get_context_dependent_function_with_opset_version(
                version, proto.SerializeToString(), types
            )
        elif schema.has_function:
            body = schema.get_function_with_opset_version(version)
        else:
            return None
        function = self.onnx.FunctionProto()
        function.ParseFromString(body)
        return function if function.node else None

    def expand(self, proto, function) -> None:
        """The nodes of a function in place of the one that calls it."""
        onnx = self.onnx
        self.expanded += 1
        schema = onnx.defs.get_schema(proto.op_type, self.opsets[""], "")
        call = onnx.NodeProto()
        call.CopyFrom(proto)
        call.name, call.domain = f"{proto.output[0]}.{self.expanded}", "function"
        function.domain = "function"
        given = {a.name for a in proto.attribute}
        for name, attribute in schema.attributes.items():
            default = attribute.default_value
            if name not in given and default.type != onnx.AttributeProto.UNDEFINED:
                call.attribute.add().CopyFrom(default)
        opsets = {o.domain: o.version for o in function.opset_import} or self.opsets
        graph = onnx.helper.make_graph(
            [call], "call",
            [onnx.helper.make_value_info(i, self.types[i]) for i in dict.fromkeys(call.input) if i],
            [onnx.helper.make_value_info(o, onnx.TypeProto()) for o in call.output if o],
        )  # fmt: skip
        imports = [onnx.helper.make_opsetid(d, v) for d, v in opsets.items()]
        imports.append(onnx.helper.make_opsetid("function", 1))
        model = onnx.helper.make_model(graph, functions=[function], opset_imports=imports)
        self.visit_all(onnx.inliner.inline_local_functions(model).graph.node, opsets)

    def without_elements(self, node: Node) -> bool:
        """Results that have none are constants; whether all are."""
        empty = [self.is_empty(o) for o in node.outputs]
        for name, shape in zip(node.outputs, empty):
            if name and shape is not None:
                kind = self.types[name].tensor_type.elem_type
                self.set(name, np.zeros(shape, self.onnx.helper.tensor_dtype_to_np_dtype(kind)))
        return all(shape is not None for name, shape in zip(node.outputs, empty) if name)

    def is_empty(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor that has no elements."""
        t = self.types.get(name)
        if t is None or not t.HasField("tensor_type"):
            return None
        dims = t.tensor_type.shape.dim
        if not all(d.HasField("dim_value") for d in dims) or all(d.dim_value for d in dims):
            return None
        return tuple(d.dim_value for d in dims)

    def node_of(self, proto) -> Node:
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        helper = self.onnx.helper
        attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
        node = Node(
            proto.op_type, domain, proto.name, list(proto.input), list(proto.output),
            {k: text_of(v) for k, v in attributes.items()}, self.opsets.get(domain, 0),
        )  # fmt: skip
        return node

    def infer(self, node: Node, proto) -> None:
        """Shapes of the results, by the rules that onnx has for each operator."""
        onnx = self.onnx
        try:
            schema = onnx.defs.get_schema(node.op, node.version, node.domain)
        except onnx.defs.SchemaError as e:
            raise node.refuse(f"is no operator of {node.domain or 'ai.onnx'} that is known") from e
        types = {i: self.types[i] for i in node.inputs if i in self.types}
        data = {
            i: onnx.numpy_helper.from_array(c)
            for i in node.inputs
            if (c := self.p.constants.get(i)) is not None
            and c.size <= SMALL
            and c.dtype.kind in "biuf"
        }
        try:
            found = onnx.shape_inference.infer_node_outputs(
                schema, proto, types, data, opset_imports=self.imports
            )
        except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as e:
            raise node.refuse(f"its shapes do not fit: {first_line(e)}") from e
        self.types |= found

    def shape_as_constant(self, node: Node) -> None:
        dims = self.types[node.inputs[0]].tensor_type.shape.dim
        shape = [d.dim_value for d in dims]
        if any(not d.HasField("dim_value") for d in dims):
            raise node.refuse("asks for a shape that depends on the numbers of a row")
        if node.op == "Size":
            self.set(node.outputs[0], np.array(prod(shape), np.int64))
            return
        start, end = node.get("start", 0), node.get("end", len(shape))
        self.set(node.outputs[0], np.array(shape[start:end], np.int64))

    def set(self, name: str, array: np.ndarray) -> None:
        self.p.constants[name] = array
        self.types[name] = type_of_array(self.onnx, array)

    def evaluate(self, node: Node, proto) -> None:
        onnx = self.onnx
        self.check_growth(node)
        given = {i: self.p.constants[i] for i in node.inputs if i}
        body = onnx.helper.make_graph(
            [proto], "constant",
            [onnx.helper.make_value_info(i, self.types[i]) for i in given],
            [onnx.helper.make_value_info(o, onnx.TypeProto()) for o in node.outputs if o],
        )  # fmt: skip
        imports = self.imports
        if node.op in EVALUATED_AS and node.domain == "":
            imports = [onnx.helper.make_opsetid("", max(node.version, EVALUATED_AS[node.op]))]
        model = onnx.helper.make_model(body, opset_imports=imports)
        try:
            with np.errstate(all="ignore"):
                results = onnx.reference.ReferenceEvaluator(model).run(None, given)
        except Exception as e:  # whatever a damaged file makes it do
            raise node.refuse(f"cannot be worked out: {first_line(e)}") from e
        if node.op == "DequantizeLinear":
            self.p.dequantized[node.outputs[0]] = node
        for name, result in zip((o for o in node.outputs if o), results):
            if not isinstance(result, np.ndarray | np.generic):
                raise node.refuse(f"gives a {type(result).__name__}, expected a tensor")
            self.set(name, np.asarray(result))

    def check_growth(self, node: Node) -> None:
        for o in node.outputs:
            t = self.types.get(o)
            if t is not None and t.HasField("tensor_type"):
                if prod(d.dim_value for d in t.tensor_type.shape.dim) > MAX_ELEMENTS:
                    raise node.refuse(f"would make more than {MAX_ELEMENTS} numbers")
        first = self.p.constants.get(node.inputs[0]) if node.inputs else None
        grows = node.op in ("ConstantOfShape", "Expand", "Tile", "Range", "OneHot", "Pad", "Resize")
        if grows and first is not None:
            sizes = [self.p.constants[i] for i in node.inputs if i]
            largest = max((float(np.abs(s.astype(np.float64)).max(initial=0)) for s in sizes
                           if s.dtype.kind in "iuf"), default=0)  # fmt: skip
            shape_known = all(
                self.types[o].tensor_type.HasField("shape")
                and all(d.HasField("dim_value") for d in self.types[o].tensor_type.shape.dim)
                for o in node.outputs
                if o in self.types
            )
            if not shape_known and largest > MAX_ELEMENTS:
                raise node.refuse(f"would make more than {MAX_ELEMENTS} numbers")


def text_of(value):
    """Attributes that are texts come as bytes."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        return [v.decode("utf-8", "replace") for v in value]
    return value
