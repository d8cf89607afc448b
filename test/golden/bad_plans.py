"""The bad files whose fault is in PLANS, MODEL, INPUT or OUTPUT: see bad.py."""

from bad import NONE, SYMBOL, bad

LARGEST = (1 << 31) - 1

# ------------------------------------------------------------------ plans, values

bad(
    "format",
    "PLANS",
    "every",
    count_0=("PLANS", 0, "I", 0),
    count_17=("PLANS", 0, "I", 17),
    count_2=("PLANS", 0, "I", 2),
    zero=("PLANS", 4, "I", 1),
    name=("plan 0", 0, "I", 99),
    flags_2=("plan 0", 4, "I", 2),
    inputs_65=("plan 0", 8, "I", 65),
    inputs_above_values=[("plan 0", 8, "I", 2), ("plan 0", 16, "I", 1)],
    input_is_tensor=("plan 0", 8, "I", 2),
    outputs_65=("plan 0", 12, "I", 65),
    values_16385=("plan 0", 16, "I", 16385),
    operators_4097=("plan 0", 20, "I", 4097),
    operators_more=("plan 0", 20, "I", 12),
    operators_less=("plan 0", 20, "I", 10),
    values_misaligned=("plan 0", 24, "I", 60),
    values_beyond=("plan 0", 24, "I", 0xFFFFFFF8),
    outputs_misaligned=("plan 0", 28, "I", 60),
    outputs_beyond=("plan 0", 28, "I", 0xFFFFFFF8),
    operators_misaligned=("plan 0", 32, "I", 60),
    operators_beyond=("plan 0", 32, "I", 0xFFFFFFF8),
    operators_bytes=lambda f: f.put("plan 0", 36, "I", f.get("I", f.find("plan 0") + 36) - 4),
    arena_misaligned=[("plan 0", 40, "Q", 824), ("header", 24, "Q", 896)],
    arena_above_request=("header", 24, "Q", 768),
    output=("outputs 0", 0, "I", 21),
    value_kind_2=("value 0/2", 0, "B", 2),
    value_dtype_0=("value 0/2", 1, "B", 0),
    value_text=("value 0/2", 1, "B", 9),
    value_rank_5=("value 0/2", 2, "B", 5),
    value_zero=("value 0/2", 3, "B", 1),
    value_in_arena_of_tensor=("value 0/2", 4, "I", 1),
    value_misaligned=("value 0/2", 8, "Q", 72),
    value_beyond=("value 0/20", 8, "Q", 832),
    value_far_beyond=("value 0/20", 8, "Q", (1 << 64) - 64),
    value_dim_0=("value 0/2", 20, "I", 0),
    value_dim_beyond_rank=("value 0/2", 24, "I", 1),
    value_symbol=("value 0/2", 16, "I", SYMBOL + 1),
    value_overflows=[("value 0/2", 2, "B", 4), ("value 0/2", 16, "4I", *[LARGEST] * 4)],
    value_tensor=("value 0/1", 4, "I", 8),
    value_tensor_offset=("value 0/1", 8, "Q", 64),
    value_tensor_dims=("value 0/1", 16, "I", 3),
    value_tensor_rank=[("value 0/1", 2, "B", 2), ("value 0/1", 20, "I", 1)],
    value_tensor_dtype=("value 0/1", 1, "B", 1),
)
bad("format", "PLANS", "two_inputs", inputs_overlap=("value 0/1", 8, "Q", 0))
bad("format", "PLANS", "regression_1", gap=("outputs 0", 4, "I", 1))  # fmt: skip

# --------------------------------------------------------------------- operators

bad(
    "unknown",
    "PLANS",
    "every",
    opcode_0=("operator 0/2", 0, "H", 0),
    opcode_99=("operator 0/2", 0, "H", 99),
    operator_version_2=("operator 0/2", 2, "H", 2),
)
bad(
    "format",
    "PLANS",
    "every",
    operator_bytes_odd=("operator 0/0", 4, "I", 30),
    operator_bytes_few=("operator 0/0", 4, "I", 16),
    operator_bytes_beyond=("operator 0/10", 4, "I", 24),
    operator_reads_many=("operator 0/0", 8, "H", 0xFFFF),
    read_unknown=("operator 0/0", 12, "I", 21),
    write_unknown=("operator 0/0", 20, "I", 21),
    write_none=("operator 0/2", 16, "I", NONE),
    write_tensor=("operator 0/0", 20, "I", 3),
    reads_more=("operator 0/7", 8, "HH", 2, 0),
    attributes_less=("operator 0/0", 8, "HH", 3, 1),
    attributes_more=("operator 0/1", 8, "HH", 2, 1),
    not_written=("operator 0/5", 12, "I", 20),
    output_overwritten=("value 0/20", 8, "Q", 704),
    # cast: x y
    cast_x_none=("operator 0/2", 12, "I", NONE),
    cast_x_integer=("operator 0/8", 12, "I", 7),
    cast_y_same=("operator 0/8", 16, "I", 12),
    cast_y_shape=("operator 0/2", 16, "I", 12),
    cast_in_place=("value 0/6", 8, "Q", 128),
    # rowwise: x v y kind
    rowwise_x_f32=("operator 0/0", 12, "I", 12),
    rowwise_v_none=("operator 0/0", 16, "I", NONE),
    rowwise_v_length=("operator 0/0", 16, "I", 4),
    rowwise_v_rank=("operator 0/0", 16, "I", 3),
    rowwise_v_f32=("operator 0/0", 16, "I", 10),
    rowwise_y_shape=("operator 0/0", 20, "I", 5),
    rowwise_kind_4=("operator 0/0", 24, "I", 4),
    # dense: x w b y activation
    dense_x_integer=("operator 0/1", 12, "I", 7),
    dense_w_none=("operator 0/1", 16, "I", NONE),
    dense_w_rank=("operator 0/1", 16, "I", 1),
    dense_w_f32=("operator 0/1", 16, "I", 13),
    dense_w_in_arena=("operator 0/1", 16, "I", 18),
    dense_x_columns=("operator 0/5", 12, "I", 6),
    dense_b_length=("operator 0/1", 20, "I", 1),
    dense_b_in_arena=("operator 0/5", 20, "I", 8),
    dense_y_columns=("operator 0/1", 24, "I", 18),
    dense_y_f32=("operator 0/1", 24, "I", 6),
    dense_f64_sigmoid=("operator 0/1", 28, "I", 2),
    dense_activation_6=("operator 0/5", 28, "I", 6),
    # quantize: x q s
    quantize_x_f64=("operator 0/3", 12, "I", 5),
    quantize_q_f32=("operator 0/3", 16, "I", 12),
    quantize_q_shape=("value 0/7", 20, "I", 2),
    quantize_s_integer=("operator 0/3", 20, "I", 19),
    quantize_s_shape=("operator 0/3", 20, "I", 12),
    quantize_overlap=("value 0/8", 8, "Q", 256),
    # dense_s8: q s w c b y activation
    dense_s8_q_f32=("operator 0/4", 12, "I", 6),
    dense_s8_s_shape=("operator 0/4", 16, "I", 6),
    dense_s8_s_none=("operator 0/4", 16, "I", NONE),
    dense_s8_w_f32=("operator 0/4", 20, "I", 13),
    dense_s8_w_rows=[("tensor 3", 2, "B", 0), ("tensor 3", 40, "QQ", 6, 6), ("DATA", 198, "58x")],
    dense_s8_c_none=("operator 0/4", 24, "I", NONE),
    dense_s8_c_rank=("operator 0/4", 24, "I", 13),
    dense_s8_b_f64=("operator 0/4", 28, "I", 1),
    dense_s8_y_f64=("operator 0/4", 32, "I", 18),
    dense_s8_activation_6=("operator 0/4", 36, "I", 6),
    # softmax, share: x y
    softmax_x_none=("operator 0/7", 12, "I", NONE),
    softmax_x_f32=("operator 0/7", 12, "I", 15),
    softmax_y_shape=("operator 0/7", 16, "I", 6),
    softmax_in_place=("value 0/17", 8, "Q", 512),
    share_x_f32=("operator 0/10", 12, "I", 17),
    share_y_shape=("operator 0/10", 16, "I", 6),
    # argmax: x y
    argmax_x_f32=("operator 0/9", 12, "I", 17),
    argmax_y_f32=("operator 0/9", 16, "I", 8),
    argmax_y_shape=("operator 0/9", 16, "I", 12),
)
bad("format", "PLANS", "in_place", in_place_shifted=("value 0/2", 8, "Q", 64))
bad(
    "format",
    "PLANS",
    "recurrent",
    overwritten=lambda f: f.put("value 0/6", 8, "Q", f.get("Q", f.find("value 0/4") + 8)),
)
bad(
    "format",
    "PLANS",
    "spare",
    output_not_written=[
        ("outputs 0", 0, "I", 1),
        ("value 0/1", 1, "BB", 1, 2),  # of the input's shape, so that it fits OUTPUT
        ("value 0/1", 16, "3I", SYMBOL, 2, 0),
    ],
)

# -------------------------------------------------------------------------- call

bad(
    "format",
    "PLANS",
    "recurrent",
    call_itself=("operator 0/0", 32, "I", 0),
    call_plan_2=("operator 0/0", 32, "I", 2),
    call_count_0=("operator 0/0", 36, "I", 0),
    call_count_65537=("operator 0/0", 36, "I", 65537),
    call_pairs_few=("operator 0/0", 40, "I", 2),
    call_pairs_more=("operator 0/0", 40, "I", 0),
    call_reads_few=("operator 0/0", 8, "HH", 1, 4),
    call_read_none=("operator 0/0", 16, "I", NONE),
    call_scratch_s8=("value 0/2", 1, "B", 3),
    call_scratch_rank=[("value 0/2", 2, "B", 2), ("value 0/2", 20, "I", 1)],
    call_scratch_symbolic=("value 0/2", 16, "I", SYMBOL),
    call_scratch_small=("value 0/2", 16, "I", 319),
    call_scratch_overlaps=("value 0/2", 8, "Q", 64),
    call_input_shape=("operator 0/0", 12, "I", 1),
    call_output_shape=("operator 0/0", 24, "I", 6),
    call_carried_output=("operator 0/0", 44, "I", 2),
    call_carried_input=("operator 0/0", 48, "I", 2),
    call_carried_shape=("operator 0/0", 44, "II", 1, 0),
)
bad("format", "PLANS", "calls", call_back=("operator 1/0", 32, "I", 0))
bad("format", "PLANS", "calls", call_pairs_overwrite=("operator 1/0", 44, "4I", 1, 0, 0, 1))

# ---------------------------------------------------------- model, input, output

bad(
    "format",
    "MODEL",
    "linear",
    name=("MODEL", 0, "I", 99),
    version=("MODEL", 4, "I", NONE),
    description=("MODEL", 8, "I", 99),
    plan=("MODEL", 12, "I", 1),
    bytes_12=("record 4", 16, "Q", 12),
)
bad("unknown", "INPUT", "linear", kind_0=("feature 0", 4, "B", 0))
bad(
    "format",
    "INPUT",
    "linear",
    count_0=("INPUT", 0, "I", 0),
    count_more=("INPUT", 0, "I", 5),
    count_65536=("INPUT", 0, "I", 65536),
    zero=("INPUT", 4, "I", 1),
    name=("feature 0", 0, "I", 99),
    dtype_s32=("feature 0", 5, "B", 6),
    dtype_of_another=("feature 0", 5, "B", 1),
    flags_2=("feature 0", 6, "B", 2),
    zero_7=("feature 0", 7, "B", 1),
    value=("feature 3", 8, "I", 1),
    column=("feature 3", 12, "I", 4),
    swapped=[("feature 0", 12, "I", 1), ("feature 1", 12, "I", 0)],
    twice=("feature 1", 12, "I", 0),
    category=("feature 0", 16, "I", 1),
    categories=("feature 0", 20, "I", 1),
    one_missing=[("feature 3", 0, "24x"), ("INPUT", 0, "I", 3), ("record 5", 16, "Q", 80)],
)
bad("format", "INPUT", "spare", not_of_columns=[("plan 0", 8, "I", 2), ("value 0/1", 8, "Q", 64)])
bad("unknown", "OUTPUT", "linear", kind_0=("OUTPUT", 0, "B", 0), kind_4=("OUTPUT", 0, "B", 4))
bad(
    "format",
    "OUTPUT",
    "linear",
    style_0=("OUTPUT", 1, "B", 0),
    style_7=("OUTPUT", 1, "B", 7),
    style_base64=("OUTPUT", 1, "B", 6),
    style_prediction=("OUTPUT", 1, "B", 5),
    scores_3=("OUTPUT", 2, "B", 3),
    scores_0=("OUTPUT", 2, "B", 0),
    labels_0=("OUTPUT", 3, "B", 0),
    labels_3=("OUTPUT", 3, "B", 3),
    labels_not_numbers=("OUTPUT", 3, "B", 2),
    index_none=("OUTPUT", 4, "I", NONE),
    index_2=("OUTPUT", 4, "I", 2),
    index_f32=("OUTPUT", 4, "I", 1),
    scores_none=("OUTPUT", 8, "I", NONE),
    scores_s32=("OUTPUT", 8, "I", 0),
    names_beyond=("OUTPUT", 12, "I", 99),
    names_past_end=lambda f: f.add(f.find("OUTPUT") + 12, 1),
    count_0=("OUTPUT", 16, "I", 0),
    count_2=("OUTPUT", 16, "I", 2),
    zero=("OUTPUT", 20, "I", 1),
    bytes_32=("record 6", 16, "Q", 32),
)
bad(
    "format",
    "OUTPUT",
    "regression_1",
    numbers_with_index=("OUTPUT", 4, "I", 0),
    numbers_with_scores=("OUTPUT", 2, "B", 1),
    numbers_none=("OUTPUT", 8, "I", NONE),
)
