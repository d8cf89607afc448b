"""Numbers of compress/FORMAT.md that lowering writes: operators, and what
their attributes stand for."""

import struct

CAST, ROWWISE, DENSE, QUANTIZE, DENSE_S8, SOFTMAX, SHARE, ARGMAX, CALL = range(1, 10)
MAP, BINARY, NORM, SOFTMAX_F32, EMBED, POSITION, ATTENTION, REDUCE, NORMALIZE, LOOKUP = range(
    10, 20
)
TREES, TREES_LINKED, MISSING, QUANTIZE_FIXED, DENSE_FIXED = range(20, 25)
CONV, CONV_S8, DEPTHWISE, POOL, CONCAT, SLICE, TRANSPOSE, PAD, RESHAPE = range(25, 34)
GRU, LSTM = 35, 36
COLUMNS, FILL, ENCODE, EQUAL, PRODUCTS, DISTANCE, LINEAR_LEAVES = range(40, 47)
CONVERT, EXPAND, COMPARE, LOGIC, SELECT, MATMUL, TAKE, UNARY, POWER, INTEGER = range(50, 60)
CONV_FIXED, DEPTHWISE_FIXED, QUANTIZE_U8, DENSE_U8 = range(60, 64)
REMAINDER = 49
# Those whose first result may lie over what they read first.
IN_PLACE = {
    ROWWISE, MAP, BINARY, NORM, SOFTMAX_F32, EMBED, POSITION, NORMALIZE, LOOKUP, MISSING,
    RESHAPE, FILL, ENCODE, LOGIC, UNARY, POWER, INTEGER, REMAINDER,
}  # fmt: skip

# The one operand that may be a coded tensor, of those that decode.
DECODES = {
    DENSE_S8: 2, EMBED: 2, POSITION: 1, DENSE_FIXED: 1, CONV_S8: 1, CONV_FIXED: 1, DENSE_U8: 3,
}  # fmt: skip

# Operands that may be coded tensors, of those that decode them whole, to the
# scratch that is the operator's last write.
WHOLES = {GRU: (1, 3), LSTM: (1, 3), TREES: (1, 4, 5), TREES_LINKED: (1, 4, 5, 6, 7)}

ACTIVATIONS = {"none": 0, "relu": 1, "sigmoid": 2, "tanh": 3, "gelu": 4, "gelu_tanh": 5}
ARITHMETIC = {"+": 0, "-": 1, "*": 2, "/": 3, "min": 4, "max": 5}
MAPS = ACTIVATIONS | {
    "exp": 16, "erf": 17, "abs": 18, "sqrt": 19, "neg": 20, "reciprocal": 21, "log": 22,
}  # fmt: skip
# Those that there are in float64
MAPS_F64 = {"relu", "sigmoid", "tanh", "exp", "abs", "sqrt", "neg", "log"}
ENCODINGS = {"exact": 0, "floor": 1}
REDUCTIONS = {"mean": 0, "max": 1, "sum": 2, "first": 3, "last": 4}
LAYER_NORM = 0
UNARY_KINDS = {"log": 0, "floor": 1, "ceil": 2, "round": 3, "sign": 4}
INTEGER_KINDS = {"+": 0, "-": 1, "*": 2, "/": 3, "min": 4, "max": 5, "mod": 6, "rem": 7}
REMAINDER_KINDS = {"mod": 0, "rem": 1}
COMPARE_KINDS = {"==": 0, "<": 1, "<=": 2}
LOGIC_KINDS = {"and": 0, "or": 1, "xor": 2}
POOL_KINDS = {"largest": 0, "mean inside": 1, "mean of all": 2}


def f32_bits(x: float) -> int:
    """An f32 as an attribute has it."""
    return struct.unpack("<I", struct.pack("<f", x))[0]
